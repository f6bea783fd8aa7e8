"""The technician's log: bounded in memory and on flash."""

from recorder import files
from recorder.log import FILE_SIZE, LINE_LENGTH, LINES, Log
from support.device import stores


class Machine:
    calls = 0

    def __init__(self):
        self.root = stores.fresh_root("log")

    def unix_ms(self):
        return 1234567890123


def test_lines_are_bounded():
    hal = Machine()
    log = Log(hal)
    for i in range(1000):
        log("line %d " % i + "x" * 300)
    assert len(log.lines()) == LINES and log.lines(2)[1].startswith("1234567890 line 999 ")
    assert max(len(line) for line in log.lines()) == LINE_LENGTH + 11
    size = files.size(hal.root + "/log.txt") + files.size(hal.root + "/log.txt.old")
    assert size < 2 * FILE_SIZE + 2 * LINE_LENGTH
    stores.remove_tree(hal.root)


def test_line_breaks_are_replaced():
    hal = Machine()
    log = Log(hal)
    log("a\nb\r\x1b[31m\u00e9")
    assert log.lines() == ["1234567890 a?b??[31m?"]
    stores.remove_tree(hal.root)


def test_nothing_is_written_while_a_call_is_up():
    hal = Machine()
    log = Log(hal)
    hal.calls = 1
    log("one")
    log("two")
    assert files.size(hal.root + "/log.txt") < 0
    hal.calls = 0
    log("three")
    assert files.read(hal.root + "/log.txt") == b"1234567890 one\n1234567890 two\n1234567890 three\n"
    stores.remove_tree(hal.root)


def test_flash_write_error_keeps_the_lines_in_memory():
    hal = Machine()
    log = Log(hal)
    stores.remove_tree(hal.root)
    log("still here")
    assert log.lines() == ["1234567890 still here"]
