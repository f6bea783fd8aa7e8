"""Finishes recordings that could not be opened, sealed or erased as they should. Loaded for that, and unloaded afterwards.

owner: the Recordings of recordings.py.
"""

import os

from recorder import files
from recorder.loading import unload
from recorder.storage.spool import OPEN

MAX_TRIES = 7  # doublings of the time between two tries: an hour


async def put_off(owner, recording):
    """A recording that is closed, and cannot be sealed or erased as it is: seal what is whole and erase what is to be erased."""
    spool = owner.spool
    number = recording.number
    owner.unrecorded.sealed(number, False)
    if recording.erased:
        spool.objected.add(number)
    if recording.failed:
        spool.ended[number] = recording.suffix
        path = recording.path if files.size(recording.path) >= 0 else recording.path + files.PART
        try:  # the next start would take an open file for one that a power cut left
            os.rename(path, spool.path(number, recording.suffix))
        except OSError as exc:
            owner.log("recording %d: %s" % (number, exc))
    spool.unfinished.append(number)
    await run(owner)


def discard(owner, number):
    """The number is not taken: the next call overwrites the file if it cannot be removed now, or it is removed later."""
    try:
        files.remove(owner.spool.path(number, OPEN))
    except OSError as exc:
        owner.log("recording %d: not begun: %s" % (number, exc))
        owner.spool.unfinished.append(number)


def is_due(owner):
    """Once a minute: whether something may be finished now. After a fault always; for want of room less and less often."""
    spool = owner.spool
    if spool.unlisted or not spool.needs_only_room or not owner.skip or (spool.free() or 0) > owner.free_then:
        return True
    owner.skip -= 1
    return False


async def run(owner):
    """Seal and erase what could not be before. Logs errors of the storage and of the memory."""
    spool = owner.spool
    if owner.finishing:
        owner.again = True
        return
    owner.finishing = owner.again = True
    try:
        from recorder.storage import recovery

        unload("recorder.storage.recovery", "testigo_wire.recording.rewrite", "testigo_wire.recording.item_parser")
        while owner.again:
            owner.again = False
            if spool.repaired:
                await recovery.finish_all(spool, [made.number for made in owner.active])
            else:
                await recovery.recover(spool)
    except (OSError, MemoryError) as exc:
        owner.log.fault("repair", exc)
    finally:
        owner.finishing = False
        owner.free_then = spool.free() or 0
        owner.tries = min(owner.tries + 1, MAX_TRIES) if spool.unfinished else 0
        owner.skip = (1 << owner.tries >> 1) - 1 if owner.tries else 0
