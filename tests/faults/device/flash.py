"""A block device in memory outside the heap, with faults: what MicroPython's LittleFS and FAT stand on in these tests.

`Medium` holds the bytes and lives as long as the process. `Life` is the medium between two power cuts, as a file system sees it:
it counts the writes (a program or an erase) and can fail the n-th one, cut the power before it, in the middle of it, or with
only some of the writes since the last `sync` on the medium.
"""

import ffi
import uctypes

ENOSPC = 28
EIO = 5
# What may happen at the n-th write.
FAIL, CUT, TEAR, REORDER = "fail", "cut", "tear", "reorder"
_SYNC, _COUNT, _SIZE, _ERASE = 3, 4, 5, 6

_libc = ffi.open("libc.so.6")
_malloc = _libc.func("p", "malloc", "L")


class PowerCut(BaseException):
    """The power is off. Not an Exception: no handler of the firmware may go on after it."""


class Medium:
    """size: bytes of a block, or of a sector."""

    def __init__(self, count, size):
        self.count = count
        self.size = size
        self.bytes = memoryview(uctypes.bytearray_at(_malloc(count * size), count * size))

    def load(self, image):
        """Makes it a copy of another one."""
        self.bytes[:] = image.bytes


class Life:
    """One time of the medium under power. on_fault(): called once, when the planned fault happens.

    writes: how many there have been. together: the media that lose their power with it.
    fault: (what, n, detail) or None; the detail is an errno of FAIL, and for REORDER a function below(limit) of the seeded dice.
    lasting: FAIL also fails every write after the n-th.
    """

    def __init__(self, medium):
        self._medium = medium
        self._unsynced = []
        self.writes = 0
        self.fault = None
        self.lasting = False
        self.on_fault = None
        self.happened = False
        self.dead = False
        self.together = [self]

    def plan(self, what, n, detail=0, lasting=False):
        """From now on: the n-th write, counted from 1."""
        self.writes = 0
        self.fault = (what, n, detail)
        self.lasting = lasting
        self.happened = False

    def forget_plan(self):
        self.fault = None

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            return -EIO  # of a file that is collected as garbage
        at = block * self._medium.size + offset
        buffer[:] = self._medium.bytes[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        return self._write(block, offset, buffer)

    def ioctl(self, request, argument):
        if request == _COUNT:
            return self._medium.count
        if request == _SIZE:
            return self._medium.size
        if request == _ERASE:
            return self._write(argument, 0, None)
        if request == _SYNC and self._unsynced and not self.dead:
            self._unsynced.clear()
        return 0

    def _write(self, block, offset, data):
        """data: None for an erase."""
        if self.dead:
            return 0  # a file that is collected as garbage after the cut writes nothing
        self.writes += 1
        if self.fault and (self.writes == self.fault[1] or (self.lasting and self.writes > self.fault[1])):
            error = self._do_fault(block, offset, data)
            if error:
                return error
        self._store(block, offset, data)
        return 0

    def _store(self, block, offset, data):
        medium = self._medium
        at = block * medium.size + offset
        size = medium.size if data is None else len(data)
        if self.fault and self.fault[0] == REORDER:
            self._unsynced.append((block, at, bytes(medium.bytes[at : at + size])))
        if data is None:
            medium.bytes[at : at + size] = b"\xff" * size
        else:
            medium.bytes[at : at + size] = data

    def _do_fault(self, block, offset, data):
        what, _, detail = self.fault
        first = not self.happened
        self.happened = True
        if first and self.on_fault:
            self.on_fault()
        if what == FAIL:
            return -detail
        if what == TEAR and data is not None:
            self._store(block, offset, data[: len(data) // 2])
        elif what == REORDER:
            self._store(block, offset, data)
            self._lose_unsynced(detail)
        self.die()
        raise PowerCut

    def _lose_unsynced(self, below):
        """Of each block that was written since the last sync, the last writes are lost: as many as the dice say."""
        keep = {}
        for block, _, _ in self._unsynced:
            keep[block] = keep.get(block, 0) + 1
        for block in sorted(keep):
            keep[block] = below(keep[block] + 1)
        kept = {}
        lost = []
        for entry in self._unsynced:
            kept[entry[0]] = kept.get(entry[0], 0) + 1
            if kept[entry[0]] > keep[entry[0]]:
                lost.append(entry)
        for _, at, before in reversed(lost):
            self._medium.bytes[at : at + len(before)] = before

    def die(self):
        """The power goes now, for all media of the machine."""
        for life in self.together:
            life.dead = True
            life._unsynced.clear()
