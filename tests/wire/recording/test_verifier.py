"""The verifier against the vectors: what is whole passes, what is not is named."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.errors import WireError
from testigo_wire.recording.items import encode_header
from testigo_wire.recording.verifier import Verifier

P = prims.PRIMITIVES
VECTORS = prims.vectors("recording")
DEVICE = bytes.fromhex(VECTORS["device"])
PREVIOUS = (VECTORS["previous"][0], bytes.fromhex(VECTORS["previous"][1]))
CHECKED = {}


def signed(digest, signature):
    key = digest + signature
    if key not in CHECKED:
        CHECKED[key] = p256.finish(ecdsa.verify_steps(P, DEVICE, digest, signature))
    return CHECKED[key]


KEYS = None


def open_key(stream, recording_id, wrapped):
    """Stands for opening with HPKE: gives the base keys only for what was wrapped for this recording."""
    if recording_id != recordings.RECORDING_ID or wrapped != KEYS[stream]:
        raise WireError("wrapped key does not open")
    return recordings.BASE_KEYS[stream]


def items_of(vector):
    return [bytes.fromhex(item) for item in vector["items"]]


AGREED = items_of(VECTORS["good"][0])


def verify(items, keys=True, **more):
    global KEYS
    if KEYS is None:
        from testigo_wire.recording import items as recording

        KEYS = [recording.parse_item(AGREED[at])[0].fields[2] for at in (1, 8)]
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
    for vector in VECTORS["good"]:
        for keys in (True, False):
            verifier = verify(items_of(vector), keys)
            assert verifier.findings == [], (vector["name"], verifier.findings)
            assert verifier.header[3] == recordings.DEVICE_ID


def test_what_is_read():
    verifier = verify(AGREED)
    assert [event[0] for event in verifier.events] == [
        "call", "policy", "media", "media", "notice", "consent", "dtmf", "quality", "hang_up",
    ]  # fmt: skip
    assert verifier.audio_frames == 4
    assert verifier.seal[4] == "hang-up"
    assert verify(AGREED, False).events == []
    assert len(verifier.digests) == len(AGREED) - 1


def test_erased():
    verifier = verify(items_of(VECTORS["good"][2]))
    assert (verifier.gone, verifier.audio_frames, verifier.seal[4]) == (5, 0, "objection")


def test_wrong_order():
    for vector in VECTORS["wrong_order"]:
        items = items_of(vector)
        assert found(verify(items)) == vector["findings"], (vector["name"], verify(items).findings)


def test_siblings():
    for vector in VECTORS["siblings_of_agreed"]:
        changed = apply(AGREED, vector["do"], vector["item"], vector["at"])
        findings = found(verify(changed))
        for finding in vector["findings"]:
            assert finding in findings, (vector, findings)


def test_siblings_are_found_without_keys():
    for vector in VECTORS["siblings_of_agreed"]:
        changed = apply(AGREED, vector["do"], vector["item"], vector["at"])
        assert verify(changed, False).findings, vector


def test_kept_digests_show_what_changed_without_keys():
    digests = verify(AGREED).digests
    for at, byte in ((0, 36), (1, -1), (5, -1), (10, -1), (15, -1)):
        changed = apply(AGREED, "flip", at, byte)
        assert ["changed", at] in found(verify(changed, False, digests=digests))
    assert verify(AGREED, False, digests=digests).findings == []
    assert ["changed", None] in found(verify(apply(AGREED, "drop", 15, 0), False, digests=digests))


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
        verifier.feed(encode_header(recordings.RECORDING_ID, recordings.DEVICE_ID, number, previous, 0, 2))
        return [finding.code for finding in verifier.finish() if finding.code != "truncated"]

    assert run(1, bytes(32)) == []
    assert run(1, bytes(31) + b"\x01") == ["continuity"]
    assert run(2, bytes(31) + b"\x01") == []


def test_another_device():
    verifier = Verifier(P, lambda digest, signature: False)
    verifier.feed(b"".join(AGREED))
    assert [finding.code for finding in verifier.finish()] == ["signature"]


def test_empty():
    assert [finding.code for finding in Verifier(P).finish()] == ["truncated"]
