"""The verifier against the vectors: what is whole passes, what is not is named."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import audio_frame, erasure, item_parser, rewrite
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item
from testigo_wire.recording.stream import buffer_size
from testigo_wire.recording.verifier import Verifier
from testigo_wire.recording.writer import Writer

P = prims.PRIMITIVES
VECTORS_1 = prims.vectors("recording_1")
VECTORS = prims.vectors("recording_2")
DEVICE = bytes.fromhex(VECTORS["device"])
OPERATOR = bytes.fromhex(VECTORS["operator"])
PREVIOUS = (VECTORS["previous"][0], bytes.fromhex(VECTORS["previous"][1]))
CHECKED = {}


def signed(digest, signature, signer):
    if signer not in (None, recording.key_id(P, DEVICE)):
        return False
    key = digest + signature
    if key not in CHECKED:
        CHECKED[key] = p256.finish(ecdsa.verify_steps(P, DEVICE, digest, signature))
    return CHECKED[key]


def entries_of(vectors):
    """The wrapped keys of all good recordings, which open."""
    found = []
    for vector in vectors["good"]:
        for data in vector["items"]:
            item = parse_item(bytes.fromhex(data))[0]
            if item.kind == "keys":
                found.append((item.stream, item.fields[2]))
    return found


ENTRIES = entries_of(VECTORS) + entries_of(VECTORS_1)


def open_key(stream, recording_id, wrapped):
    """Stands for opening with HPKE: gives the base keys only for what was wrapped for this recording."""
    if recording_id != recordings.RECORDING_ID or (stream, wrapped) not in ENTRIES:
        raise WireError("wrapped key does not open")
    return recordings.BASE_KEYS[stream]


def items_of(vector):
    return [bytes.fromhex(item) for item in vector["items"]]


AGREED = items_of(VECTORS["good"][0])
AGREED_1 = items_of(VECTORS_1["good"][0])


def records_of(vector):
    return [erasure.parse(bytes.fromhex(record)) for record in vector.get("erasures", ())]


def verify(items, keys=True, **more):
    more = dict({"erasures": []}, **more)
    verifier = Verifier(P, signed, open_key if keys else None, PREVIOUS, **more)
    verifier.feed(b"".join(items))
    verifier.finish()
    return verifier


def found(verifier):
    return [[finding.code, finding.item] for finding in verifier.findings]


def apply(items, do, at, byte):
    items = list(items)
    if do == "flip":
        item = bytearray(items[at])
        item[byte] ^= 1
        items[at] = bytes(item)
    elif do == "drop":
        del items[at]
    elif do == "repeat":
        items.insert(at, items[at])
    elif do == "swap":
        items[at], items[at + 1] = items[at + 1], items[at]
    elif do == "cut":
        items[at:] = [items[at][:byte]]
    else:
        items.append(b"\x00")
    return items


def test_good():
    for vector in VECTORS["good"] + VECTORS_1["good"]:
        for keys in (True, False):
            verifier = verify(items_of(vector), keys, erasures=records_of(vector))
            assert verifier.findings == [], (vector["name"], verifier.findings)
            assert verifier.header[3] == recordings.DEVICE_ID


def test_what_is_read():
    verifier = verify(AGREED)
    assert [event[0] for event in verifier.events] == [
        "call", "policy", "terms", "media", "media", "confirmed", "confirmed", "notice", "consent", "worker",
        "dtmf", "quality", "hang_up",
    ]  # fmt: skip
    assert verifier.audio_frames == 4
    assert verifier.header[9:12] == [recordings.FIRMWARE, recording.key_id(P, DEVICE), 2]
    assert verifier.seal[4] == "hang-up"
    assert verify(AGREED, False).events == []
    assert len(verifier.digests) == len(AGREED) - 1
    assert [event[0] for event in verify(AGREED_1).events] == [
        "call", "policy", "media", "media", "notice", "consent", "dtmf", "quality", "hang_up",
    ]  # fmt: skip


def good(name):
    return [vector for vector in VECTORS["good"] if vector["name"] == name][0]


def test_erased():
    verifier = verify(items_of(good("erased after a late objection")))
    assert (verifier.gone, verifier.audio_frames, verifier.seal[4]) == (5, 0, "objection")
    verifier = verify(items_of(VECTORS_1["good"][2]))
    assert (verifier.gone, verifier.audio_frames, verifier.seal[4]) == (5, 0, "objection")
    vector = good("a range erased by the vault")
    verifier = verify(items_of(vector), erasures=records_of(vector))
    assert (verifier.gone, verifier.audio_frames) == (2, 2)
    assert verifier.gone_items == [14, 16]


def test_what_is_gone_where_the_records_are_not_known():
    for name in ("all audio erased by the vault", "a range erased by the vault"):
        items = items_of(good(name))
        assert verify(items, erasures=None).findings == []
        assert "erased" in [code for code, _ in found(verify(items))]
    said = [vector for vector in VECTORS["faults"] if vector["name"] == "fewer erased than said"][0]
    assert found(verify(items_of(said), erasures=None)) == [["erased", None]]


def test_an_event_of_a_later_vocabulary_is_kept_and_told():
    verifier = verify(items_of(good("a later vocabulary")))
    assert verifier.unknown_events == [["weather", 60, 7, ["rain", b"\x01"]]]
    assert verifier.unknown_events[0] in verifier.events
    assert verify(AGREED).unknown_events == []


def test_what_is_wrong():
    for vector in VECTORS["wrong_order"] + VECTORS["faults"]:
        verifier = verify(items_of(vector), erasures=records_of(vector))
        assert found(verifier) == vector["findings"], (vector["name"], verifier.findings)
    for vector in VECTORS_1["wrong_order"]:
        assert found(verify(items_of(vector))) == vector["findings"], vector["name"]


def test_siblings():
    for vector in VECTORS["siblings_of_agreed"]:
        changed = apply(AGREED, vector["do"], vector["item"], vector["at"])
        assert found(verify(changed)) == vector["findings"], vector


def test_siblings_of_version_1():
    for vector in VECTORS_1["siblings_of_agreed"]:
        findings = found(verify(apply(AGREED_1, vector["do"], vector["item"], vector["at"])))
        for finding in vector["findings"]:
            assert finding in findings, (vector, findings)


def test_siblings_are_found_without_keys():
    for vectors, items in ((VECTORS, AGREED), (VECTORS_1, AGREED_1)):
        for vector in vectors["siblings_of_agreed"]:
            changed = apply(items, vector["do"], vector["item"], vector["at"])
            assert verify(changed, False).findings, vector


def test_a_suite_with_other_sizes():
    """A hybrid key encapsulation needs an entry in the table of suites and nothing else here."""
    item_parser.SUITES[9] = (1168, 3309)
    try:
        header = cbor.decode(AGREED[0])
        header[8] = 9
        header[13] = [[0, b"hybrid-0"], [1, b"hybrid-1"]]
        made = recordings.Made()
        writer = Writer(P, Keystream(P), made.sink, recordings.RECORDING_ID, cbor.encode(header))
        for stream in (0, 1):
            wrapped = [[header[13][stream][1], bytes(1168)]]
            opened = writer.open_stream(stream, recordings.BASE_KEYS[stream], wrapped, bytearray(buffer_size(256)))
            if stream == 0:
                for step in recordings.AGREED[:11]:
                    if step[0] != "audio keys":
                        writer.event(*step)
        opened.buffer[opened.start : opened.start + 5] = b"\x01" + bytes(4)
        end = audio_frame.put(opened.buffer, opened.start + 5, 0, 0, recordings.packet(1, bytes(20)))
        writer.write(opened.seal(end - opened.start))
        writer.event("hang_up", 6100, 1, 200, "BYE")
        writer.seal_digest(1, "hang-up")
        writer.seal(1, "hang-up", bytes(3309))
        verifier = Verifier(P, None, recordings.base_keys)
        verifier.feed(made.data)
        assert verifier.finish() == [] and verifier.audio_frames == 1
        assert len(verifier.seal[5]) == 3309
        out = recordings.Made()
        erased = p256.finish(rewrite.erase_steps(P, recordings.reading(made.data), out.sink, bytearray(4096)))
        assert (erased, len(out.items)) == (2, len(made.items))
    finally:
        del item_parser.SUITES[9]


def test_kept_digests_show_what_changed_without_keys():
    digests = verify(AGREED).digests
    for at, byte in ((0, 36), (1, -1), (5, -1), (14, -1), (19, -1)):
        changed = apply(AGREED, "flip", at, byte)
        assert ["changed", at] in found(verify(changed, False, digests=digests))
    assert verify(AGREED, False, digests=digests).findings == []
    assert ["changed", None] in found(verify(apply(AGREED, "drop", 19, 0), False, digests=digests))


def test_continuity():
    def run(previous):
        verifier = Verifier(P, None, None, previous)
        verifier.feed(b"".join(AGREED))
        return [finding.code for finding in verifier.finish()]

    assert run(PREVIOUS) == []
    assert run((2, PREVIOUS[1])) == ["continuity"]
    assert run((1, bytes(32))) == ["continuity"]


def test_the_first_recording_has_no_previous_one():
    def run(number, previous):
        verifier = Verifier(P)
        verifier.feed(recordings.header(number, previous))
        return [finding.code for finding in verifier.finish() if finding.code != "truncated"]

    assert run(1, bytes(32)) == []
    assert run(1, bytes(31) + b"\x01") == ["continuity"]
    assert run(2, bytes(31) + b"\x01") == []


def test_another_device():
    verifier = Verifier(P, lambda digest, signature, signer: False)
    verifier.feed(b"".join(AGREED))
    assert [finding.code for finding in verifier.finish()] == ["signature"]


def test_empty():
    assert [finding.code for finding in Verifier(P).finish()] == ["truncated"]
