"""Any ESP32 module with Wi-Fi: no codec, no Ethernet, 520 KB of RAM."""

NAME = "esp32"
CHIP = "esp32"
HAL = "hal_esp32"
HEAP_SMALL = True
SERVICE_PIN = 0  # the BOOT button, pressed after the reset, held for a second and let go
