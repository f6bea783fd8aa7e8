"""Any ESP32-S3 module with Wi-Fi: no codec, no Ethernet."""

NAME = "esp32s3"
CHIP = "esp32s3"
HAL = "hal_esp32"
HEAP_SMALL = True
SERVICE_PIN = 0  # the BOOT button, pressed after the reset, held for a second and let go
