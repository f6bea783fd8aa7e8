"""Mounts a LittleFS image, writes to it, and lists its files with their digests. Runs on MicroPython."""

import hashlib
import os
import sys

import vfs

SIZE = 4096


class Flash:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = bytearray(file.read())

    def readblocks(self, block, buffer, offset=0):
        start = block * SIZE + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * SIZE + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, _):
        return {4: len(self.data) // SIZE, 5: SIZE}.get(op, 0)


def walk(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            walk(path)
        else:
            with open(path, "rb") as file:
                print(path, hashlib.sha256(file.read()).digest().hex())


vfs.mount(vfs.VfsLfs2(Flash(sys.argv[1])), "/image")
walk("/image")
with open("/image/new", "w") as file:
    file.write("written by MicroPython")
with open("/image/new") as file:
    print(file.read())
