"""The reader: any cut of the bytes gives the same items."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.recording.reader import Reader, ReadError

P = prims.PRIMITIVES
ITEMS = recordings.make(P, recordings.AGREED).items
DATA = b"".join(ITEMS)


def read(chunk):
    reader = Reader()
    items = []
    for at in range(0, len(DATA), chunk):
        items += reader.feed(DATA[at : at + chunk])
    reader.finish()
    return items


def test_any_chunk():
    for chunk in (1, 2, 7, 100, 1000, len(DATA)):
        items = read(chunk)
        assert [item.raw for item in items] == ITEMS
        offset = 0
        for index in range(len(items)):
            assert (items[index].index, items[index].offset) == (index, offset)
            offset += len(ITEMS[index])


def test_kinds():
    items = read(100)
    assert [item.kind for item in items[:3]] == ["header", "keys", "frame"]
    assert items[-1].kind == "seal"
    audio = [item.ctr for item in items if item.kind == "frame" and item.stream == 1]
    assert audio == [0, 1, 2, 3]


def test_cut_short():
    reader = Reader()
    reader.feed(DATA[:-1])
    error = prims.raises(ReadError, reader.finish)
    assert (error.index, error.text) == (len(ITEMS) - 1, "cut short")
    assert error.offset == len(DATA) - len(ITEMS[-1])


def test_unreadable_item_comes_after_the_ones_before_it():
    reader = Reader()
    assert len(reader.feed(ITEMS[0] + ITEMS[1] + b"\x00" + ITEMS[2])) == 2
    error = prims.raises(ReadError, reader.feed, b"")
    assert (error.index, error.text) == (2, "unknown item")
    prims.raises(ReadError, reader.finish)


def test_hostile_length():
    reader = Reader()
    reader.feed(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff")
    assert prims.raises(ReadError, reader.finish).text == "item too long"
