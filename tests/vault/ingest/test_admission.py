"""Admission: good recordings are stored and get a receipt; others go to quarantine with their findings, and are never lost."""

import pytest
from sqlalchemy import select

from support import fake_appliance
from support.fake_appliance import AGREED, call, speech, uuid7
from support.intake import offer, take
from testigo_vault.ingest.admission import Admission
from testigo_vault.primitives import HOST, verify
from testigo_vault.recordings import wording
from testigo_vault.recordings.indexing import Offer
from testigo_vault.recordings.reader import read
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.storage.models import Alarm
from testigo_wire.policy import documents
from testigo_wire.recording.item_parser import parse_item


def alarms(vault):
    with vault.database.read() as session:
        return [(alarm.kind, alarm.text) for alarm in session.scalars(select(Alarm).order_by(Alarm.id))]


def test_good_recording(vault, appliance):
    made = appliance.record(packets=speech())
    outcome = take(vault, made)
    assert outcome.state == "good"
    receipt = documents.parse(outcome.receipt)
    digest = documents.digest(HOST, receipt.kind, receipt.version, receipt.body)
    assert verify(vault.organisation.operator_public, digest, receipt.signature)
    assert receipt.body[:5] == ["branch-1", made.recording_id, 1, made.head, ["first", "second"]]
    row = RecordingIndex(vault.database).get(made.recording_id.hex())
    assert (row.outcome, row.audio, row.caller, row.state) == ("recorded", "present", "+34600111222", "good")
    assert [copy.result for copy in row.copies] == ["whole", "whole"]
    for place in vault.store.places:
        assert place.get(row.path) == made.data
    assert alarms(vault) == []


def test_same_recording_again_changes_nothing(vault, appliance):
    made = appliance.record(packets=speech())
    first = take(vault, made)
    known = Admission(vault).stored(offer(made))
    assert known is not None and known.receipt == first.receipt
    again = take(vault, made)
    assert again.state == "good"
    assert RecordingIndex(vault.database).find(Query())[1] == 1


def test_a_change_in_any_item_is_found_and_refused(vault, appliance):
    made = appliance.record(packets=speech(0.5))
    start = 0
    for index, item in enumerate(made.items):
        data = bytearray(made.data)
        data[start + len(item) // 2] ^= 1
        start += len(item)
        outcome = take(vault, made, bytes(data))
        assert (outcome.state, outcome.receipt) == ("quarantined", b""), f"item {index}"
    assert all(kind == "quarantine" for kind, _ in alarms(vault))
    # The genuine one is still accepted, and gets its id back.
    assert take(vault, made).state == "good"
    assert RecordingIndex(vault.database).get(made.recording_id.hex()).state == "good"


def test_truncated(vault, appliance):
    made = appliance.record(packets=speech(0.5))
    outcome = take(vault, made, made.data[:-10])
    assert outcome.receipt == b"" and "truncated" in outcome.reason


def test_signed_by_an_unknown_key(vault, appliance, tmp_path):
    from cryptography.hazmat.primitives.asymmetric import ec

    appliance.key = ec.generate_private_key(ec.SECP256R1())
    outcome = take(vault, appliance.record(packets=speech(0.5)))
    assert outcome.receipt == b"" and "signature" in outcome.reason


def test_audio_before_consent(vault, appliance):
    made = appliance.record(events=AGREED[:4], packets=speech(0.5))
    outcome = take(vault, made)
    assert outcome.state == "quarantined" and outcome.receipt
    assert "audio before consent" in outcome.reason
    row = RecordingIndex(vault.database).get(made.recording_id.hex())
    assert row.path.startswith("quarantine/branch-1/")
    for place in vault.store.places:
        assert place.get(row.path) == made.data
    assert alarms(vault)[0][0] == "quarantine"
    assert "quarantine" in (vault.folder / "alarms.log").read_text()


def test_objection_with_audio_still_there(vault, appliance):
    after = [("objection", 5000, 1, "9", "rfc4733"), ("hang_up", 6000, 1, 200, "BYE")]
    made = appliance.record(packets=speech(0.5), reason="objection", after=after)
    outcome = take(vault, made)
    assert outcome.state == "good" and outcome.receipt
    row = RecordingIndex(vault.database).get(made.recording_id.hex())
    assert (row.outcome, row.audio) == ("objected", "erased")
    frames = [item for item in made.items if len(item) > 1000]
    assert frames
    for place in vault.store.places:
        kept = place.get(row.path)
        assert not any(frame in kept for frame in frames)
        again = read(kept, vault.organisation.devices.get("branch-1").publics(), vault.index_key)
        assert again.findings == [] and again.audio_items == 0
    assert alarms(vault)[0][0] == "unlawful-audio"
    assert documents.parse(outcome.receipt).body[3] == made.head
    # Offered again, it is recognised although the stored bytes are different now.
    known = Admission(vault).stored(offer(made))
    assert known is not None and known.receipt == outcome.receipt


def test_missing_number_shows_as_a_gap(vault, appliance):
    first, second, third = (appliance.record(events=[call(), *AGREED[1:]], packets=speech(0.2)) for _ in range(3))
    take(vault, first)
    take(vault, third)
    assert [str(gap) for gap in RecordingIndex(vault.database).gaps()] == ["branch-1: number 2 never arrived"]
    assert alarms(vault)[0][0] == "gap"
    take(vault, second)
    assert RecordingIndex(vault.database).gaps() == []


def test_chain_of_recordings(vault, appliance):
    take(vault, appliance.record(packets=speech(0.2)))
    outcome = take(vault, appliance.record(packets=speech(0.2), previous=bytes(31) + b"x"))
    assert outcome.state == "quarantined" and outcome.receipt
    assert "does not name number 1" in outcome.reason


def test_same_number_twice(vault, appliance):
    take(vault, appliance.record(packets=speech(0.2)))
    twin = appliance.record(packets=speech(0.3), number=1, recording_id=uuid7("twin"), previous=bytes(32))
    outcome = take(vault, twin)
    assert outcome.state == "quarantined" and "same number 1" in outcome.reason


@pytest.mark.parametrize("what", ["device_id", "number", "recording_id", "head"])
def test_different_from_the_offer(vault, appliance, what):
    made = appliance.record(packets=speech(0.2))
    wrong = offer(made)
    changed = {"device_id": "branch-2", "number": 7, "recording_id": bytes(16), "head": bytes(32)}
    setattr(wrong, what, changed[what])
    outcome = Admission(vault).admit(wrong, made.data)
    assert outcome.state == "quarantined" and outcome.receipt == b""


def test_a_call_sealed_again_does_not_overwrite_the_stored_one(vault, appliance):
    first = appliance.record(packets=speech(0.5, seed=1))
    take(vault, first)
    path = RecordingIndex(vault.database).get("branch-1/1").path
    again = appliance.record(number=1, recording_id=first.recording_id, previous=bytes(32), packets=speech(0.5, seed=2))
    outcome = take(vault, again)
    assert (outcome.state, outcome.receipt) == ("quarantined", b"") and "is here already" in outcome.reason
    assert [place.get(path) for place in vault.store.places] == [first.data, first.data]
    assert RecordingIndex(vault.database).find(Query(state="good"))[1] == 1


@pytest.mark.parametrize("opened_ms", [10**17, 1 << 63, (1 << 64) - 9 * 10**7])
def test_a_clock_beyond_the_year_9999(vault, appliance, monkeypatch, opened_ms):
    monkeypatch.setattr(fake_appliance, "OPENED_MS", opened_ms)
    made = appliance.record(packets=speech(0.2))
    assert take(vault, made).state == "good"
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert row.opened_ms == row.closed_ms == 0
    assert vault.store.get(row.path) == made.data


def test_control_characters_are_made_visible(vault, appliance):
    take(vault, appliance.record(events=[call(caller="\x1b]0;x\x07\u202e943"), *AGREED[1:]]))
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert row.caller == "\ufffd]0;x\ufffd\ufffd943"
    assert wording.event("call", row.events[0].fields).isprintable()


def test_audio_beside_an_objection_is_destroyed_in_damaged_recordings(vault, appliance):
    made = appliance.record(
        packets=speech(0.4), reason="objection", after=[("objection", 5000, 1, "9", "rfc4733")], per_frame=10
    )
    for data in (made.data[:-30], made.data[: -len(made.items[-1])] + b"\xff\xff" + made.items[4]):
        outcome = Admission(vault).admit(Offer("branch-1", 1, made.recording_id, len(data), made.head), data)
        assert outcome.receipt == b""
    kept = [path for place in vault.store.places for path in place.paths("quarantine")]
    assert kept
    for path in kept:
        data = vault.store.get(path)
        assert not any(item in data for item in made.items if parse_item(item)[0].stream == 1)


@pytest.mark.parametrize("harm", ["missing", "flipped"])
def test_a_receipt_is_true_of_copies_that_were_lost_later(vault, appliance, harm):
    """A copy that was lost is made from the other one, before the receipt that names both; the device sends nothing again."""
    made = appliance.record(packets=speech(0.5))
    take(vault, made)
    name = RecordingIndex(vault.database).get("branch-1/1").path
    files = [vault.folder / "copies" / place / name for place in ("first", "second")]

    def spoil(path):
        if harm == "missing":
            path.unlink()
        else:
            path.write_bytes(made.data[:-1] + b"x")

    spoil(files[1])
    assert Admission(vault).stored(offer(made)).receipt and files[1].read_bytes() == made.data
    # With none left that is whole, the device has to send it again.
    for path in files:
        spoil(path)
    assert Admission(vault).stored(offer(made)) is None
    assert take(vault, made).receipt and [path.read_bytes() for path in files] == [made.data, made.data]
    assert Admission(vault).stored(offer(made)).receipt
