"""Erasing a stream, and closing a recording that was cut, in one buffer."""

from support.device import primitives as prims
from support.device import recordings
from testigo_wire.crypto import p256
from testigo_wire.errors import WireError
from testigo_wire.recording import items as recording
from testigo_wire.recording import rewrite
from testigo_wire.recording.item_parser import parse_item
from testigo_wire.recording.verifier import Verifier

P = prims.PRIMITIVES
ITEMS = recordings.make(P, recordings.AGREED).items
DATA = b"".join(ITEMS)


def erase(data, chunk=1 << 20, size=1024):
    out = recordings.Made()
    turned = p256.finish(rewrite.erase_steps(P, recordings.reading(data, chunk), out.sink, bytearray(size)))
    return turned, out.items


def resume(data, chunk=1 << 20, size=1024):
    return p256.finish(rewrite.resume_steps(P, recordings.reading(data, chunk), bytearray(size)))


def verify(data):
    verifier = Verifier(P, None, recordings.base_keys, erasures=())
    verifier.feed(data)
    return verifier, verifier.finish()


def test_erase():
    for chunk in (50, 300, 1 << 20):
        turned, items = erase(DATA, chunk)
        assert turned == 5
        for before, after in zip(ITEMS, items):
            if parse_item(before)[0].stream == recording.AUDIO:
                assert after == recording.encode_gone(P.sha256(before))
            else:
                assert after == before
        verifier, findings = verify(b"".join(items))
        assert [finding.code for finding in findings] == ["erased"], "nothing says that it was"
        assert (verifier.gone, verifier.audio_frames) == (5, 0)
    assert erase(b"".join(items)) == (0, items)


def test_erase_refuses_what_is_no_recording():
    prims.raises(WireError, erase, ITEMS[0] + b"\x00" + ITEMS[1])


def test_resume_at_every_byte():
    ends = []
    total = 0
    for item in ITEMS:
        total += len(item)
        ends.append(total)
    for cut in range(0, len(DATA), 3):
        found = resume(DATA[:cut], 200)
        whole = len([end for end in ends if end <= cut])
        assert found.items == whole
        assert found.length == (ends[whole - 1] if whole else 0)
        assert not found.sealed
        assert (found.header is None) == (whole == 0)


def test_resumed_recording_verifies():
    cut = DATA[: -len(ITEMS[-1]) - 3]
    found = resume(cut)
    assert found.header[3] == recordings.DEVICE_ID
    assert found.header_digest == P.sha256(ITEMS[0])
    assert found.counters == [12, 4]
    closed = cut[: found.length] + found.seal(recordings.OPENED_MS + 9000, recordings.NO_SIGNATURE)
    verifier, findings = verify(closed)
    assert findings == []
    assert verifier.seal[4] == "power-loss"


def test_resume_of_a_sealed_one():
    found = resume(DATA)
    assert found.sealed[4] == "hang-up" and found.items == len(ITEMS) - 1
    assert (found.length, found.sealed_length) == (len(DATA) - len(ITEMS[-1]), len(DATA))
    assert resume(DATA + b"garbage").sealed_length == len(DATA)
    assert not resume(b"".join(ITEMS[:-2]) + ITEMS[-1]).sealed, "the seal of other items"


def test_resume_stops_at_garbage():
    whole = b"".join(ITEMS[:9])
    for tail in (b"\x00" * 600, b"\xff" * 600, ITEMS[0], ITEMS[1], ITEMS[5], ITEMS[-1], ITEMS[14], b"\x42\x00\x00"):
        found = resume(whole + tail + ITEMS[9])
        assert (found.items, found.length) == (9, len(whole))


def test_resume_after_erasing():
    turned, items = erase(b"".join(ITEMS[:-1]))
    found = resume(b"".join(items))
    assert (found.erased, found.items) == (turned, len(items))
    for reason, codes in (("erased", []), ("power-loss", ["erased"])):
        seal = found.seal(recordings.OPENED_MS + 9000, recordings.NO_SIGNATURE, reason)
        assert [finding.code for finding in verify(b"".join(items) + seal)[1]] == codes
