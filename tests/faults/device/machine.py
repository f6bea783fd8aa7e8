"""One appliance on a medium of these tests: the real composition root on LittleFS or FAT, two telephones, a console.

A `Machine` is one life of it, from power on to power off. Media outlive it.
"""

import asyncio
import gc
import io
import os
import select
import socket
import sys

import vfs

from faults.device import cable
from faults.device.flash import Life, PowerCut
from recorder import hal_unix
from recorder.main import Appliance
from support.device import clock
from support.device.two_phone_rig import Phone

ROOT = "/flash"
CARD = "/card"
TCP, SERIAL = "tcp", "serial"  # ways to the vault
BOOT_YEAR_2000_MS = 946684800000
START_MS = 20000  # a start takes less than this
TURNS = (
    10  # of an event loop that does not wait take a millisecond: some parts try again and again while memory is short
)
PACE = 20  # while a vault is connected, twenty milliseconds of the appliance take at least one


class Reset(BaseException):
    """The firmware restarts the machine."""


class Died(BaseException):
    """The firmware has ended by an exception; on a chip main.py restarts the machine."""


class Board:
    NAME = "virtual"
    CHIP = "virtual"
    HAL = "hal_of_faults"
    HEAP_SMALL = False


class Hal(hal_unix.Hal):
    """The Unix port's, with flash and card of these tests, a clock without a battery, and a network that can be away.

    Only what the machine is made of is replaced; sockets and their waiting are real.
    """

    clock = 0
    machine = None  # of the life that begins

    def __init__(self, board, arguments):
        super().__init__(board, {"root": ROOT, "console": "no"})
        machine = Hal.machine
        if machine.card:
            self.spool_root = CARD
        self.sockets = []
        self.streams = []
        self.online = True
        self.vault_port = machine.vault[1]  # where the address of the settings leads to
        self.on_stream = None  # wraps a connected socket
        self.console = cable.Console(self, machine.epoch)
        self.serial = self.console.port
        self._board_ms = BOOT_YEAR_2000_MS - self.ms()
        machine.hal = self

    def unix_ms(self):
        return self._board_ms + self.ms()

    def set_unix_ms(self, unix_ms):
        self._board_ms = unix_ms - self.ms()

    def udp(self, host, port):
        sock = super().udp(host, port)
        self.sockets.append(sock)
        return sock

    def tcp(self, host, port):
        if not self.online:
            raise OSError(113)
        sock = super().tcp(host, self.vault_port)
        self.sockets.append(sock)
        wait_for(sock)
        return self.on_stream(sock) if self.on_stream else sock

    def reset(self, service=False):
        raise Reset


class _Pace:
    """What the clock waits for in real time: sockets of a vault, which is another process."""

    poll = None
    sockets = []
    owed = 0  # milliseconds of the appliance that have taken no real time yet


def wait_for(sock):
    if _Pace.poll is None:
        _Pace.poll = clock._select.poll()
    _Pace.poll.register(sock, select.POLLIN)
    _Pace.sockets.append(sock)


def wait_for_none():
    for sock in _Pace.sockets:
        try:
            _Pace.poll.unregister(sock)
        except (KeyError, OSError):
            pass  # closed already
    _Pace.sockets.clear()
    _Pace.poll = None


_advance = clock.advance


def _paced(ms):
    machine = Hal.machine
    if machine and machine.flash.dead:
        raise PowerCut  # something of the interpreter has caught the first one
    if _Pace.sockets:
        _Pace.owed += ms
        for _ in _Pace.poll.ipoll(_Pace.owed // PACE):
            break
        _Pace.owed %= PACE
    _advance(ms)


def install():
    """Once, before the first machine."""
    clock.TURNS = TURNS
    clock.advance = clock.sleep_ms = _paced

    class Module:
        pass

    Module.Hal = Hal
    sys.modules["recorder.hal_of_faults"] = Module


class Machine:
    """flash, card: a Medium each; card is None where the spool is on the flash. ports: the first of twenty."""

    epoch = 1

    def __init__(self, flash, card, port):
        self.card = Life(card) if card else None
        self.flash = Life(flash)
        if self.card:
            self.flash.together = self.card.together = [self.flash, self.card]
        self.spool_life = self.card or self.flash
        self.port = port
        self.vault = (TCP, 0)
        self.hal = self.app = None
        self.near = self.far = None
        self.tasks = []

    def mount(self):
        vfs.mount(vfs.VfsLfs2(self.flash, readsize=32, progsize=32, lookahead=32), ROOT)
        if self.card:
            vfs.mount(vfs.VfsFat(self.card), CARD)

    async def start(self):
        """Powers on. The firmware's start runs on; see `serving`."""
        self.mount()
        Machine.epoch += 1000
        Hal.machine = self
        gc.collect()
        try:
            self.app = Appliance(Board, {})
        except Exception as exc:  # noqa: BLE001 - as in _run
            raise Died(exc)
        self.started_ms = self.hal.ms()
        self.running = asyncio.create_task(self._run())
        self.tasks.append(asyncio.create_task(self.hal.console.run()))
        self.new_phones()

    def new_phones(self):
        """Two telephones without a call, in place of those that are there."""
        for phone in (self.near, self.far):
            if phone:
                phone.close()
        self.near, self.far = Phone(self.hal, self.port + 1), Phone(self.hal, self.port + 2)

    async def _run(self):
        try:
            await self.app.run()
        except Exception as exc:  # noqa: BLE001 - told in the report: on a chip main.py restarts now
            raise Died(exc)

    @property
    def serving(self):
        """Whether calls are answered."""
        return self.app.gateway is not None

    def off(self):
        """No power: nothing more is written. Called after the event loop has ended."""
        wait_for_none()
        self.flash.die()
        if self.hal:
            for sock in self.hal.sockets:
                sock.close()
        self.app = self.hal = self.near = self.far = self.running = Hal.machine = None
        del self.tasks[:]
        asyncio.new_event_loop()
        gc.collect()  # closes files that were open, on a medium that takes nothing any more
        for path in (ROOT, CARD):
            try:
                vfs.umount(path)
            except OSError:
                pass  # not mounted


def run(machine, work):
    """Runs the coroutine work(machine) -> how it ended: "" or "cut", "reset" or the text of an exception of the firmware."""
    asyncio.new_event_loop()
    try:
        asyncio.run(work(machine))
    except PowerCut:
        return "cut"
    except Reset:
        return "reset"
    except Died as died:
        if machine.flash.dead:
            return "cut"  # what reads after the cut gets EIO
        text = io.StringIO()
        sys.print_exception(died.args[0], text)
        return text.getvalue()
    finally:
        machine.off()
    return ""


def files_below(path):
    """Names of all files, with their folder."""
    found = []
    for entry in os.ilistdir(path):
        name = path + "/" + entry[0]
        if entry[1] & 0x4000:
            found += files_below(name)
        else:
            found.append(name)
    return found


def vault_socket(hal, host, port):
    """A socket that is connected to a vault, for the program at the other end of the cable."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.connect(hal.address(host, port))
    sock.setblocking(False)
    hal.sockets.append(sock)
    wait_for(sock)
    return sock
