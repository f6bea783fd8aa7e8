"""A chip's flash in RAM with LittleFS on it: it can be filled, and the power can fail at the n-th write of a block."""

import os

import vfs

BLOCK = 4096


class Flash:
    """Mounted at `point`. writes: of blocks, so far.

    cut_at: the number of the write at which the power fails, or None. The appliance does not notice it: what it writes from
    then on is gone when the flash is mounted again.
    """

    mounted = []
    buffers = {}  # made once for each size, since a heap in pieces has no room for others

    def __init__(self, point, blocks):
        self.point = point
        self.writes = 0
        self.cut_at = None
        self._size = blocks * BLOCK
        for other in Flash.mounted[:]:  # of a test that failed
            other.unmount()
        if blocks not in Flash.buffers:
            Flash.buffers[blocks] = bytearray(self._size), bytearray(self._size)
        self._data, self._kept = Flash.buffers[blocks]
        self._is_cut = False
        for block in range(blocks):
            self.ioctl(6, block)
        vfs.VfsLfs2.mkfs(self)
        self.mount()

    def mount(self):
        """Again after a power cut: what was written after it is not there."""
        if self._is_cut:
            self._data[:] = self._kept
        self._is_cut = False
        self.cut_at = None
        vfs.mount(vfs.VfsLfs2(self), self.point)
        Flash.mounted.append(self)

    def unmount(self):
        Flash.mounted.remove(self)
        vfs.umount(self.point)

    @property
    def is_cut(self):
        return self._is_cut

    def _write(self):
        if self.writes == self.cut_at:
            self._kept[:] = self._data
            self._is_cut = True
        self.writes += 1

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = memoryview(self._data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._write()
        at = block * BLOCK + offset
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, request, argument):
        if request == 4:
            return self._size // BLOCK
        if request == 5:
            return BLOCK
        if request == 6:
            self._write()
            at = argument * BLOCK
            self._data[at : at + BLOCK] = b"\xff" * BLOCK
        return 0

    def fill(self, leave):
        """Leave so many free blocks."""
        self.fillers = []
        try:
            while True:
                self.fillers.append("%s/filler-%d" % (self.point, len(self.fillers)))
                with open(self.fillers[-1], "wb") as file:
                    file.write(bytes(BLOCK))
        except OSError:
            os.remove(self.fillers.pop())
        for _ in range(leave):
            os.remove(self.fillers.pop())

    def make_room(self):
        for path in self.fillers:
            os.remove(path)
