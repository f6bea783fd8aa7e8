"""The service checks every copy by a schedule, and repairs it."""

import pytest

from support.fake_appliance import speech
from support.intake import take
from testigo_vault.recordings.scrub import next_due, progress, scrub
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

DAY_MS = 86_400_000


@pytest.fixture
def stored(vault, appliance):
    for _ in range(3):
        take(vault, appliance.record(packets=speech(0.2)))


def copy_of(vault, name, number):
    return vault.folder / "copies" / name / RecordingIndex(vault.database).get(f"branch-1/{number}").path


def run(vault, before_ms):
    """As the service does, until nothing is due; -> the numbers in their order."""
    numbers = []
    while (recording := next_due(vault, before_ms)) is not None:
        scrub(vault, recording)
        numbers.append(recording.number)
        assert len(numbers) < 10
    return numbers


def texts(vault):
    return [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "copy"]


def test_each_recording_is_checked_once_in_a_period(vault, stored):
    assert next_due(vault, now_ms() - DAY_MS) is None
    later = now_ms() + 1
    while now_ms() <= later:
        pass
    assert progress(vault, later).checked == 0
    assert sorted(run(vault, later)) == [1, 2, 3]
    assert progress(vault, later).checked == progress(vault, later).total == 3
    assert texts(vault) == []


def test_a_damaged_copy_is_repaired_and_told(vault, appliance, stored):
    path = copy_of(vault, "second", 2)
    path.write_bytes(appliance.made[1].data[:-9])
    copy_of(vault, "first", 3).unlink()
    for number in (1, 2, 3):
        scrub(vault, RecordingIndex(vault.database).get(f"branch-1/{number}"))
    assert path.read_bytes() == appliance.made[1].data and copy_of(vault, "first", 3).exists()
    repaired = [text for text in texts(vault) if "was repaired" in text]
    assert len(repaired) == 2 and len(texts(vault)) == 4


def test_a_recording_without_a_good_copy_is_told_and_does_not_hold_up_the_others(vault, appliance, stored):
    for name in ("first", "second"):
        copy_of(vault, name, 1).write_bytes(b"x")
    result = scrub(vault, RecordingIndex(vault.database).get("branch-1/1"))
    assert set(result.left) == {"first", "second"} and len(texts(vault)) == 2
    assert next_due(vault, now_ms() - DAY_MS) is None


def test_quarantine_is_not_taken_for_damage(vault, appliance):
    take(vault, appliance.record(events=[("call", 0, "", "in", "a", "b", "", "sip")], packets=speech(0.2)))
    result = scrub(vault, RecordingIndex(vault.database).get("branch-1/1"))
    assert result.repaired == [] and result.left == {} and texts(vault) == []


def test_a_place_that_was_accepted_is_filled_without_alarms(vault, stored):
    settings = vault.folder / "vault.toml"
    settings.write_text(settings.read_text() + '\n[[copies]]\nname = "third"\nurl = "copies/third"\n')
    opened = Vault(vault.folder)
    try:
        assert next_due(opened, 1) is None, "a place that is not there holds up the checks"
        opened.store.places[2].accept()
        assert sorted(run(opened, 1)) == [1, 2, 3]
        assert len(list((vault.folder / "copies" / "third").rglob("*.tsg"))) == 3
        assert texts(opened) == []
    finally:
        opened.close()
