"""Do the faults of flash.py happen as planned, and nothing else?

Started by test_flash.py, on MicroPython; prints "ok" at the end.
"""

import vfs

from faults.device.flash import CUT, EIO, FAIL, REORDER, TEAR, Life, Medium, PowerCut

BLOCK = 512
SYNC = 3


def medium():
    made = Medium(16, BLOCK)
    made.bytes[:] = bytes(16 * BLOCK)
    return made


def writes(life, count, first=0):
    """-> the block at which the power was cut, or None."""
    for block in range(first, first + count):
        try:
            life.writeblocks(block, bytes((block + 1,)) * BLOCK)
        except PowerCut:
            return block
    return None


def content(made):
    return [made.bytes[block * BLOCK] for block in range(16)]


def check_failing_writes():
    for lasting in (False, True):
        made = medium()
        life = Life(made)
        life.plan(FAIL, 2, EIO, lasting)
        answers = [life.writeblocks(block, b"\x07" * BLOCK) for block in range(4)]
        assert answers == ([0, -EIO, -EIO, -EIO] if lasting else [0, -EIO, 0, 0]), answers
        assert content(made)[:4] == ([7, 0, 0, 0] if lasting else [7, 0, 7, 7])


def check_cuts():
    for what, half in ((CUT, 0), (TEAR, 3)):
        made = medium()
        life = Life(made)
        told = []
        life.on_fault = lambda: told.append(1)
        life.plan(what, 3)
        assert writes(life, 5) == 2 and told == [1]
        assert life.writeblocks(5, b"\x07" * BLOCK) == 0  # after the cut nothing is written
        assert content(made)[:6] == [1, 2, half, 0, 0, 0]
        assert made.bytes[3 * BLOCK - 1] == 0  # the second half


def check_reordered_writes():
    outcomes = set()
    for seed in range(40):
        made = medium()
        life = Life(made)
        state = [seed]

        def below(limit):
            state[0] = (state[0] * 1103515245 + 12345) & 0x3FFFFFFF
            return (state[0] >> 8) % limit

        life.plan(REORDER, 6, below)
        assert writes(life, 2) is None
        life.ioctl(SYNC, 0)
        assert writes(life, 6, 2) == 5
        found = content(made)
        assert found[:2] == [1, 2], "what was synced is lost"
        assert found[6:] == [0] * 10
        outcomes.add(tuple(found[2:6]))
    assert len(outcomes) > 5, outcomes


def check_file_systems():
    """A cut leaves a file system that can be mounted, with all that was flushed before."""
    for kind, mount, size in (
        (vfs.VfsLfs2, {"readsize": 32, "progsize": 32, "lookahead": 32}, 4096), (vfs.VfsFat, {}, BLOCK),
    ):  # fmt: skip
        made = Medium(64 if size == 4096 else 512, size)
        kind.mkfs(Life(made), **mount)
        life = Life(made)
        vfs.mount(kind(life, **mount), "/flash")
        kept = open("/flash/kept", "wb")
        kept.write(b"kept" * 500)
        kept.close()
        life.plan(CUT, 3)
        try:
            lost = open("/flash/lost", "wb")
            lost.write(b"lost" * 5000)
            lost.close()
            raise AssertionError("no cut")
        except PowerCut:
            pass
        vfs.umount("/flash")
        vfs.mount(kind(Life(made), **mount), "/flash")
        with open("/flash/kept", "rb") as file:
            assert file.read() == b"kept" * 500
        vfs.umount("/flash")


check_failing_writes()
check_cuts()
check_reordered_writes()
check_file_systems()
print("ok")
