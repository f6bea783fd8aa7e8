"""The device's primitives against plain Python, and the ratchet of the seed."""

import asyncio
import os

from recorder import files
from recorder.storage import primitives
from recorder.storage.primitives import DEVICE
from support.device import stores


def test_xor_at_every_alignment():
    for offset in range(9):
        for source_offset in (0, 1, 4):
            for n in (0, 1, 3, 4, 5, 16, 17, 63, 64, 160, 161):
                target = bytearray(os.urandom(180))
                source = bytearray(os.urandom(180))
                expected = bytearray(target)
                for i in range(n):
                    expected[offset + i] ^= source[source_offset + i]
                DEVICE.xor(target, offset, memoryview(source)[source_offset:], n)
                assert target == expected, (offset, source_offset, n)


def test_aes_is_ecb_in_place():
    # FIPS 197, appendix C.1
    block = bytearray(bytes.fromhex("00112233445566778899aabbccddeeff") * 2)
    DEVICE.aes(bytes(range(16))).encrypt(block, block)
    assert block == bytes.fromhex("69c4e0d86a7b0430d8cdb78070b4c55a") * 2


def test_random_does_not_repeat():
    seen = {DEVICE.random(16) for _ in range(200)}
    assert len(seen) == 200
    assert [len(DEVICE.random(n)) for n in (0, 1, 32, 33, 65)] == [0, 1, 32, 33, 65]


def test_the_random_key_moves_on_with_each_block():
    """Who learns the key cannot compute what was given out before."""
    for n, blocks in ((0, 0), (1, 1), (32, 1), (33, 2), (65, 3)):
        key = DEVICE.key
        DEVICE.random(n)
        for _ in range(blocks):
            key = DEVICE.sha256(b"\x00" + key)
        assert DEVICE.key == key, (n, blocks)


def test_the_seed_is_replaced_at_every_start():
    root = stores.fresh_root("seed")
    hal = stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"})
    seeds = set()
    for _ in range(4):
        before = DEVICE.key
        primitives.start(hal)
        assert DEVICE.key != before
        seeds.add(files.read(root + "/identity/seed.bin"))
    assert len(seeds) == 4 and all(len(seed) == 32 for seed in seeds)
    assert files.names(root + "/identity") == ["seed.bin"]
    stores.remove_tree(root)


def test_the_next_seed_depends_on_the_kept_one():
    """With an entropy source that repeats itself, as a chip's without radio may, keys still do not repeat."""

    class Stuck:
        root = stores.fresh_root("stuck")

        def random(self, n):
            return bytes(n)

    keys = set()
    for _ in range(3):
        DEVICE.key = bytes(32)
        primitives.start(Stuck())
        keys.add(DEVICE.key)
    assert len(keys) == 3
    stores.remove_tree(Stuck.root)


def test_what_the_host_sends_at_provisioning_is_mixed_into_the_seed():
    """A chip's own source may be weak while the radio is off: then the host's challenge makes the difference, for ever."""

    class Stuck:
        def __init__(self, root):
            self.root = root

        def random(self, n):
            return bytes(n)

    seeds = set()
    for challenge in (b"a" * 32, b"b" * 32):
        hal = Stuck(stores.fresh_root("challenge"))
        DEVICE.key = bytes(32)
        primitives.start(hal)
        primitives.start(hal, challenge)
        DEVICE.key = bytes(32)  # a restart
        primitives.start(hal)
        seeds.add((files.read(hal.root + "/identity/seed.bin"), DEVICE.key))
        stores.remove_tree(hal.root)
    assert len(seeds) == 2


async def test_steps_let_other_tasks_run():
    turns = []

    def work():
        for _ in range(5):
            yield
        return 42

    async def other():
        while True:
            turns.append(1)
            await asyncio.sleep_ms(0)

    task = asyncio.create_task(other())
    assert await primitives.steps(work()) == 42
    task.cancel()
    assert len(turns) >= 5
