"""Any ESP32-S3 module: Wi-Fi, its USB or UART console as serial port, no codec."""

NAME = "esp32s3"
CHIP = "esp32s3"
HAL = "hal_esp32"
HEAP_SMALL = True
BUTTON = 0  # the boot button of the usual modules; held after a reset it keeps the firmware from starting
