"""Olimex ESP32-POE-WROVER and ESP32-POE-ISO-WROVER (pins after the maker's schematic, revision L).

Ethernet by a LAN8710A clocked from GPIO 0, since the module's PSRAM holds GPIO 16 and
17; its power is switched by GPIO 12. The card slot has one data line.
"""

NAME = "esp32-poe-wrover"
CHIP = "esp32"
HAL = "hal_esp32"
HEAP_SMALL = False
SERVICE_PIN = 34  # the board's BUT1, with a pull-up of its own
CARD = {"slot": 1, "width": 1}  # CLK 14, CMD 15, D0 2


def ETHERNET(network, Pin):
    """Arguments of network.LAN."""
    return {
        "mdc": Pin(23),
        "mdio": Pin(18),
        "power": Pin(12),
        "phy_type": network.PHY_LAN8720,
        "phy_addr": 0,
        "ref_clk": Pin(0),
        "ref_clk_mode": Pin.OUT,
    }
