"""The clock over a reset."""

from recorder import files
from recorder.clock import KEEP_EVERY_MS, Clock
from recorder.log import Log
from support.device import stores

NOW = 1800000000000


class Chip:
    """A machine whose clock starts in 2000."""

    calls = 0

    def __init__(self, root):
        self.root = root
        self.clock = 0
        self.now = 946684800000

    def unix_ms(self):
        return self.now

    def set_unix_ms(self, unix_ms):
        self.now = unix_ms
        self.clock = 2


def test_kept_time_is_set_at_the_start():
    root = stores.fresh_root("clock")
    chip = Chip(root)
    clock = Clock(chip, Log(chip))
    clock.load()
    assert chip.clock == 0
    clock.keep()
    assert files.size(root + "/clock.bin") < 0, "an unset clock is not kept"
    clock.set(NOW)
    assert chip.clock == 2
    chip = Chip(root)
    Clock(chip, Log(chip)).load()
    assert chip.clock == 1 and chip.now == NOW
    stores.remove_tree(root)


def test_time_is_written_rarely():
    root = stores.fresh_root("rare")
    chip = Chip(root)
    clock = Clock(chip, Log(chip))
    clock.set(NOW)
    written = 0
    last = files.read(root + "/clock.bin")
    for _ in range(3600):
        chip.now += 1000
        clock.keep()
        data = files.read(root + "/clock.bin")
        written += data != last
        last = data
    assert written == 3600000 // KEEP_EVERY_MS
    stores.remove_tree(root)


def test_clock_set_back_is_kept():
    root = stores.fresh_root("back")
    chip = Chip(root)
    clock = Clock(chip, Log(chip))
    clock.set(NOW)
    clock.set(NOW - 86400000)
    chip = Chip(root)
    Clock(chip, Log(chip)).load()
    assert chip.now == NOW - 86400000
    stores.remove_tree(root)
