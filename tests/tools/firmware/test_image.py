"""The image of a board's files: MicroPython's own LittleFS mounts it, and it lies where the stock image wants it."""

import hashlib

import pytest

from support.micropython_runner import ROOT, run_micropython
from testigo_tools.firmware.image import (
    ENTRY,
    ENTRY_MAGIC,
    ImageError,
    Partition,
    file_system,
    file_system_place,
    partitions,
)

SIZE = 0x200000
FILES = {"main.py": b"pass\n", "lib/recorder/a.mpy": bytes(5000), "lib/testigo_wire/b.mpy": b"M\x06" * 3000}
TABLE = [(1, 2, 0x9000, 0x6000, b"nvs"), (1, 1, 0xF000, 0x1000, b"phy_init"), (0, 0, 0x10000, 0x1F0000, b"factory")]
VFS = (1, 0x81, 0x200000, 0x180000, b"vfs")


def stock(entries, stock_offset):
    """An image with a partition table where Espressif's boot loader has it."""
    table = b"".join(ENTRY.pack(ENTRY_MAGIC, *entry, 0) for entry in entries)
    return bytes(0x8000 - stock_offset) + table.ljust(0xC00, b"\xff") + bytes(64)


def test_micropython_mounts_it_and_writes_to_it(micropython, tmp_path):
    image = tmp_path / "files.bin"
    image.write_bytes(file_system(FILES, SIZE))
    assert image.stat().st_size == SIZE
    done = run_micropython(ROOT / "tests" / "support" / "chip" / "mount_image.py", [str(image)], heap="16m")
    digests = {f"/image/{path} {hashlib.sha256(content).hexdigest()}" for path, content in FILES.items()}
    *listed, written = done.stdout.splitlines()
    assert (set(listed), written) == (digests, "written by MicroPython")


def test_files_that_do_not_fit_are_refused():
    with pytest.raises(ImageError, match="need more"):
        file_system({"big": bytes(65536)}, 65536)


@pytest.mark.parametrize("stock_offset", [0, 0x1000])
def test_the_file_system_is_behind_the_last_partition(stock_offset):
    """As `main.c` of the ESP32 port makes it, since the table of its images has no file system."""
    image = stock(TABLE, stock_offset)
    assert [partition.label for partition in partitions(image, stock_offset)] == ["nvs", "phy_init", "factory"]
    assert file_system_place(image, stock_offset, 0x400000) == Partition("vfs", 0x200000, 0x200000)
    assert file_system_place(image, stock_offset, 0x800000) == Partition("vfs", 0x200000, 0x600000)


def test_a_file_system_in_the_partition_table_is_used():
    image = stock([*TABLE, VFS], 0x1000)
    assert file_system_place(image, 0x1000, 0x400000) == Partition("vfs", 0x200000, 0x180000)


def test_an_image_for_another_chip_or_too_small_a_flash_is_refused():
    with pytest.raises(ImageError, match="partition table"):
        partitions(stock(TABLE, 0x1000), 0)
    with pytest.raises(ImageError, match="flash"):
        file_system_place(stock(TABLE, 0), 0, 0x200000)
