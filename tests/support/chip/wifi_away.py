"""The chip's HAL where the Wi-Fi of the settings is not there, and what the appliance logs then.

The driver is played by `network` below; the 30 seconds pass at once. Prints the log.
"""

import sys

import uasyncio


class WLAN:
    """A driver that never finds its network."""

    IF_STA, PM_NONE = 0, 0

    def __init__(self, which):
        pass

    def active(self, on=None):
        return True

    def config(self, pm):
        pass

    def connect(self, ssid, key):
        pass

    def disconnect(self):
        pass

    def isconnected(self):
        return False


class Network:
    WLAN = WLAN


class Machine:
    PWRON_RESET = 1


class AtOnce:
    @staticmethod
    async def sleep_ms(ms):
        pass


class Board:
    pass


sys.modules["network"] = Network
sys.modules["machine"] = Machine
sys.modules["board"] = Board

# After what they import is there.
from recorder import hal_esp32  # noqa: E402
from recorder.call import running  # noqa: E402

hal_esp32.asyncio = AtOnce


class Chip:
    """A chip's HAL without a start: only its network is used."""

    _link = _joined = None
    _wifi = hal_esp32.Hal._wifi
    network = hal_esp32.Hal.network


class Settings:
    network = ("wifi", "branch", "the Wi-Fi password")


class Documents:
    settings = Settings


class Starting:
    """What of an appliance the start of its gateway needs."""

    hal = Chip()
    documents = Documents
    log = print
    gateway = settings = None
    settings_problem = ""


uasyncio.run(running.update(Starting, False))
