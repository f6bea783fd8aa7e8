"""The HAL of MicroPython's Unix port: the virtual appliance.

Arguments: `root=DIR` (required), `console=no` when stdin is not the serial port, `clock=board` to keep time like
a chip without a battery instead of by the machine's clock, `memory=locked` to stay in memory as far as the system allows it.
The serial port is the terminal on stdin and stdout, as on a chip; diagnostics that
are meant for a person go to stderr. The watchdog is systemd's, where it gives the unit a NOTIFY_SOCKET (sd_notify(3)).
"""

import select
import socket
import sys
import time

from recorder.hal import HalError
from recorder.hal_common import CommonHal
from recorder.loading import unload

MSG_PEEK = 2  # of Linux; MicroPython does not name it
WRITE_AT_ONCE = 512  # less than a terminal's buffer, so that a ready terminal takes it all


def service_asked(board):
    return False  # on Unix another process can be started


def crashed(exc):
    return False  # its traceback goes to stderr


class ConsolePort:
    ROOM = 2048
    PACE = 4096

    def __init__(self):
        import termios

        attributes = termios.tcgetattr(0)
        termios.setraw(0)
        attributes = termios.tcgetattr(0)
        attributes[6][6] = attributes[6][5] = 0  # VMIN, VTIME: a read gives what is there
        termios.tcsetattr(0, termios.TCSANOW, attributes)
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)

    def read_into(self, buf):
        return self._in.readinto(buf) or 0

    def write(self, buf, n):
        for _, event in self._writable.ipoll(0):
            if event & select.POLLOUT:
                return self._out.write(buf, min(n, WRITE_AT_ONCE)) or 0
        return 0


class Hal(CommonHal):
    clock = 2  # the operating system keeps the time
    SIP_RATE = 300
    CAN_PEEK = True
    unaligned_words = True  # x86 and ARM do

    def __init__(self, board, arguments):
        root = arguments.get("root")
        if not root:
            raise HalError("root=DIR is missing: where the appliance keeps its files")
        self.root = self.spool_root = root.rstrip("/")
        if arguments.get("memory") == "locked":
            self._lock_memory()
        super().__init__(board)
        self.heap_grows = arguments.get("heap") == "auto"  # at a restart, as the settings need
        self._in_memory = False
        if not self.heap_small:  # a heap as small as a chip's has no more in it than a chip's
            from recorder import hal_unix_libraries

            self.openssl, self.recv = hal_unix_libraries.load()
            self._in_memory = hal_unix_libraries.in_memory(self.root)
        self._board_clock = None
        if arguments.get("clock") == "board":
            from recorder.hal_unix_clock import BoardClock

            self.clock = 0
            self._board_clock = BoardClock(self)
            self._board_clock.ms()
        self._notify = None
        self.serial = None
        if arguments.get("console") != "no":
            try:
                self.serial = ConsolePort()
            except OSError:
                self.notice("stdin is not a terminal: no serial port")

    def _lock_memory(self):
        try:
            from recorder.hal_unix_memory import lock

            locked = lock()
        except (ImportError, OSError):
            locked = False
        if not locked:
            self.notice("memory is not locked: the system does not allow it")

    def notice(self, text):
        """Prints a line for a person on stderr."""
        sys.stderr.write(text + "\n")

    def unix_ms(self):
        if self._board_clock:
            return self._board_clock.ms()
        return time.time_ns() // 1000000 + self._clock_offset

    def set_unix_ms(self, unix_ms):
        if self._board_clock:
            self._board_clock.set(unix_ms)
        else:
            self._clock_offset += unix_ms - self.unix_ms()

    def flusher(self):
        """None where files are flushed in the event loop: in a heap as small as a chip's, on a file system in memory, or for
        want of `aio_fsync`."""
        if self.heap_small or self._in_memory:
            return None
        try:
            from recorder.hal_unix_flush import Flusher
        except (ImportError, OSError):
            return None
        return Flusher()

    async def network(self, settings):
        return "127.0.0.1"  # unless the settings name another address to bind

    def kept_stage(self):
        from recorder import hal_unix_start

        return hal_unix_start.kept_stage(self.root)

    def keep_stage(self, stage, tries):
        from recorder import hal_unix_start

        hal_unix_start.keep_stage(self.root, stage, tries)

    def watch(self):
        from recorder import hal_unix_start

        self._notify = hal_unix_start.notify_socket(self.notice)
        unload("recorder.hal_unix_start")

    def feed(self):
        if self._notify:
            try:
                self._notify.write(b"WATCHDOG=1")
            except OSError:
                pass  # systemd is busy: the next one counts

    def must_grow(self, calls):
        from recorder import hal_unix_limits

        unload("recorder.hal_unix_limits")
        heap, wide, _ = super().limits()
        return self.heap_grows and hal_unix_limits.heap_for(calls, wide) > heap

    def limits(self):
        from recorder import hal_unix_limits

        unload("recorder.hal_unix_limits")
        heap, wide, _ = super().limits()
        return None if self.heap_grows else heap, wide, hal_unix_limits.open_files()

    def source(self, host, port):
        return bytes(self.address(host, port))

    def peek(self, sock, size):
        return sock.recvfrom(size, MSG_PEEK)

    def hold_many(self, sock):
        from recorder import hal_unix_limits

        unload("recorder.hal_unix_limits")
        hal_unix_limits.hold_many(sock)

    def peer(self, raw):
        _, host, port = socket.sockaddr(raw)[:3]
        return ".".join(str(part) for part in host), port

    def reset(self, service=False):
        sys.exit(3)
