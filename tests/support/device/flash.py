"""A chip's flash, or a memory card, in RAM: it can be filled, and the power can fail at the n-th write of a block."""

import os

import vfs

BLOCK = 4096


class Flash:
    """Mounted at `point`. writes: of blocks, so far.

    cut_at: the number of the write at which the power fails, or None. torn: half of that write is still done. The appliance does
    not notice it: what it writes from then on is gone when the flash is mounted again.
    """

    mounted = []
    buffers = {}  # made once for each size, since a heap in pieces has no room for others

    def __init__(self, point, blocks, size=BLOCK, file_system=vfs.VfsLfs2):
        self.point = point
        self.writes = 0
        self.cut_at = None
        self.torn = False
        self.block = size
        self._file_system = file_system
        self._size = blocks * size
        for other in Flash.mounted[:]:  # of a test that failed
            other.unmount()
        if self._size not in Flash.buffers:
            Flash.buffers[self._size] = bytearray(self._size), bytearray(self._size)
        self._data, self._kept = Flash.buffers[self._size]
        self._is_cut = False
        for block in range(blocks):
            self.ioctl(6, block)
        file_system.mkfs(self)
        self.mount()

    def mount(self):
        """Again after a power cut: what was written after it is not there."""
        if self._is_cut:
            self._data[:] = self._kept
        self._is_cut = False
        self.cut_at = None
        vfs.mount(self._file_system(self), self.point)
        Flash.mounted.append(self)

    def unmount(self):
        Flash.mounted.remove(self)
        vfs.umount(self.point)

    @property
    def is_cut(self):
        return self._is_cut

    def _write(self, at, data):
        if self.writes == self.cut_at:
            self._kept[:] = self._data
            if self.torn:
                half = len(data) // 2
                self._kept[at : at + half] = data[:half]
            self._is_cut = True
        self.writes += 1
        self._data[at : at + len(data)] = data

    def readblocks(self, block, buffer, offset=0):
        at = block * self.block + offset
        buffer[:] = memoryview(self._data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._write(block * self.block + offset, buffer)

    def ioctl(self, request, argument):
        if request == 4:
            return self._size // self.block
        if request == 5:
            return self.block
        if request == 6:
            self._write(argument * self.block, b"\xff" * self.block)
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
