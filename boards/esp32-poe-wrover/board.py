"""Olimex ESP32-POE-WROVER and ESP32-POE-ISO-WROVER: Ethernet over RMII, 8 MiB of PSRAM.

From the maker's schematics and notes: LAN8710A at address 0, MDC 23, MDIO 18, power switch 12. The WROVER module has
GPIO 16 and 17 for its PSRAM, so the Ethernet chip is clocked from GPIO 0. The button is on GPIO 34.
"""

NAME = "esp32-poe-wrover"
CHIP = "esp32"
HAL = "hal_esp32"
HEAP_SMALL = False
BUTTON = 34


def ETHERNET(network, Pin):  # noqa: N802, N803
    """The arguments of network.LAN."""
    return {
        "mdc": Pin(23),
        "mdio": Pin(18),
        "power": Pin(12),
        "phy_type": network.PHY_LAN8720,  # the same driver serves LAN8710A
        "phy_addr": 0,
        "ref_clk": Pin(0),
        "ref_clk_mode": Pin.OUT,
    }
