"""A LittleFS image of a device's files, for the place where stock MicroPython keeps its file system.

MicroPython's ESP32 port takes the partition named `vfs`; where the table of the image has none, it makes one from the
end of the last partition to the end of the flash. It mounts a file system only if its number of blocks is that of the
partition, so the size has to be exact. The partition table is Espressif's: 32-byte entries at 0x8000 of the flash.
"""

import struct
from dataclasses import dataclass

from littlefs import LittleFS

BLOCK = 4096
TABLE_OFFSET = 0x8000
TABLE_LENGTH = 0xC00
ENTRY = struct.Struct("<HBBII16sI")  # magic, type, subtype, offset, size, label, flags
ENTRY_MAGIC = 0x50AA
FILE_SYSTEMS = ("vfs", "ffat")


class ImageError(Exception):
    """The stock image is not valid, or the files do not fit."""


@dataclass(frozen=True)
class Partition:
    label: str
    offset: int
    size: int


def partitions(stock: bytes, stock_offset: int) -> list[Partition]:
    """The partition table in a stock image that is written to `stock_offset`."""
    table = stock[TABLE_OFFSET - stock_offset : TABLE_OFFSET - stock_offset + TABLE_LENGTH]
    found = []
    for at in range(0, len(table) - ENTRY.size + 1, ENTRY.size):
        magic, _, _, offset, size, label, _ = ENTRY.unpack_from(table, at)
        if magic != ENTRY_MAGIC:
            break
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), offset, size))
    if not found:
        raise ImageError("no partition table in it: is it a MicroPython image for this chip?")
    return found


def file_system_place(stock: bytes, stock_offset: int, flash_size: int) -> Partition:
    """Where the MicroPython in this image will look for its files."""
    table = partitions(stock, stock_offset)
    for partition in table:
        if partition.label in FILE_SYSTEMS:
            return partition
    end = max(partition.offset + partition.size for partition in table)
    if end >= flash_size:
        raise ImageError(f"its partitions end at {end:#x}, and the board's flash at {flash_size:#x}")
    return Partition("vfs", end, flash_size - end)


def file_system(files: dict[str, bytes], size: int) -> bytes:
    """The image of exactly `size` bytes; MicroPython mounts it as VfsLfs2."""
    # The sizes are those of VfsLfs2's defaults: what the chip writes later fits what is here.
    system = LittleFS(
        block_size=BLOCK, block_count=size // BLOCK, read_size=32, prog_size=32, cache_size=128, lookahead_size=32
    )
    room = (size // BLOCK - 4) * BLOCK
    if sum(len(content) for content in files.values()) > room:
        raise ImageError(f"the files need more than the {room} bytes that the board has for them")
    for path, content in files.items():
        folder = path.rpartition("/")[0]
        if folder:
            system.makedirs("/" + folder, exist_ok=True)
        with system.open("/" + path, "wb") as file:
            file.write(content)
    return bytes(system.context.buffer)
