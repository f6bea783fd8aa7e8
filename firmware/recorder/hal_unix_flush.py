"""Flushes of files that run beside the event loop: asynchronous I/O of POSIX (aio_fsync), in threads of the C library.

On a disk a flush takes milliseconds, and now and then much longer. These threads know nothing of MicroPython: they take
no part in its garbage collection and touch no object but the control block below. Importing this module raises OSError or
ImportError where the C library or this build of MicroPython lacks what it needs.
"""

import struct
import sys

import ffi

O_DSYNC = 0x1000
EINPROGRESS = 115
SIGEV_NONE = 1  # no signal at the end: `result` looks
BLOCK = 256  # struct aiocb has 168 bytes at most
NOTIFY = 44 if sys.maxsize > 1 << 32 else 28  # where aio_sigevent.sigev_notify stands; the file descriptor is at 0

_libc = ffi.open(None)
_aio_fsync = _libc.func("i", "aio_fsync", "iP")
_aio_error = _libc.func("i", "aio_error", "P")
_running = []  # control blocks that the C library still writes to: they must not be collected


class Flush:
    """Flushes one file at a time."""

    def __init__(self):
        self._block = None
        self._error = 0

    def begin(self, file):
        """Flush what has been written to `file` -> False where it cannot be done beside the event loop."""
        if not hasattr(file, "fileno"):
            return False  # of a file system that MicroPython runs itself
        block = bytearray(BLOCK)
        struct.pack_into("i", block, 0, file.fileno())
        struct.pack_into("i", block, NOTIFY, SIGEV_NONE)
        if _aio_fsync(O_DSYNC, block):
            return False
        _running.append(block)
        self._block = block
        return True

    def result(self):
        """None while it runs; then the error's number, or 0: everything that `begin` found written is on the disk."""
        block = self._block
        if block is not None:
            error = _aio_error(block)
            if error == EINPROGRESS:
                return None
            self._error = error
            self._block = None
            _running.remove(block)
        return self._error
