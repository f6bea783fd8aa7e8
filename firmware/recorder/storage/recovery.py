"""Seals recordings that are no longer made and have no seal, and finishes erasing (docs/formats/device-files.md).

Run at the start, before the first call, for what a power cut left; and when room comes, for what a full or faulty storage left.
A recording keeps its whole items and its number. It is sealed in place: the seal overwrites what follows the last whole
item, and zeros fill the rest, so that it needs no room for a copy. Erasing is done again from the start: an objection is always
obeyed.
"""

import os

from recorder import files
from recorder.loading import unload
from recorder.storage.primitives import steps
from recorder.storage.spool import BAD, ENOSPC, ERASE, FAULT, FULL, OPEN, SEALED, STATE, TAIL, write_all
from testigo_wire.crypto import ecdsa
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import items as recording
from testigo_wire.recording import rewrite

BLOCK = 4096
ROOM = 8192  # that a copy needs beside its bytes
ERASED = "erased"  # the reason where the audio is erased then: the objection may have left no event
REASONS = {OPEN: "power-loss", FULL: "storage-full", FAULT: "storage-fault"}
WHOLE = (OPEN, FULL, FAULT, SEALED, BAD)


async def recover(spool):
    """-> the numbers of the recordings that were closed. What cannot be finished is left for `finish_all`, and told."""
    try:
        await _tidy(spool)
        _load(spool)
        _catch_up(spool)
        spool.repaired = True
    except (OSError, MemoryError):
        spool.unlisted = True  # it is done again without a restart
        raise
    return await finish_all(spool)


async def _tidy(spool, active=()):
    """Remove what is left of files that were being written, before anything else is written, since it takes room.

    -> numbers that cannot be put in order now. Raises OSError where the folder cannot be listed.
    """
    last = ""
    for name in files.names(spool.folder):
        if name[:8] == last or name[8:] not in WHOLE or "~" in name:
            from recorder.storage import spool_leftovers

            unload("recorder.storage.spool_leftovers")
            return await spool_leftovers.tidy(spool, active)
        last = name[:8]
    return []


def _load(spool):
    """Read the state file. `_catch_up` then goes on from the recordings, which may be newer."""
    spool.unrecorded.load()
    state = files.read(spool.state_path)
    if state is not None:
        try:
            name, version, number, previous = cbor.decode(state)
            if name != STATE or version != 1 or number < 1 or len(previous) != 32:
                raise ValueError
            spool.next_number, spool.previous = number, previous
        except (cbor.CborError, ValueError, TypeError):
            spool.log("state.cbor is damaged; numbers go on from the spool")


def _header_digest(spool, number, suffix):
    """-> SHA-256 of a recording's header, which the next recording's header names as `previous`. Raises CborError."""
    with open(spool.path(number, suffix), "rb") as file:
        data = file.read(TAIL)
    header, end = cbor.decode_prefix(data)
    if not isinstance(header, list) or header[0] != "testigo" or header[4] != number:
        raise cbor.CborError("no header of this recording")
    return spool.primitives.sha256(data[:end])


def _catch_up(spool):
    """Count on from recordings that are newer than the state file: no number is given twice."""
    found = []
    for suffix in (OPEN, FULL, FAULT, SEALED, BAD):
        found += [(number, suffix) for number in spool.numbered(suffix) if number >= spool.next_number]
    for number, suffix in sorted(found):
        try:
            spool.take_number(number, _header_digest(spool, number, suffix))
        except (cbor.CborError, OSError) as exc:
            if suffix == OPEN and isinstance(exc, cbor.CborError) and _removed(spool, number):
                continue
            spool.next_number = number + 1
            spool.log("recording %d has no header: %s" % (number, exc))
    spool.keep()


def _removed(spool, number):
    """Whether a file without a header is gone: the call had not begun, and its number is free."""
    try:
        files.remove(spool.path(number, OPEN))
    except OSError as exc:
        spool.log("recording %d: %s" % (number, exc))
        return False
    spool.log("recording %d: not begun, removed" % number)
    return True


async def finish_all(spool, active=()):
    """Finish all that can be finished -> the numbers that a power cut had left open. active: recordings that are being made."""
    closed = []
    left = []
    try:
        unsafe = await _tidy(spool, active)
        for suffix in REASONS:
            left += [(number, suffix) for number in spool.numbered(suffix) if number not in active]
    except OSError as exc:
        spool.unlisted = True
        spool.needs_only_room = False
        spool.log.fault("recordings not listed", exc)
        return closed
    spool.unfinished = unsafe
    spool.unlisted = False
    spool.needs_only_room = not unsafe
    for number, suffix in sorted(left):
        try:
            if number in unsafe:
                continue
            if number >= spool.next_number:  # not begun, and it could not be removed then
                files.remove(spool.path(number, suffix))
                continue
            if number in spool.objected:
                spool.mark_erased(number)  # the power may fail before it is erased
            _probe(spool)
            if await finish(spool, number, suffix) in (REASONS[OPEN], ERASED) and suffix == OPEN:
                closed.append(number)
        except (OSError, MemoryError, WireError) as exc:
            if number not in spool.told:
                spool.told.add(number)
                spool.log("recording %d waits to be closed: %s" % (number, str(exc) or "memory"))
            spool.unfinished.append(number)
            spool.needs_only_room = spool.needs_only_room and isinstance(exc, OSError) and exc.args[0] == ENOSPC
    return closed


def _probe(spool):
    """Raises OSError where a seal has no room, before a recording is read for nothing: LittleFS counts free blocks too low."""
    path = spool.folder + "/room" + files.PART
    try:
        with open(path, "wb") as file:
            write_all(file, bytes(BLOCK))
            file.flush()
    finally:
        files.remove(path)


async def finish(spool, number, suffix):
    """Seal the whole items of the file with that suffix -> the reason in its seal, "" where there is none. Raises OSError."""
    path = spool.path(number, suffix)
    erase = number in spool.objected or files.size(spool.path(number, ERASE)) >= 0
    primitives = spool.primitives
    buffer = bytearray(recording.MAX_ITEM)
    with open(path, "rb") as file:
        found = await steps(rewrite.resume_steps(primitives, file.readinto, buffer))
    if found.header is None or found.header[4] != number:
        spool.set_aside(number, suffix, "no header")
        return ""
    if files.size(spool.path(number, SEALED)) >= 0:  # only the last steps of a copy are missing
        _dispose(spool, number, suffix, files.size(path) - max(found.length, found.sealed_length), erase)
        return REASONS[suffix]
    reason, seal, length = await _seal(spool, found, ERASED if erase else REASONS[spool.ended.get(number, suffix)])
    rest = files.size(path) - length
    if not erase and rest <= recording.MAX_ITEM:
        if seal or rest:
            with open(path, "r+b") as file:
                file.seek(length)
                write_all(file, seal + bytes(max(0, rest - len(seal))))
                file.flush()
        spool.sealed(number, suffix)
    elif not erase and _no_room(spool, length):
        # Damage in the middle, and no room for a copy of what is before it.
        spool.set_aside(number, suffix, "%d bytes after the last whole item, and no room for a copy" % rest)
        return ""
    else:
        await _copy(spool, number, path, length, seal, erase, buffer)
        _dispose(spool, number, suffix, rest, erase)
        spool.unrecorded.sealed(number)
        spool.announce(number)
    spool.log("recording %d closed: %s, %d bytes at its end were torn" % (number, reason, rest))
    return reason


def _no_room(spool, length):
    free = spool.free()
    return free is not None and free < length + ROOM


async def _seal(spool, found, reason):
    """-> (reason, the seal to be written at `length`, length); no seal where the file has one with a right signature."""
    primitives, identity = spool.primitives, spool.identity
    if found.sealed:
        _, _, _, closed_ms, sealed_reason, signature = found.sealed
        digest = found.seal_digest(primitives, closed_ms, sealed_reason)
        # The power may have failed while it was written.
        if await steps(ecdsa.verify_steps(primitives, identity.public, digest, signature)):
            return sealed_reason, b"", found.sealed_length
    # Not the clock's time: it may have fallen back, or be years ahead. The times in the items cannot be read without keys.
    closed_ms = found.header[6] + recording.FRAME_MS * found.counters[recording.AUDIO]
    digest = found.seal_digest(primitives, closed_ms, reason)
    signature = await steps(ecdsa.sign_steps(primitives, identity.private, digest))
    return reason, found.seal(closed_ms, signature, reason), found.length


async def _copy(spool, number, path, length, seal, erase, buffer):
    """Make a sealed copy of the first `length` bytes, without the audio where it is erased: that needs little room."""
    part = spool.path(number, SEALED) + files.PART
    try:
        with open(path, "rb") as source, open(part, "wb") as target:
            whole = LimitedReader(source, length)

            def sink(item):
                write_all(target, item)

            if erase:
                await steps(rewrite.erase_steps(spool.primitives, whole.readinto, sink, buffer))
            else:
                await steps(_copy_steps(whole.readinto, sink, buffer))
            sink(seal)
            target.flush()
        os.rename(part, spool.path(number, SEALED))
    except (OSError, MemoryError, WireError):
        files.remove(part)
        raise


def _dispose(spool, number, suffix, rest, erase):
    """The sealed copy is complete: remove the other file, or set it aside if it holds more than one torn item."""
    if rest > recording.MAX_ITEM and not erase:
        spool.set_aside(number, suffix, "%d bytes after the last whole item" % rest)
    else:
        files.remove(spool.path(number, suffix))
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
    view = memoryview(buffer)
    n = readinto(buffer)
    while n:
        write(view[:n])
        yield
        n = readinto(buffer)
