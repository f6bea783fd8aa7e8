"""A stock ESP32 for tests, as far as Python goes: the files of `testigo flash --image` are its root, the terminal on
stdin is its console, and the board is a chip's, so `hal_esp32.py` runs.

MicroPython's Unix port plays it: `machine` and `network` stand in with what of them the HAL may use, and are as strict
as the port's. What C does (sockets, the UART, Wi-Fi) is not shown here; docs/chip.md says what was read of that.

    micropython stock_esp32.py FOLDER      FOLDER has flash.bin; status 3 asks for another start
"""

import os
import sys
import time

import vfs

BLOCK = 4096
RESET = 3
HOST = "/host"


class Flash:
    """A file as block device, with the extended interface that LittleFS wants."""

    def __init__(self, path):
        self.file = open(path, "r+b")  # noqa: SIM115 - open as long as the chip runs
        self.blocks = os.stat(path)[6] // BLOCK

    def readblocks(self, block, buffer, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.write(buffer)

    def ioctl(self, op, argument):
        if op == 3:
            self.file.flush()
        return {4: self.blocks, 5: BLOCK}.get(op, 0)


class Pin:
    IN, OUT, PULL_UP = 1, 3, 2

    def __init__(self, number, mode):
        self.number = number

    def init(self, mode, pull):
        pass

    def value(self):
        """1 while nobody presses it. The file `button` holds how many times it is still down."""
        try:
            with open(HOST + "/button") as file:
                left = int(file.read())
        except OSError:
            return 1
        with open(HOST + "/button", "w") as file:
            file.write(str(left - 1))
        return 0 if left > 0 else 1


class RTC:
    """Its memory outlives a reset, not the power."""

    def memory(self, data=None):
        if data is not None:
            with open(HOST + "/rtc.bin", "wb") as file:
                file.write(data)
            return None
        try:
            with open(HOST + "/rtc.bin", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def datetime(self, parts):
        assert len(parts) == 8 and time.gmtime(0)[0] == 1970 and 2000 <= parts[0] < 2100 and parts[7] < 1000000


class WDT:
    """A watchdog that was fed too late resets the chip; here at that feeding. Once started it cannot be stopped."""

    def __init__(self, timeout):
        assert timeout > 0
        self.timeout = timeout
        self.fed_at = time.ticks_ms()

    def feed(self):
        now = time.ticks_ms()
        if time.ticks_diff(now, self.fed_at) > self.timeout:
            Machine.reset()
        self.fed_at = now


class Machine:
    PWRON_RESET, HARD_RESET = 1, 2
    Pin = Pin
    RTC = RTC
    WDT = WDT

    @staticmethod
    def freq(hertz):
        if hertz not in (20000000, 40000000, 80000000, 160000000, 240000000):
            raise ValueError

    @staticmethod
    def reset_cause():
        return Machine.HARD_RESET

    @staticmethod
    def reset():
        flash.file.flush()
        sys.exit(RESET)


class WLAN:
    """Asked to connect while it does, the driver refuses."""

    IF_STA, IF_AP, PM_NONE = 0, 1, 0
    on = joined = False

    def __init__(self, which):
        assert which == WLAN.IF_STA

    def active(self, on=None):
        if on is not None:
            WLAN.on = on
            WLAN.joined = WLAN.joined and on
        return WLAN.on

    def config(self, pm):
        pass

    def connect(self, ssid, key):
        if not WLAN.on or WLAN.joined:
            raise OSError("Wifi Internal Error")
        WLAN.joined = True

    def disconnect(self):
        if not WLAN.on:
            raise OSError("Wifi Not Started")
        WLAN.joined = False

    def isconnected(self):
        return WLAN.joined

    def ifconfig(self):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


class Network:
    WLAN = WLAN


folder = sys.argv[1]
del sys.argv[1:]
vfs.umount("/")
vfs.mount(vfs.VfsPosix(folder), HOST)
flash = Flash(HOST + "/flash.bin")
vfs.mount(vfs.VfsLfs2(flash), "/")
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib"]
sys.modules["machine"] = Machine
sys.modules["network"] = Network
with open("/main.py") as file:
    source = file.read()
exec(source, {"__name__": "__main__"})
