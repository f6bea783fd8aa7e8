"""Any ESP32 module: Wi-Fi, the console's UART as serial port, no codec."""

NAME = "esp32"
CHIP = "esp32"
HAL = "hal_esp32"
HEAP_SMALL = True
BUTTON = 0  # the boot button of the usual modules; held after a reset it keeps the firmware from starting
