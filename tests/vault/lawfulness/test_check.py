"""Recordings of an appliance that lies are found at intake; honest ones of every kind have no finding."""

import pytest
from sqlalchemy import select

from support import policy_calls as calls
from support.fake_appliance import AGREED, speech
from support.intake import take
from support.lawfulness.unlawful import ATTACKS, SELF_TEST, SOUNDS, record, tone_of_a_test
from testigo_vault.lawfulness.findings import NO_RECEIPT
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies
from testigo_vault.storage.models import Alarm


def findings(vault, number=1):
    return {found.code for found in RecordingIndex(vault.database).get(f"branch-1/{number}").findings}


def alarms(vault):
    with vault.database.read() as session:
        return [alarm.kind for alarm in session.scalars(select(Alarm).order_by(Alarm.id))]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_lie_is_found_at_intake(vault, appliance, attack):
    code, make = ATTACKS[attack]
    outcome = take(vault, make(vault, appliance))
    assert outcome.state == "quarantined" and code in outcome.reason
    assert bool(outcome.receipt) == (code not in NO_RECEIPT)
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert {found.severity for found in row.findings if found.code == code} == {"unlawful"}
    assert "unlawful-audio" in alarms(vault) and row.path.startswith("quarantine/")
    assert reindex(vault) == 1 and code in findings(vault)


@pytest.mark.parametrize("attack", SOUNDS)
def test_times_of_sound_are_checked_with_the_audio_key(vault, appliance, audio_key, attack):
    code, make = SOUNDS[attack]
    assert take(vault, make(vault, appliance)).state == "good"
    recording = RecordingIndex(vault.database).get("branch-1/1")
    assert not [found for found in recording.findings if found.severity == "unlawful"]
    check_copies(vault, recording, 1, audio_key)
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert code in findings(vault) and (row.state, row.outcome) == ("quarantined", "unlawful")
    assert alarms(vault) == ["unlawful-audio"]
    # Once: neither another check with the key nor one without it changes that.
    check_copies(vault, row, 2, audio_key)
    check_copies(vault, row, 3)
    assert code in findings(vault) and alarms(vault) == ["unlawful-audio"]


@pytest.mark.parametrize("kind", ["rich", "plain", "withdrawn", "refused", "listed"])
def test_an_honest_call_has_no_finding(vault, appliance, audio_key, kind):
    getattr(calls, kind)(vault, appliance)
    assert findings(vault) == set()
    results = check_copies(vault, RecordingIndex(vault.database).get("branch-1/1"), 1, audio_key)
    assert [result.text for result in results] == ["whole", "whole"] and findings(vault) == set()
    reindex(vault)
    assert findings(vault) == set()


def test_an_honest_test_has_no_finding(vault, appliance, audio_key):
    calls.signed(vault)
    take(vault, appliance.record(events=SELF_TEST, packets=tone_of_a_test(), reason="test", after=None))
    check_copies(vault, RecordingIndex(vault.database).get("branch-1/1"), 1, audio_key)
    assert findings(vault) == set()


def test_documents_that_are_not_in_the_archive_are_told_and_nothing_more(vault, appliance):
    assert take(vault, appliance.record(events=AGREED, packets=speech(0.5))).state == "good"
    row = RecordingIndex(vault.database).get("branch-1/1")
    told = {found.code: found.text for found in row.findings}
    assert set(told) == {"policy-missing", "notice-missing"}
    assert "none of this version" in told["policy-missing"]
    assert {found.severity for found in row.findings} == {"unchecked"}


def test_a_policy_of_another_vault_is_told_as_such(vault, appliance):
    calls.signed(vault)
    digest = bytes(32)
    events = [*calls.opening(digest), calls.played(5400), calls.answered(6600), calls.worker(6600)]
    assert take(vault, appliance.record(events=events, packets=speech(0.5, start_ms=7000))).state == "good"
    found = RecordingIndex(vault.database).get("branch-1/1").findings
    assert [(one.code, "another policy of this version" in one.text) for one in found] == [("policy-missing", True)]


def test_a_leg_from_which_nothing_came_is_told(vault, appliance):
    sums = [("quality", 19_000, 0, 950, 0, 0, 700, 9000), ("quality", 19_000, 1, 0, 0, 0, 0, 0)]
    made = record(vault, appliance, after=[*sums, ("hang_up", 20_000, 1, 200, "BYE")])
    assert take(vault, made).state == "good"
    (found,) = RecordingIndex(vault.database).get("branch-1/1").findings
    assert (found.code, found.severity) == ("leg-silent", "irregular") and "other party's" in found.text


def test_a_call_without_audio_is_irregular_at_worst(vault, appliance):
    digest = calls.signed(vault)
    events = [*calls.opening(digest), calls.played(5400), calls.answered(6600, key="9")]
    assert take(vault, appliance.record(events=events, seconds=20)).state == "good"
    (found,) = RecordingIndex(vault.database).get("branch-1/1").findings
    assert (found.code, found.severity) == ("consent-key", "irregular")
