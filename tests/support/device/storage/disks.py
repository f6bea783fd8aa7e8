"""Disks that fail, for tests on MicroPython: a small one in RAM that can really be full, and a folder whose writes fail."""

import os

import vfs

EIO = 5
ENOSPC = 28
FILLER = "/filler"


class RamBlocks:
    """A block device of vfs.VfsLfs2 and vfs.VfsFat."""

    def __init__(self, size, block):
        self._block = block
        self._data = bytearray(size)

    def readblocks(self, block, buffer, offset=0):
        at = block * self._block + offset
        buffer[:] = memoryview(self._data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * self._block + offset
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, request, argument):
        if request == 4:
            return len(self._data) // self._block
        if request == 5:
            return self._block
        return 0  # 6: erase a block; nothing has to be done before a write


class RamDisk:
    """A file system of `size` bytes, mounted at `point`. kind: vfs.VfsFat, as on a card, or vfs.VfsLfs2, as in a chip's flash.

    LittleFS keeps small files beside their names, so that some fit on a full disk too.
    """

    def __init__(self, point, size, kind=vfs.VfsFat):
        self.point = point
        device = RamBlocks(size, 512 if kind is vfs.VfsFat else 4096)
        kind.mkfs(device)
        vfs.mount(kind(device), point)

    def fill(self):
        with open(self.point + FILLER, "wb") as file:
            size = 4096
            while size:
                try:
                    if file.write(bytes(size)) < size:
                        break
                    file.flush()
                except OSError:
                    size //= 2

    def make_room(self):
        os.remove(self.point + FILLER)

    def close(self):
        vfs.umount(self.point)


class _FailingFile:
    """A file that was opened for writing before the disk failed."""

    def __init__(self, disk, file):
        self._disk = disk
        self._file = file

    def write(self, *data):
        self._disk.check()
        return self._file.write(*data)

    def flush(self):
        self._disk.check()
        self._file.flush()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


class FailingDisk:
    """A folder of this machine, mounted at `point`. `error`: the errno of every write, 0: none. `unreadable`: ends of paths whose
    reading fails with EIO. `failed`: how many writes did."""

    def __init__(self, point, folder):
        self.point = point
        self.error = 0
        self.unreadable = ()
        self.failed = 0
        self._folder = folder
        self._files = vfs.VfsPosix()
        vfs.mount(self, point)

    def check(self):
        if self.error:
            self.failed += 1
            raise OSError(self.error)

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def open(self, path, mode):
        path = self._folder + path
        if "r" in mode and "+" not in mode:
            for end in self.unreadable:
                if path.endswith(end):
                    raise OSError(EIO)
            return self._files.open(path, mode)
        self.check()
        return _FailingFile(self, self._files.open(path, mode))

    def _changing(name):
        def change(self, *paths):
            self.check()
            return getattr(self._files, name)(*[self._folder + path for path in paths])

        return change

    remove = _changing("remove")
    rename = _changing("rename")
    mkdir = _changing("mkdir")
    rmdir = _changing("rmdir")

    def stat(self, path):
        return self._files.stat(self._folder + path)

    def statvfs(self, path):
        found = self._files.statvfs(self._folder + path)
        return found[:3] + (0, 0) + found[5:] if self.error == ENOSPC else found

    def ilistdir(self, path):
        return self._files.ilistdir(self._folder + path)

    def chdir(self, path):
        pass

    def getcwd(self):
        return "/"

    def close(self):
        vfs.umount(self.point)
