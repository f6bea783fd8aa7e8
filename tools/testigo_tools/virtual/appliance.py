"""A virtual appliance: the firmware on MicroPython's Unix port, with a pty where a chip has its serial port.

    micropython <-- inner pty (its stdin and stdout, raw) --> pump <-- outer pty, linked as ROOT/tty --> any program

The pump stands in between so that a program may open and close ROOT/tty as it likes, as with a cable. As on a line,
what is not read is lost in the end.

A full or read-only disk does not stop it: what cannot be written (the process numbers, the log of errors, the link) is left
out, and `problems` says so. The firmware then connects calls without recording them.
"""

import ctypes
import errno
import fcntl
import os
import pty
import resource
import select
import signal
import subprocess
import termios
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from testigo_tools.virtual.realtime import schedule_first

RESET_STATUS = 3  # of the firmware's hal.reset()
STOP_S = 3.0
WAITING = 8192  # bytes kept for a reader that is slow
PR_SET_PDEATHSIG = 1
NUMBER_WIDTH = 20  # of a process number in its file, which always has this size: on a full disk it can be written again
FILES = 1024  # files and sockets: enough for the most calls


class VirtualError(Exception):
    """The appliance cannot run here; the text says why."""


def _raw(fd: int) -> None:
    """Binary clean, and a read gives what is there, without waiting (VMIN and VTIME are 0)."""
    tty.setraw(fd)
    attributes = termios.tcgetattr(fd)
    attributes[6][termios.VMIN] = 0
    attributes[6][termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


class _Direction:
    """Bytes from one descriptor to another, WAITING of them at most held in between."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        self.held = b""

    def read(self) -> bool:
        try:
            data = os.read(self.source, 4096)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return False
            raise
        self.held = (self.held + data)[-WAITING:]
        return bool(data)

    def write(self) -> None:
        try:
            self.held = self.held[os.write(self.target, self.held) :]
        except BlockingIOError:
            pass


class VirtualAppliance:
    """command: gives the line that starts the firmware, each time that it starts; root: its folder, which one process may
    use at a time.

    realtime: it is scheduled before other processes, where the system allows that.
    """

    def __init__(
        self,
        root: Path,
        command: Callable[[], list[str]],
        environment: dict[str, str] | None = None,
        realtime: bool = False,
    ) -> None:
        self.root = root
        self.command = command
        self.environment = environment
        self.realtime = realtime
        self.link = root / "tty"
        self.problems: list[str] = []  # what could not be written, for the person who started it
        self.process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_root()
        except OSError as error:
            raise VirtualError(
                f"the folder {root} cannot be used: {error.strerror}. Free space there, or use another folder with --root."
            ) from None
        self._inner, self._inner_slave = pty.openpty()
        self._outer, self._outer_slave = pty.openpty()
        for fd in (self._inner_slave, self._outer_slave):
            _raw(fd)
        for fd in (self._inner, self._outer):
            os.set_blocking(fd, False)
        self.port = self.link
        try:
            with suppress(FileNotFoundError):
                self.link.unlink()
            self.link.symlink_to(os.ttyname(self._outer_slave))
        except OSError as error:
            self.port = Path(os.ttyname(self._outer_slave))
            self._tell(self.link, error)

    def _tell(self, path: Path, error: OSError) -> None:
        self.problems.append(f"{path} cannot be written: {error.strerror}")

    def _take_root(self) -> int:
        """Lock the folder. The kernel releases the lock when this process ends in any way. Raises OSError."""
        path = self.root / "virtual.pid"
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            self._tell(path, error)
            lock = os.open(self.root, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = "another process"
            with suppress(OSError):
                owner = os.read(lock, NUMBER_WIDTH).decode("ascii", "replace").strip() or owner
            os.close(lock)
            raise VirtualError(
                f"process {owner} runs the appliance in {self.root} already; stop it, or use another folder."
            ) from None
        try:
            os.pwrite(lock, str(os.getpid()).ljust(NUMBER_WIDTH).encode() + b"\n", 0)
        except OSError as error:
            if not self.problems:
                self._tell(path, error)
        return lock

    def start(self) -> None:
        """Start the firmware, which the kernel ends with this process."""
        libc = ctypes.CDLL(None, use_errno=True)
        parent = os.getpid()
        slave = self._inner_slave

        def child() -> None:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            if hasattr(libc, "prctl"):
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
            if self.realtime:
                schedule_first()
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (FILES if most == resource.RLIM_INFINITY else min(FILES, most), most)
            )

        with self._stderr() as stderr:
            self.process = subprocess.Popen(
                self.command(),
                stdin=slave,
                stdout=slave,
                stderr=stderr,
                env=self.environment,
                start_new_session=True,
                preexec_fn=child,
                umask=0o077,  # its files include the device's key
            )
        path = self.root / "appliance.pid"
        try:
            path.write_text(f"{self.process.pid}\n")
        except OSError as error:
            self._tell(path, error)

    def _stderr(self) -> IO[bytes]:
        """What MicroPython prints goes to a file; to this process's own output where there can be none."""
        path = self.root / "stderr.log"
        try:
            return open(path, "ab")
        except OSError as error:
            self._tell(path, error)
            return os.fdopen(os.dup(2), "wb")

    def run(self, started: Callable[[], None] = lambda: None) -> int:
        """Run until the firmware ends or `stop` is called; a firmware that resets is started again. Returns its status."""
        self.start()
        started()
        try:
            while True:
                status = self._pump_until_end()
                if self._stopping or status != RESET_STATUS:
                    return 0 if self._stopping else status
                self.start()
        finally:
            self.close()

    def stop(self) -> None:
        """Safe in a signal handler."""
        self._stopping = True

    def _pump_until_end(self) -> int:
        assert self.process is not None
        up = _Direction(self._inner, self._outer)
        down = _Direction(self._outer, self._inner)
        while not self._stopping:
            # While the target accepts nothing, its bytes wait here; beyond WAITING the oldest are lost.
            readers = [up.source, down.source]
            writers = [d.target for d in (up, down) if d.held]
            readable, writable, _ = select.select(readers, writers, [], 0.1)
            moved = False
            for direction in (up, down):
                if direction.source in readable:
                    moved |= direction.read()
                if direction.held and (direction.target in writable or direction.source in readable):
                    direction.write()
            status = self.process.poll()
            if status is not None and not moved:
                return status
        return 0

    def close(self) -> None:
        """End the firmware, and close pty, log and lock."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            end = time.monotonic() + STOP_S
            while self.process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        for path in (self.link, self.root / "appliance.pid"):
            with suppress(OSError):
                path.unlink()
        for fd in (self._inner, self._inner_slave, self._outer, self._outer_slave, self._lock):
            with suppress(OSError):
                os.close(fd)
