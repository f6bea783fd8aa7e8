"""The items of a recording, one by one, and the chain."""

from support.device import primitives as prims
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import items as recording

P = prims.PRIMITIVES
HEADER = ["testigo", 1, bytes(16), "branch-7", 1, bytes(32), 1700000000000, 2, 1]
SEAL = ["seal", 3, bytes(32), 1700000000000, "hang-up", bytes(64)]


def parse(value):
    data = cbor.encode(value)
    item, end = recording.parse_item(data)
    assert end == len(data)
    return item


def test_items():
    header = recording.encode_header(bytes(16), "branch-7", 1, bytes(32), 1700000000000, 2)
    assert header == cbor.encode(HEADER)
    assert parse(HEADER).kind == "header"
    keys = recording.encode_keys(1, [[bytes(8), bytes(113)]])
    assert recording.parse_item(keys)[0].stream == 1
    assert parse(SEAL).kind == "seal"
    assert recording.encode_seal(*SEAL[1:]) == cbor.encode(SEAL)
    assert recording.parse_item(recording.encode_gone(bytes(32)))[0].kind == "gone"
    frame = parse(b"\x18\x09" + bytes(12))
    assert (frame.kind, frame.stream, frame.ctr, frame.fields) == ("frame", 1, 9, None)


def test_refused_items():
    for at, value, text in (
        (1, 2, "header.version: not one of the known values"),
        (2, bytes(15), "header.recording_id: not 16 bytes"),
        (3, "", "header: device_id or number"),
        (3, "x" * 33, "header: device_id or number"),
        (4, 0, "header: device_id or number"),
        (5, bytes(31), "header.previous: not 32 bytes"),
        (6, -1, "header.opened_ms: not an unsigned number"),
        (7, 3, "header.clock: not one of the known values"),
        (8, 2, "header.suite: not one of the known values"),
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
    ):
        assert str(prims.raises(WireError, parse, bad)) == text, bad


def test_fields_that_cannot_be_encoded():
    prims.raises(WireError, recording.encode_header, bytes(15), "d", 1, bytes(32), 1, 2)
    prims.raises(WireError, recording.encode_seal, 1, bytes(32), 1, "bored", bytes(64))


def test_too_long():
    data = cbor.encode(bytes(recording.MAX_ITEM))
    prims.raises(WireError, recording.parse_item, data)
    longest = cbor.encode(b"\x10" + bytes(recording.MAX_PLAINTEXT + 8 + 10))
    assert len(longest) <= recording.MAX_ITEM
    assert recording.parse_item(longest)[1] == len(longest)


def test_chain():
    chain = recording.Chain(P)
    head = P.sha256(b"testigo chain 1")
    assert chain.head == head
    for item in (b"one", b"two"):
        digest = P.sha256(item)
        head = P.sha256(head + digest)
        assert chain.add(item) == digest
        assert chain.head == head
    other = recording.Chain(P)
    other.add(b"one")
    other.add_digest(P.sha256(b"two"))
    assert (other.head, other.items) == (chain.head, 2)


def test_what_the_device_signs():
    message = cbor.encode(["testigo seal 1", bytes(16), 4, bytes(32), 9, "test"])
    assert recording.seal_digest(P, bytes(16), 4, bytes(32), 9, "test") == P.sha256(message)
    assert recording.wrap_info(b"i" * 16, 1) == b"testigo hpke 1" + b"i" * 16 + b"\x01"
    assert recording.key_id(P, b"public") == P.sha256(b"public")[:8]
