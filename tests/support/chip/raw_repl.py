"""A chip for `testigo flash`: real MicroPython with a real LittleFS as its root, and the raw REPL of the chip's port.

The Unix port has no raw REPL of its own, so this script plays it on stdin and stdout. Started by `test_repl.py`.
"""

import gc
import io
import os
import sys

import vfs

BLOCKS = 256
SIZE = 4096


class Flash:
    """Block device in memory, with the extended interface that LittleFS wants."""

    def __init__(self):
        self.data = bytearray(b"\xff" * BLOCKS * SIZE)

    def readblocks(self, block, buffer, offset=0):
        start = block * SIZE + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * SIZE + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, _):
        return {4: BLOCKS, 5: SIZE}.get(op, 0)


class Machine:
    """Stands where the chip's module would be."""

    class RTC:
        def memory(self, data):
            pass

    @staticmethod
    def reset():
        sys.stdout.write("reset\r\n")
        sys.exit(0)


def run(code, names):
    try:
        exec(code, names)
    # Whatever the code raised is what the other end wants to read.
    except Exception as error:  # noqa: BLE001
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    return ""


def main():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash), "/")
    os.chdir("/")
    sys.modules["machine"] = Machine
    write = sys.stdout.write
    read = sys.stdin.buffer.read
    names = {}
    line = b""
    raw = False
    while True:
        byte = read(1)
        if not byte:
            return
        if byte == b"\x01":
            raw, line = True, b""
            write("raw REPL; CTRL-B to exit\r\n>")
        elif byte == b"\x03":
            line = b""
            if not raw:
                write("\r\n>>> ")
        elif not raw:
            write(byte)
        elif byte == b"\x05":
            read(2)
            write("R\x00")  # raw paste is understood, and not to be had
        elif byte == b"\x04":
            write("OK")
            error = run(line, names)
            write("\x04" + error + "\x04>")
            line = b""
            gc.collect()
        elif byte != b"\r" or line:
            line += byte


main()
