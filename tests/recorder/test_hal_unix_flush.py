"""Flushes beside the event loop. Under the clock of tests a flush is over when its result is looked at."""

import gc

from recorder.hal_unix_flush import Flush
from support.device import stores

EINVAL = 22


def test_a_file_is_flushed_again_and_again():
    root = stores.fresh_root("flush")
    flush = Flush()
    assert flush.result() == 0
    with open(root + "/file", "wb") as file:
        for _ in range(5):
            file.write(bytes(5000))
            assert flush.begin(file)
            gc.collect()  # what the C library still writes to stays where it is
            assert flush.result() == 0
    stores.remove_tree(root)


def test_an_error_stays_until_the_next_flush():
    root = stores.fresh_root("flush")
    flush = Flush()
    with open("/dev/null", "wb") as device, open(root + "/file", "wb") as file:
        assert flush.begin(device)
        assert (flush.result(), flush.result()) == (EINVAL, EINVAL)  # it cannot be flushed
        assert flush.begin(file) and flush.result() == 0
    stores.remove_tree(root)


def test_a_file_of_another_file_system_is_left_to_the_caller():
    class File:
        """As of MicroPython's own file systems: without a number of the operating system."""

    assert not Flush().begin(File())


async def test_the_hal_waits_for_the_end_and_tells_the_error():
    root = stores.fresh_root("flush")
    hal = stores.Appliance(root).hal
    with open(root + "/file", "wb") as file:
        file.write(b"x")
        await hal.flush(file)
    with open("/dev/null", "wb") as device:
        try:
            await hal.flush(device)
            raise AssertionError("flushed")
        except OSError as exc:
            assert exc.errno == EINVAL
    stores.remove_tree(root)
