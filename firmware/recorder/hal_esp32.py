"""The HAL of the stock MicroPython images for ESP32 and ESP32-S3.

The console port is the serial port: on the classic ESP32 that is UART 0 behind the
board's USB bridge, on an S3 it may be the chip's own USB.  Ctrl-C is data there, which
main.py sees to; a technician's REPL is reached by the board's button after a reset.
What was read in the port's sources, and what follows, is in docs/chip.md.
"""

import asyncio
import io
import os
import select
import sys
import time

import machine
import micropython
import network

from recorder.hal import HalError
from recorder.hal_common import WATCHDOG_MS, CommonHal

EPOCH_MS = 0 if time.gmtime(0)[0] == 1970 else 946684800000  # of the port's clock: the year 2000, so far
NETWORK_TIMEOUT_MS = 30000
FULL_SPEED_HZ = 240000000  # the chip boots at 160 MHz
# RTC memory, which a reset keeps and a loss of power does not: four letters, then the stage of the start and its tries.
MAGIC = b"TSGT"  # the clock was right before this reset
SERVICE = b"TSGS"  # the recorder itself asked for service mode
UNSET = b"TSG0"  # neither
SERVICE_MS = 1000
STUCK_MS = 5000  # a pin that stays low longer is no button
RESTART_S = 10
ROOT = "/testigo"
CARD_ROOT = "/card"


def service_asked(board):
    """Whether the board's button was held and released, or `reset(service=True)` was called before."""
    rtc = machine.RTC()
    if rtc.memory()[:4] == SERVICE:
        rtc.memory(b"")
        return True
    return _button(board)


def _button(board):
    """Whether it was held for a second and released, after the reset: held at the reset, BOOT starts the boot loader."""
    pin = machine.Pin(board.SERVICE_PIN, machine.Pin.IN)
    if board.SERVICE_PIN < 34:  # 34 and up have no pull-up inside
        pin.init(machine.Pin.IN, machine.Pin.PULL_UP)
    held = 0
    while not pin.value():
        if held >= STUCK_MS:
            return False
        time.sleep_ms(20)
        held += 20
    return held >= SERVICE_MS


def crashed(exc):
    """Prints the traceback on the console, keeps it for the log of the next start, and restarts. Before that, Ctrl-C stops a
    device without an identity. MicroPython itself would stop at its prompt."""
    sys.print_exception(exc)
    try:
        text = io.StringIO()
        sys.print_exception(exc, text)
        with open(ROOT + "/crash.txt", "w") as file:
            file.write(text.getvalue())
    except (OSError, MemoryError):
        pass  # the restart matters more
    try:
        os.stat(ROOT + "/identity/device.txt")
    except OSError:
        micropython.kbd_intr(3)
    time.sleep(RESTART_S)
    machine.reset()


class ConsolePort:
    """Bytes one at a time: the console's stream would wait for a whole buffer."""

    ROOM = 256  # the port's ring buffer; what arrives beyond it is lost

    def __init__(self, board):
        self.PACE = getattr(board, "SERIAL_PACE", 96)  # less than the 128 bytes of the UART's FIFO
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._byte = bytearray(1)

    def read_into(self, buf):
        count = 0
        while count < len(buf):
            for _ in self._poll.ipoll(0):
                break
            else:
                break
            self._in.readinto(self._byte)
            buf[count] = self._byte[0]
            count += 1
        return count

    def write(self, buf, n):
        return self._out.write(buf, n) or 0


class Hal(CommonHal):
    HANDLES = 36  # ESP-IDF opens 10 sockets by default: the gateway's, that of sync, and four calls

    SLOW_TLS = True  # 1.4 s on an ESP32, nearly all of it in one call

    def __init__(self, board, arguments):
        machine.freq(FULL_SPEED_HZ)
        self.root = self.spool_root = ROOT
        try:
            os.mkdir(ROOT)
        except OSError:
            pass  # it is there
        super().__init__(board)
        self.card = self._mount_card()
        self.serial = ConsolePort(board)
        self._rtc = machine.RTC()
        kept = self._rtc.memory() if machine.reset_cause() != machine.PWRON_RESET else b""
        self._kept = kept if len(kept) == 6 and kept[:3] == UNSET[:3] else UNSET + bytes(2)
        if self._kept[:4] == MAGIC:
            self.clock = 1
        self._watchdog = None
        self._link = self._joined = None

    def notice(self, text):
        """Nothing: the console is the serial port, on which plain lines would disturb the protocol."""

    def unix_ms(self):
        return time.time_ns() // 1000000 + EPOCH_MS

    def set_unix_ms(self, unix_ms):
        parts = time.gmtime((unix_ms - EPOCH_MS) // 1000)
        self._rtc.datetime(
            (parts[0], parts[1], parts[2], parts[6], parts[3], parts[4], parts[5], unix_ms % 1000 * 1000)
        )
        self._keep(MAGIC, self._kept[4:])
        self.clock = 2

    def _keep(self, letters, stage):
        self._kept = letters + stage
        self._rtc.memory(self._kept)

    def kept_stage(self):
        return self._kept[4], self._kept[5]

    def keep_stage(self, stage, tries):
        self._keep(self._kept[:4], bytes((stage, tries)))

    def watch(self):
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)

    def feed(self):
        if self._watchdog:
            self._watchdog.feed()

    def _mount_card(self):
        """Recordings are kept on the card where there is one, else in the flash."""
        if not hasattr(self.board, "CARD"):
            return "none"
        try:
            os.mount(machine.SDCard(**self.board.CARD), CARD_ROOT)
        except OSError as exc:
            return "not usable: " + str(exc)
        self.spool_root = CARD_ROOT
        return "in use"

    async def network(self, settings):
        kind = settings[0] if settings else "none"
        if kind == "wifi":
            link = self._wifi(settings)
        elif kind == "ethernet":
            link = self._link or self._ethernet()
            link.active(True)
        else:
            return None
        self._link = link
        waited = 0
        while not link.isconnected() or link.ifconfig()[0] == "0.0.0.0":
            if waited > NETWORK_TIMEOUT_MS:
                raise HalError(kind + ": no link or no address after 30 s")
            await asyncio.sleep_ms(200)
            waited += 200
        return link.ifconfig()[0]

    def tcp(self, host, port):
        if self._link is None:
            raise OSError("no network")
        return super().tcp(host, port)

    def _wifi(self, settings):
        link = network.WLAN(network.WLAN.IF_STA)
        if settings != self._joined:
            # The driver retries by itself, and raises when told to connect while it does.
            if link.active():
                link.disconnect()
                link.active(False)
            link.active(True)
            link.config(pm=link.PM_NONE)  # power save delays packets by up to a beacon interval
            link.connect(settings[1], settings[2])
            self._joined = settings
        return link

    def _ethernet(self):
        board = self.board
        if not hasattr(board, "ETHERNET"):
            raise HalError("board " + board.NAME + " has no Ethernet")
        options = board.ETHERNET(network, machine.Pin)
        return network.LAN(**options)

    def peer(self, raw):
        return raw

    def reset(self, service=False):
        if service:
            self._keep(SERVICE, bytes(2))
        machine.reset()
