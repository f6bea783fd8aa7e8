"""Erases the audio of a recording that is being made: after a late objection the file is replaced by a copy without it.

Loaded for that, and unloaded afterwards. The copy takes about a hundredth of the file, for which room is kept back.
"""

import os

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.spool import write_all
from testigo_wire.recording import rewrite as recording


async def rewrite(owner, path, buffer, waiting_items):
    """-> how many items were erased. waiting_items: a list that grows meanwhile; they follow in the copy. Raises any error.

    After an error the file is as it was; or, on FAT, not there, and its copy is complete in its place.
    """
    part = path + files.PART
    try:
        with open(path, "rb") as source, open(part, "wb") as target:

            def sink(item):
                write_all(target, item)

            erased_count = await steps(recording.erase_steps(owner.primitives, source.readinto, sink, buffer))
            await owner.hal.flush(target)  # all of it; what comes meanwhile is little
            for item in waiting_items:
                sink(item)
            target.flush()
        os.rename(part, path)
    except BaseException:
        if files.size(path) >= 0:
            files.remove(part)
        raise
    return erased_count
