"""Flushes of files that run beside the event loop: asynchronous I/O of POSIX (aio_fsync), in threads of the C library.

On a disk a flush takes milliseconds, and now and then much longer. These threads know nothing of MicroPython: they take
no part in its garbage collection and touch no object but the control block below. Importing this module raises OSError or
ImportError where the C library or this build of MicroPython lacks what it needs.
"""

import asyncio
import struct
import sys

import ffi

O_DSYNC = 0x1000
EINPROGRESS = 115
SIGEV_NONE = 1  # no signal at the end: `runs` looks
STEP_MS = 2
BLOCK = 256  # struct aiocb has 168 bytes at most
NOTIFY = 44 if sys.maxsize > 1 << 32 else 28  # where aio_sigevent.sigev_notify stands; the file descriptor is at 0

_libc = ffi.open(None)
_aio_fsync = _libc.func("i", "aio_fsync", "iP")
_aio_error = _libc.func("i", "aio_error", "P")
_running = []  # control blocks that the C library still writes to: they must not be collected


class Flusher:
    """Flushes one file, or one after the other."""

    def __init__(self):
        self._block = None

    def flush(self, file):
        """Begin to flush what has been written to `file` -> False where the last flush still runs.

        Raises OSError where the last flush has failed.
        """
        if self.runs():
            return False
        self._begin(file)
        return True

    async def finish(self, file):
        """Flush all that has been written to `file`; the event loop runs meanwhile. Raises OSError as `flush`."""
        while not self.flush(file):
            await asyncio.sleep_ms(STEP_MS)
        while self.runs():
            await asyncio.sleep_ms(STEP_MS)

    def _begin(self, file):
        block = bytearray(BLOCK)
        if hasattr(file, "fileno"):
            struct.pack_into("i", block, 0, file.fileno())
            struct.pack_into("i", block, NOTIFY, SIGEV_NONE)
            if not _aio_fsync(O_DSYNC, block):
                _running.append(block)
                self._block = block
                return
        file.flush()  # of a file system that MicroPython runs itself

    def runs(self):
        """Whether a flush is running. Raises OSError, once, where it has failed."""
        block = self._block
        if block is None:
            return False
        error = _aio_error(block)
        if error == EINPROGRESS:
            return True
        self._block = None
        _running.remove(block)
        if error:
            raise OSError(error)
        return False
