"""Flushes beside the event loop. Under the clock of tests one is over when it is looked at."""

import gc

from recorder.hal_unix_flush import Flusher
from support.device import stores

HEAP = "500k"  # in a smaller one files are flushed in the event loop
EINVAL = 22


def hal(root):
    made = stores.Appliance(root).hal
    made._in_memory = False  # the folder for tests may be so
    return made


def error_of(function, *arguments):
    try:
        function(*arguments)
    except OSError as exc:
        return exc.errno
    return 0


def test_a_file_is_flushed_again_and_again():
    root = stores.fresh_root("flush")
    flusher = hal(root).flusher()
    with open(root + "/file", "wb") as file:
        for _ in range(5):
            file.write(bytes(5000))
            assert flusher.flush(file)
            gc.collect()  # what the C library still writes to stays where it is
            assert not flusher.runs()
    stores.remove_tree(root)


def test_an_error_is_told_once():
    root = stores.fresh_root("flush")
    flusher = hal(root).flusher()
    with open("/dev/null", "wb") as device, open(root + "/file", "wb") as file:
        assert flusher.flush(device)  # it cannot be flushed
        assert error_of(flusher.flush, file) == EINVAL
        assert flusher.flush(file) and not flusher.runs()
    stores.remove_tree(root)


def test_a_file_of_another_file_system_is_flushed_at_once():
    class File:
        """As of MicroPython's own file systems: without a number of the operating system."""

        flushed = 0

        def flush(self):
            self.flushed += 1

    file = File()
    flusher = Flusher()
    assert flusher.flush(file) and file.flushed == 1 and not flusher.runs()


async def test_the_hal_waits_for_the_end_and_tells_the_error():
    root = stores.fresh_root("flush")
    machine = hal(root)
    for flusher in (None, machine.flusher()):
        with open(root + "/file", "wb") as file:
            file.write(b"x")
            await machine.flush(file, flusher)
        with open("/dev/null", "wb") as device:
            try:
                await machine.flush(device, flusher)
                raise AssertionError("flushed")
            except OSError as exc:
                assert exc.errno == EINVAL
    stores.remove_tree(root)


def test_a_small_heap_flushes_in_the_event_loop():
    root = stores.fresh_root("flush")
    machine = hal(root)
    machine.heap_small = True
    assert machine.flusher() is None
    stores.remove_tree(root)
