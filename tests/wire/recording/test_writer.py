"""The writer against the reader's idea of the format."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item
from testigo_wire.recording.stream import START, buffer_size
from testigo_wire.recording.writer import Writer

P = prims.PRIMITIVES


def test_matches_the_vectors():
    # The vectors' keys items and signatures are made with HPKE and ECDSA; everything else the writer makes here.
    vectors = prims.vectors("recording_2")
    expected = [bytes.fromhex(item) for item in vectors["good"][0]["items"]]
    keys = [parse_item(item)[0].fields[2] for item in expected if parse_item(item)[0].kind == "keys"]
    signature = parse_item(expected[-1])[0].fields[5]
    made = recordings.make(
        P,
        recordings.AGREED,
        sign=lambda digest: signature,
        number=2,
        previous=b"\xaa" * 32,
        wrapped=keys,
        signer=parse_item(expected[0])[0].fields[10],
    )
    assert made.items == expected


def test_item_lengths():
    # The CBOR head grows at 24 and at 256 bytes.
    for length in (0, 1, 10, 11, 12, 13, 14, 200, 243, 244, 245, 246, 5000, 8192):
        made = recordings.Made()
        items = made.items
        writer = Writer(P, Keystream(P), made.sink, recordings.RECORDING_ID, recordings.header())
        stream = writer.open_stream(1, b"k" * 32, [], bytearray(buffer_size(8192)))
        stream.buffer[START : START + length] = b"\x55" * length
        sealed = stream.seal(length)
        writer.write(sealed)
        item, end = parse_item(items[2])
        assert (item.stream, item.ctr, end) == (1, 0, len(items[2]))
        assert len(item.body) == 1 + length + 10
        assert bytes(sealed) == items[2]
        at = bytes(stream.buffer).find(items[2])
        assert at >= 0 and at + len(items[2]) == START + length + 10, "sealed in place"


def test_limits():
    made = recordings.write(P, recordings.REFUSED)
    prims.raises(recording.RecordingError, made.writer.event, "gap", 7000, 1, 1, 1, "x" * 300)
    made.writer.event("gap", 7000, 1, 1, 1, "x" * 100)
    stream = made.writer.open_stream(1, b"k" * 32, [], bytearray(buffer_size(100)))
    prims.raises(recording.RecordingError, stream.seal, 101)


def test_nothing_after_the_digest_is_signed():
    made = recordings.write(P, recordings.REFUSED)
    made.writer.seal_digest(recordings.OPENED_MS + 7000, "refused")
    prims.raises(recording.RecordingError, made.writer.event, "pause", 7100)


def test_header_digest():
    made = recordings.write(P, recordings.REFUSED)
    assert made.writer.header_digest == P.sha256(made.items[0])
    assert made.writer.items == len(made.items)
