"""Records of what a vault erased of a recording."""

from support.device import primitives as prims
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.errors import WireError
from testigo_wire.recording import erasure

P = prims.PRIMITIVES
VECTORS = prims.vectors("erasure")
OPERATOR = bytes.fromhex(VECTORS["operator"])
RECORDS = [bytes.fromhex(vector["record"]) for vector in VECTORS["records"]]


def test_vectors():
    for data, vector in zip(RECORDS, VECTORS["records"]):
        record = erasure.parse(data)
        assert record.digest(P).hex() == vector["digest"], vector["name"]
        assert p256.finish(ecdsa.verify_steps(P, OPERATOR, record.digest(P), record.signature)), vector["name"]
        assert erasure.encode(record.version, record.body, record.signature) == data


def test_malformed():
    for vector in VECTORS["malformed"]:
        error = prims.raises(WireError, erasure.parse, bytes.fromhex(vector["record"]))
        assert str(error) == vector["refused"], (vector["name"], str(error))


def test_what_it_covers():
    audio, spoken, tomb = [erasure.parse(data) for data in RECORDS]
    assert [index for index in range(16) if audio.covers(index)] == [8, 9, 10, 12, 13]
    assert (spoken.from_ms, spoken.until_ms, spoken.by, spoken.reason) == (4000, 9500, "maria", "card number")
    assert tomb.scope == erasure.RECORDING and not tomb.covers(0)
    assert erasure.runs_of([8, 9, 10, 12, 13]) == audio.runs
    assert erasure.runs_of([]) == []


def test_which_recording_it_belongs_to():
    record = erasure.parse(RECORDS[0])
    header = ["testigo", 2, record.recording_id, record.device_id, record.number]
    assert record.belongs_to(header, record.header, record.head)
    assert not record.belongs_to(header, record.header, bytes(32))
    assert not record.belongs_to(header, bytes(32), record.head)
    for at, value in ((2, bytes(16)), (3, "branch-8"), (4, 3)):
        other = list(header)
        other[at] = value
        assert not record.belongs_to(other, record.header, record.head)


def test_too_long():
    record = erasure.parse(RECORDS[0])
    runs = [[3 * i, 3 * i + 1] for i in range(12000)]
    body = record.body[:7] + [runs] + record.body[8:]
    error = prims.raises(WireError, erasure.encode, 1, body, bytes(64))
    assert str(error) == "erasure: too long"


def test_frames_are_erased_and_the_rest_stays():
    recording = prims.vectors("recording_2")
    items = [bytes.fromhex(item) for item in recording["good"][0]["items"]]
    erased = [vector for vector in recording["good"] if vector["name"] == "a range erased by the vault"][0]
    data = erasure.erase_items(P, b"".join(items), [14, 16])
    assert data == b"".join([bytes.fromhex(item) for item in erased["items"]])
    assert erasure.erase_items(P, data, [16, 14]) == data, "a second time nothing changes"
    for index, text in (
        (0, "item 0 is no audio frame"),
        (2, "item 2 is no audio frame"),
        (12, "item 12 is no audio frame"),
        (20, "item 20 is no audio frame"),
        (21, "no item 21"),
    ):
        error = prims.raises(WireError, erasure.erase_items, P, b"".join(items), [14, index])
        assert str(error) == text
    prims.raises(WireError, erasure.erase_items, P, b"".join(items)[:-1], [14])
