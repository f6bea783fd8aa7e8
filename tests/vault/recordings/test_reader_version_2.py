"""The vault and recordings of version 2: taken in, shown, and what an older vault left of them."""

import hashlib

from support.fake_appliance import AGREED, speech
from support.intake import take
from testigo_vault.recordings import wording
from testigo_vault.recordings.indexing import UNSEALED
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies
from testigo_vault.storage.copies import quarantine_path
from testigo_vault.storage.models import Recording

# AGREED as an appliance of this version writes it.
AGREED_2 = [
    *AGREED[:3],
    ("media", 890, 0, "PCMU", 0, 8000, 20),
    *AGREED[3:],
]


def test_it_is_taken_in_and_its_copies_are_whole(vault, appliance, audio_key):
    outcome = take(vault, appliance.record(AGREED_2, speech(1), version=2))
    assert (outcome.state, outcome.reason) == ("good", "")
    recording = RecordingIndex(vault.database).get("branch-1/1")
    assert [result.text for result in check_copies(vault, recording, 1, audio_key)] == ["whole", "whole"]
    texts = [wording.event(event.name, event.fields) for event in recording.events]
    assert "Sound came from the other party." in texts and "Sound came from the worker's side." in texts


def test_both_versions_in_one_row_of_numbers(vault, appliance):
    for version in (1, 2, 2):
        events = AGREED if version == 1 else AGREED_2
        assert take(vault, appliance.record(events, speech(0.3), version=version)).state == "good"


def test_what_version_2_owes(vault, appliance):
    for events, confirm, finding in (
        ([event for event in AGREED_2 if event[0] != "terms"], True, "audio without terms"),
        ([event for event in AGREED_2 if event[0] != "worker"], True, "audio before the worker was informed"),
        (AGREED_2, False, "does not say how the media of each leg"),
    ):
        outcome = take(vault, appliance.record(events, speech(0.3), version=2, confirm=confirm))
        assert outcome.state == "quarantined" and finding in outcome.reason, outcome.reason


def test_sealed_to_others_than_the_policy_names(vault, appliance):
    stranger = [[0, b"stranger"], [1, b"stranger"]]
    outcome = take(vault, appliance.record(AGREED_2, speech(0.3), version=2, recipients=stranger))
    assert outcome.state == "quarantined" and "not sealed to those whom the policy names" in outcome.reason


def test_an_event_of_a_later_vocabulary_is_shown_and_no_fault(vault, appliance):
    unknown = ("weather", 1800, "rain", [b"\x01\x02", {"mm": 3}], None)
    outcome = take(vault, appliance.record([*AGREED_2, unknown], speech(0.3), version=2, vocabulary=3))
    assert (outcome.state, outcome.reason) == ("good", "")
    event = next(e for e in RecordingIndex(vault.database).get("branch-1/1").events if e.name == "weather")
    assert event.fields == ["rain", ["0102", {"mm": 3}], None]
    assert wording.event(event.name, event.fields).startswith(
        "An event of a later version of the appliance, which this vault does not know: weather rain"
    )
    assert wording.event(event.name, event.fields, "es").startswith("Un suceso de una versión posterior del equipo")


def test_an_unknown_event_of_the_present_vocabulary_is_a_fault(vault, appliance):
    outcome = take(vault, appliance.record([*AGREED_2, ("weather", 1800)], speech(0.3), version=2))
    assert outcome.state == "quarantined" and "no known event" in outcome.reason


def test_what_an_older_vault_could_not_read_is_taken_in_after_its_update(vault, appliance):
    """Version 0.2 found the header malformed, kept the bytes in quarantine and gave no receipt."""
    made = appliance.record(AGREED_2, speech(0.3), version=2)
    sha256 = hashlib.sha256(made.data).hexdigest()
    identity = made.recording_id.hex()
    path = quarantine_path("branch-1", 1, identity, sha256)
    vault.store.put(path, made.data)
    with vault.database.session() as session:
        session.add(
            Recording(
                id=identity,
                device_id="branch-1",
                number=1,
                size=len(made.data),
                sha256=sha256,
                stored_ms=1,
                state="quarantined",
                why=UNSEALED + "malformed (item 0): header: 14 fields, not 9",
                answer="refused",
                path=path,
                outcome="unknown",
            )
        )
    outcome = take(vault, made)
    assert (outcome.state, outcome.reason) == ("good", "") and outcome.receipt
    recording = RecordingIndex(vault.database).get("branch-1/1")
    assert recording.state == "good" and recording.id == identity and recording.audio == "present"
