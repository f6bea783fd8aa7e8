"""The items of a recording, one by one, and the chain."""

from support.device import primitives as prims
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import items as recording

P = prims.PRIMITIVES
ID = bytes.fromhex("01890a5d2f807a3c8b1e5d7f00112233")
HEADER_1 = ["testigo", 1, ID, "branch-7", 1, bytes(32), 1700000000000, 2, 1]
NAMED = [[0, b"index-id"], [1, b"audio-id"]]
HEADER = ["testigo", 2] + HEADER_1[2:] + ["0.3.0", b"signerid", 2, b"p" * 32, NAMED]
SEAL = ["seal", 3, bytes(32), 1700000000000, "hang-up", bytes(64)]


def parse(value):
    data = cbor.encode(value)
    item, end = recording.parse_item(data)
    assert end == len(data)
    return item


def test_items():
    about = ("0.3.0", b"signerid", b"p" * 32, NAMED)
    header = recording.encode_header(ID, "branch-7", 1, bytes(32), 1700000000000, 2, about)
    assert header == cbor.encode(HEADER)
    assert parse(HEADER).kind == parse(HEADER_1).kind == "header"
    keys = recording.encode_keys(1, [[bytes(8), bytes(113)]])
    assert recording.parse_item(keys)[0].stream == 1
    assert parse(SEAL).kind == "seal"
    assert recording.encode_seal(*SEAL[1:]) == cbor.encode(SEAL)
    assert recording.parse_item(recording.encode_gone(bytes(32)))[0].kind == "gone"
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
        (bytes(1 + recording.MAX_PLAINTEXT + 1 + 10), "frame: size"),
    ):
        assert str(prims.raises(WireError, parse, bad)) == text, bad


def test_fields_that_cannot_be_encoded():
    about = ("0.3.0", b"signerid", b"p" * 32, NAMED)
    prims.raises(WireError, recording.encode_header, ID[:15], "d", 1, bytes(32), 1, 2, about)
    prims.raises(WireError, recording.encode_header, ID, "d", 1, bytes(32), 1, 2, about[:3] + (NAMED * 13,))
    prims.raises(WireError, recording.encode_seal, 1, bytes(32), 1, "bored", bytes(64))


def test_a_header_with_all_that_it_may_have():
    about = ("x" * 32, b"signerid", b"p" * 32, NAMED * 12)
    header = recording.encode_header(ID, "d" * 32, (1 << 64) - 1, b"\xff" * 32, (1 << 64) - 1, 2, about)
    assert len(header) <= 512  # what an appliance reads of a file to find its header


def test_too_long():
    data = cbor.encode(bytes(recording.MAX_ITEM))
    prims.raises(WireError, recording.parse_item, data)
    longest = cbor.encode(b"\x1f" + b"\xff" * 8 + bytes(recording.MAX_PLAINTEXT + 10))
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
