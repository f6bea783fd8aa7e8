"""One recording has one device, number and set of bytes for ever: whatever else is offered is set aside beside it."""

import pytest

from support.fake_appliance import Appliance, speech
from support.intake import offer, take
from testigo_vault.ingest.admission import Admission
from testigo_vault.primitives import HOST
from testigo_vault.recordings.indexing import Offer
from testigo_vault.recordings.reader import erase_audio
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_wire.recording.verifier import Verifier


def good_rows(vault):
    rows, _ = RecordingIndex(vault.database).find(Query(state="good"))
    return [(row.device_id, row.number, row.id, row.sha256, row.path) for row in rows]


def all_rows(vault):
    rows, _ = RecordingIndex(vault.database).find(Query())
    return sorted((row.id, row.device_id, row.number, row.sha256, row.state, row.answer, row.path) for row in rows)


def kept(vault, made):
    """The recording is here as it was made, in both places and in the index, also after the index was made again."""
    for _ in range(2):
        row = RecordingIndex(vault.database).get(made.recording_id.hex())
        assert (row.device_id, row.number, row.state, row.answer) == ("branch-1", made.number, "good", "receipt")
        assert [place.get(row.path) for place in vault.store.places] == [made.data, made.data]
        before = all_rows(vault)
        reindex(vault)
        assert all_rows(vault) == before
    return True


def alarms_of(vault, kind="quarantine"):
    return [alarm.text for alarm in vault.alarms.latest() if alarm.kind == kind]


@pytest.mark.parametrize("number", [7, 2])
def test_the_same_bytes_under_another_number(vault, appliance, number):
    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    again = Offer("branch-1", number, made.recording_id, len(made.data), made.head)
    assert Admission(vault).stored(again) is None
    for _ in range(2):
        outcome = Admission(vault).admit(again, made.data)
        assert (outcome.state, outcome.receipt) == ("quarantined", b"")
    assert f"its header says number 1, {number} was offered" in alarms_of(vault)[0]
    assert kept(vault, made) and len(all_rows(vault)) == 2
    # Offered again, it is refused without being sent.
    assert Admission(vault).stored(again).receipt == b""


@pytest.mark.parametrize("name", ["almacen", "zaguan"])
def test_the_same_bytes_from_another_device(vault, appliance, tmp_path, name):
    """In the order of names the other device is before or after the true one."""
    Appliance(vault.organisation, name, tmp_path)
    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    assert take(vault, made, device_id=name).receipt == b""
    assert len(alarms_of(vault)) == 1
    assert kept(vault, made) and len(all_rows(vault)) == 2


def test_the_same_bytes_from_another_device_first(vault, appliance, tmp_path):
    Appliance(vault.organisation, "almacen", tmp_path)
    made = appliance.record(packets=speech(0.4))
    take(vault, made, device_id="almacen")
    assert take(vault, made).receipt
    assert kept(vault, made) and len(all_rows(vault)) == 2


def test_a_twin_without_its_audio(vault, appliance):
    """Its chain and signature hold, and its head is that of the recording: only the bytes are fewer."""
    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    twin = erase_audio(made.data)
    assert not [f for f in findings(vault, twin) if f.code in ("chain", "signature", "seal")]
    # One of the copies is lost, so that the device is requested to send the recording again.
    row = RecordingIndex(vault.database).get("branch-1/1")
    (vault.folder / "copies" / "second" / row.path).unlink()
    outcome = Admission(vault).admit(Offer("branch-1", 1, made.recording_id, len(twin), made.head), twin)
    assert (outcome.state, outcome.receipt) == ("quarantined", b"")
    assert (vault.folder / "copies" / "first" / row.path).read_bytes() == made.data
    assert "is here already" in alarms_of(vault)[0]
    # The good copy makes the lost one again, without the device.
    assert Admission(vault).stored(offer(made)).receipt
    assert kept(vault, made) and len(all_rows(vault)) == 2


def findings(vault, data):
    def signed(digest, signature, signer):
        return True

    verifier = Verifier(HOST, signed, lambda *_: None, None, None)
    for _ in verifier.feed(data):
        pass
    return list(verifier.finish())


def test_a_twin_stays_aside_where_nothing_else_is_left(vault, appliance):
    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    twin = erase_audio(made.data)
    Admission(vault).admit(Offer("branch-1", 1, made.recording_id, len(twin), made.head), twin)
    for place in ("first", "second"):
        for path in (vault.folder / "copies" / place / "recordings").rglob("*.tsg"):
            path.unlink()
    reindex(vault)
    assert [row[4:6] for row in all_rows(vault)] == [("quarantined", "refused")]


def test_a_copy_that_the_index_does_not_have_is_not_overwritten(vault, appliance):
    """As after the loss of the index: until it is made again, nothing takes the name of what is in the copies."""
    from sqlalchemy import delete

    from testigo_vault.errors import StoreError
    from testigo_vault.storage.models import Recording

    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    with vault.database.session() as session:
        session.execute(delete(Recording))
    twin = erase_audio(made.data)
    outcome = Admission(vault).admit(Offer("branch-1", 1, made.recording_id, len(twin), made.head), twin)
    assert outcome.state == "quarantined" and "audio-destroyed" in outcome.reason
    with vault.database.session() as session:
        session.execute(delete(Recording))
    other = appliance.record(number=1, recording_id=made.recording_id, previous=bytes(32), packets=speech(0.4, seed=2))
    with pytest.raises(StoreError, match=r"not overwritten.*reindex"):
        take(vault, other)
    reindex(vault)
    assert kept(vault, made)


def test_a_swapped_copy_is_not_taken_for_the_recording(vault, appliance):
    """Who can write to one place puts the twin there: the index is made from the other one."""
    made = appliance.record(packets=speech(0.4))
    take(vault, made)
    row = RecordingIndex(vault.database).get("branch-1/1")
    first = vault.folder / "copies" / "first" / row.path
    first.write_bytes(erase_audio(made.data))
    reindex(vault)
    assert RecordingIndex(vault.database).get("branch-1/1").sha256 == row.sha256


def test_what_is_answered_does_not_depend_on_words(vault, appliance):
    made = appliance.record(packets=speech(0.2))
    take(vault, made, made.data[:-40] + bytes(4) + made.data[-36:])
    index = RecordingIndex(vault.database)
    assert index.find(Query())[0][0].answer == "refused"
    with vault.database.session() as session:
        session.merge(index.find(Query())[0][0]).why = "Otro idioma."
    refused = Admission(vault).stored(offer(made))
    assert refused.receipt == b"" and refused.reason == "Otro idioma."
    # Sealed, but not lawful: the device gets its receipt, whatever the finding says.
    unlawful = appliance.record(events=[("call", 0, "", "in", "a", "b", "", "sip")], packets=speech(0.2))
    take(vault, unlawful)
    with vault.database.session() as session:
        row = session.merge(index.get(unlawful.recording_id.hex()))
        row.why = "not as a device sealed it: in another version's words"
    assert Admission(vault).stored(offer(unlawful)).receipt
