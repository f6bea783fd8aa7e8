"""One flipped, dropped, repeated or swapped item anywhere in a recording is found, and named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.device import recordings
from testigo_vault.primitives import HOST, load_private, open_base, public_bytes, sign, verify
from testigo_wire.crypto import hpke, p256
from testigo_wire.encoding import cbor
from testigo_wire.recording import items as recording
from testigo_wire.recording.items import wrap_info
from testigo_wire.recording.verifier import Verifier

DEVICE = load_private(b"\x41" * 32)
PUBLIC = public_bytes(DEVICE)
RECIPIENTS = [load_private(b"\x42" * 32), load_private(b"\x43" * 32)]
BACKUP = load_private(b"\x44" * 32)


def wrap(stream: int) -> list:
    out = []
    for key in (RECIPIENTS[stream], BACKUP):
        public = public_bytes(key)
        secret, enc = p256.finish(hpke.encap_steps(HOST, public))
        info = wrap_info(recordings.RECORDING_ID, stream)
        sealed = p256.finish(hpke.seal_base_steps(HOST, secret, info, b"", recordings.BASE_KEYS[stream]))
        out.append([recording.key_id(HOST, public), enc + sealed])
    return out


def script() -> tuple:
    """A call of some seconds: audio with events of every kind in between."""
    steps = list(recordings.AGREED[:-2])
    for i in range(4, 24):
        steps.append(recordings.frame(5900 + i * 250, i, 160))
        if i % 5 == 0:
            steps.append(("dtmf", 5950 + i * 250, 1, str(i % 10), "rfc4733"))
        if i == 12:
            steps += [("on_hold", 5951 + i * 250, 0, True), ("on_hold", 5960 + i * 250, 0, False)]
    return (*steps, ("quality", 12100, 1, 900, 0, 0, 700, 154800), ("hang_up", 12200, 1, 200, "BYE"))


ITEMS = recordings.make(HOST, script(), sign=lambda digest: sign(DEVICE, digest), wrapped=(wrap(0), wrap(1))).items
LAST = len(ITEMS) - 1


def open_key(stream, recording_id, wrapped):
    own = recording.key_id(HOST, public_bytes(RECIPIENTS[stream]))
    for key_id, key in wrapped:
        if key_id == own:
            return open_base(RECIPIENTS[stream], wrap_info(recording_id, stream), key)
    return None


def findings(items, keys=True, digests=None):
    verifier = Verifier(HOST, lambda digest, signature, signer: verify(PUBLIC, digest, signature), open_key if keys else None,
                        digests=digests, erasures=())  # fmt: skip
    verifier.feed(b"".join(items))
    return verifier.finish()


def named(found, *items) -> bool:
    """Whether a finding is about one of these items, or says that they may be the changed ones."""
    return any(f.item in items or set(f.suspects) & set(items) for f in found)


def test_it_is_whole():
    assert findings(ITEMS) == []
    assert findings(ITEMS, keys=False) == []


@settings(max_examples=250, deadline=None)
@given(st.integers(0, LAST), st.data())
def test_flipped_bit(at, data):
    bit = data.draw(st.integers(0, len(ITEMS[at]) * 8 - 1))
    item = bytearray(ITEMS[at])
    item[bit // 8] ^= 1 << bit % 8
    changed = [*ITEMS[:at], bytes(item), *ITEMS[at + 1 :]]
    assert named(findings(changed), at)
    assert findings(changed, keys=False)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, LAST))
def test_dropped_item(at):
    changed = ITEMS[:at] + ITEMS[at + 1 :]
    found = findings(changed)
    # What was dropped is named by the item that stands where it, or the next of its stream, belongs.
    following = list(range(at, min(at + 8, len(changed)))) or [None]
    assert named(found, *following) or any(f.item is None for f in found)
    assert findings(changed, keys=False)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, LAST), st.integers(0, LAST))
def test_repeated_item(at, where):
    changed = [*ITEMS[: where + 1], ITEMS[at], *ITEMS[where + 1 :]]
    # Either of the two is the copy: frames of the other stream may lie between them without telling.
    twins = {where + 1, at + 1 if at > where else at}
    assert named(findings(changed), *twins)
    assert findings(changed, keys=False)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, LAST), st.integers(0, LAST))
def test_swapped_items(one, other):
    if one == other:
        return
    changed = list(ITEMS)
    changed[one], changed[other] = changed[other], changed[one]
    assert named(findings(changed), *range(min(one, other), max(one, other) + 1))
    assert findings(changed, keys=False)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, LAST - 1), st.data())
def test_kept_digests_show_a_changed_item_without_any_key(at, data):
    verifier = Verifier(HOST)
    verifier.feed(b"".join(ITEMS))
    kept = verifier.digests
    gone = cbor.encode(["gone", bytes(31) + bytes([data.draw(st.integers(0, 255))])])
    changed = [*ITEMS[:at], gone, *ITEMS[at + 1 :]]
    assert ("changed", at) in [(f.code, f.item) for f in findings(changed, keys=False, digests=kept)]


@pytest.mark.parametrize("at", range(LAST))
def test_an_erased_item_without_an_event(at):
    # The chain still holds: gone is valid for audio as a whole, not for one item of it and not for an event.
    changed = list(ITEMS)
    changed[at] = recording.encode_gone(HOST.sha256(ITEMS[at]))
    assert findings(changed, keys=False)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(b"".join(ITEMS)) - 1))
def test_cut_anywhere(length):
    verifier = Verifier(HOST)
    verifier.feed(b"".join(ITEMS)[:length])
    assert [f.code for f in verifier.finish()] == ["truncated"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(data):
    verifier = Verifier(HOST, None, open_key)
    verifier.feed(data)
    assert verifier.finish()
