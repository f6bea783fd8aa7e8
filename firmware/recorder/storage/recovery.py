"""Closes recordings that a power cut left open, and finishes erasing that it interrupted.

Run at the start, before the first call. A recording keeps its whole items, gets a seal with the reason "power-loss", and
keeps its number. Erasing that had begun is done again from the start: an objection is always obeyed.
"""

import os

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.spool import ERASE, OPEN, SEALED
from testigo_wire.crypto import ecdsa
from testigo_wire.encoding import cbor
from testigo_wire.recording import items as recording
from testigo_wire.recording import rewrite


async def recover(spool):
    """-> the numbers of the recordings that were closed."""
    hal = spool.hal
    for folder in (hal.root, hal.root + "/identity", hal.root + "/notices", spool.folder):
        if files.size(folder) >= 0:
            files.remove_parts(folder)
    closed = []
    for number in spool.load():
        if await finish(spool, number, "power-loss"):
            closed.append(number)
    for name in files.names(spool.folder):
        if name.endswith(ERASE) and files.size(spool.folder + "/" + name[: -len(ERASE)] + OPEN) < 0:
            os.remove(spool.folder + "/" + name)  # the power failed after the recording was renamed and before this
    for number in spool.numbers()[-1:]:
        # The state file is missing or older than the recordings.
        if number >= spool.next_number:
            try:
                spool.take_number(number, spool.header_digest(number, SEALED))
            except cbor.CborError:
                spool.next_number = number + 1
                spool.set_aside(number, SEALED, "no header")
    spool.repaired = True
    return closed


async def finish(spool, number, reason):
    """Make a sealed recording of the whole items in the open file -> whether there is one now. Raises OSError."""
    path = spool.path(number, OPEN)
    mark = spool.path(number, ERASE)
    erase = files.size(mark) >= 0
    primitives = spool.primitives
    buffer = bytearray(recording.MAX_ITEM)
    with open(path, "rb") as file:
        found = await steps(rewrite.resume_steps(primitives, file.readinto, buffer))
    rest = files.size(path) - found.length
    if found.header is None or found.header[4] != number:
        if number >= spool.next_number:
            files.remove(path)  # the call had not begun: its number is free
            spool.log("recording %d: not begun, removed" % number)
        else:
            spool.set_aside(number, OPEN, "no header")
        return False
    if number >= spool.next_number:
        spool.take_number(number, found.header_digest)
    sealed = spool.path(number, SEALED)
    if files.size(sealed) >= 0:  # only the last steps below are missing
        _dispose(spool, number, rest, erase)
        return True
    seal = b""
    if not found.sealed:
        # Not the clock's time: it may have fallen back, or be years ahead. The times in the items cannot be read without keys.
        closed_ms = found.header[6] + recording.FRAME_MS * found.counters[recording.AUDIO]
        digest = found.seal_digest(primitives, closed_ms, reason)
        signature = await steps(ecdsa.sign_steps(primitives, spool.identity.private, digest))
        seal = found.seal(closed_ms, signature, reason)
    if not erase and not rest:
        with open(path, "ab") as file:
            file.write(seal)
        spool.sealed(number)
    else:
        with open(path, "rb") as source, open(sealed + files.PART, "wb") as target:
            whole = LimitedReader(source, found.length)
            if erase:
                await steps(rewrite.erase_steps(primitives, whole.readinto, target.write, buffer))
            else:
                await steps(_copy_steps(whole.readinto, target.write, buffer))
            target.write(seal)
            target.flush()
        os.rename(sealed + files.PART, sealed)
        _dispose(spool, number, rest, erase)
        spool.announce(number)
    spool.log("recording %d closed: %s, %d bytes at its end were torn" % (number, reason, rest))
    return True


def _dispose(spool, number, rest, erase):
    """The sealed copy is complete: remove the open file, or set it aside if it holds more than one torn item."""
    if rest > recording.MAX_ITEM and not erase:
        spool.set_aside(number, OPEN, "%d bytes after the last whole item" % rest)
    else:
        files.remove(spool.path(number, OPEN))
    files.remove(spool.path(number, ERASE))


class LimitedReader:
    """Reads the first `length` bytes of a file."""

    def __init__(self, file, length):
        self._file = file
        self._left = length

    def readinto(self, view):
        n = self._file.readinto(memoryview(view)[: self._left])
        self._left -= n
        return n


def _copy_steps(readinto, write, buffer):
    n = readinto(buffer)
    while n:
        write(buffer, 0, n)
        yield
        n = readinto(buffer)
