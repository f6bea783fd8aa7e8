"""Reading one item: what it is, and what is refused."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import item_parser
from testigo_wire.recording import items as recording
from testigo_wire.recording.writer import Writer

P = prims.PRIMITIVES
ID = bytes.fromhex("01890a5d2f807a3c8b1e5d7f00112233")
HEADER_1 = ["testigo", 1, ID, "branch-7", 1, bytes(32), 1700000000000, 2, 1]
NAMED = [[0, b"index-id"], [1, b"audio-id"]]
HEADER = ["testigo", 2] + HEADER_1[2:] + ["0.3.0", b"signerid", 2, b"p" * 32, NAMED]
SEAL = ["seal", 3, bytes(32), 1700000000000, "hang-up", bytes(64)]


def parse(value):
    data = cbor.encode(value)
    item, end = item_parser.parse_item(data)
    assert end == len(data)
    return item


def test_items():
    about = ("0.3.0", b"signerid", b"p" * 32, NAMED)
    header = recording.encode_header(ID, "branch-7", 1, bytes(32), 1700000000000, 2, about)
    assert header == cbor.encode(HEADER)
    assert parse(HEADER).kind == parse(HEADER_1).kind == "header"
    keys = recording.encode_keys(1, [[bytes(8), bytes(113)]])
    assert item_parser.parse_item(keys)[0].stream == 1
    assert parse(SEAL).kind == "seal"
    assert recording.encode_seal(*SEAL[1:]) == cbor.encode(SEAL)
    assert item_parser.parse_item(recording.encode_gone(bytes(32)))[0].kind == "gone"
    frame = parse(b"\x18\x09" + bytes(12))
    assert (frame.kind, frame.stream, frame.ctr, frame.fields) == ("frame", 1, 9, None)


def test_refused_items():
    for at, value, text in (
        (1, 3, "header.version: not one of the known values"),
        (1, 1, "header: not the fields of its version"),
        (2, bytes(15), "header.recording_id: not 16 bytes"),
        (3, "", "header: device_id or number"),
        (3, "x" * 33, "header: device_id or number"),
        (4, 0, "header: device_id or number"),
        (5, bytes(31), "header.previous: not 32 bytes"),
        (6, -1, "header.opened_ms: not an unsigned number"),
        (7, 3, "header.clock: not one of the known values"),
        (2, ID[:6] + b"\x4a" + ID[7:], "header: recording_id is no UUIDv7"),
        (2, ID[:8] + b"\xcb" + ID[9:], "header: recording_id is no UUIDv7"),
        (8, 2, "header: unknown suite"),
        (9, "", "header: firmware"),
        (9, "x" * 33, "header: firmware"),
        (10, bytes(7), "header.signer: not 8 bytes"),
        (11, 1, "header: vocabulary or recipients"),
        (12, b"", "header.policy: not 32 bytes"),
        (13, NAMED * 13, "header: vocabulary or recipients"),
        (13, [[2, bytes(8)]], "header.recipients[0].stream: not one of the known values"),
    ):
        bad = list(HEADER)
        bad[at] = value
        assert str(prims.raises(WireError, parse, bad)) == text
    for bad, text in (
        (["keys", 2, []], "keys.stream: not one of the known values"),
        (["keys", 0, [[bytes(8), bytes(112)]]], "keys.wrapped[0].key: not 113 bytes"),
        (["seal", 1, bytes(32), 1, "bored", bytes(64)], "seal.reason: not one of the known values"),
        (["seal", 1, bytes(32), 1, "test"], "seal: 5 fields, not 6"),
        (["gone", bytes(31)], "gone.digest: not 32 bytes"),
        (["note", 1], "unknown item"),
        ([], "unknown item"),
        ({}, "unknown item"),
        (7, "unknown item"),
        (b"", "frame: no header"),
        (b"\x20" + bytes(12), "frame: unknown stream"),
        (bytes(10), "frame: size"),
        (b"\x08\x09" + bytes(9), "frame: size"),
        (bytes(1 + item_parser.MAX_PLAINTEXT + 1 + 10), "frame: size"),
    ):
        assert str(prims.raises(WireError, parse, bad)) == text, bad


def test_fields_that_cannot_be_written():
    """The Writer checks what it writes."""

    def begin(recording_id, named=NAMED):
        about = ("0.3.0", b"signerid", b"p" * 32, named)
        header = recording.encode_header(recording_id, "d", 1, bytes(32), 1, 2, about)
        return Writer(P, Keystream(P, 32), recordings.Made().sink, recording_id, header)

    prims.raises(WireError, begin, ID[:15])
    prims.raises(WireError, begin, ID, NAMED * 13)
    prims.raises(WireError, begin(ID).open_stream, 0, b"k" * 32, [[bytes(8), bytes(112)]], bytearray(100))
    prims.raises(WireError, begin(ID).seal, 1, "bored", bytes(64))
    prims.raises(WireError, begin(ID).seal, 1, "test", bytes(63))


def test_a_header_with_all_that_it_may_have():
    about = ("x" * 32, b"signerid", b"p" * 32, NAMED * 12)
    header = recording.encode_header(ID, "d" * 32, (1 << 64) - 1, b"\xff" * 32, (1 << 64) - 1, 2, about)
    assert len(header) <= 512  # what an appliance reads of a file to find its header


def test_too_long():
    data = cbor.encode(bytes(recording.MAX_ITEM))
    prims.raises(WireError, item_parser.parse_item, data)
    longest = cbor.encode(b"\x1f" + b"\xff" * 8 + bytes(item_parser.MAX_PLAINTEXT + 10))
    assert len(longest) <= recording.MAX_ITEM
    assert item_parser.parse_item(longest)[1] == len(longest)
