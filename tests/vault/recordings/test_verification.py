"""Verification and reindexing of real files that were damaged."""

import pytest

from support.fake_appliance import speech
from support.intake import take
from testigo_vault.lawfulness.findings import UNCHECKED
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.recordings.verification import check_chains, check_copies, unindexed_files
from testigo_vault.storage.models import Recording


def paths(vault, recording):
    return [place._folder / recording.path for place in vault.store.places]


def test_whole_copies(vault, appliance, audio_key):
    take(vault, appliance.record(packets=speech(1)))
    recording = RecordingIndex(vault.database).get("branch-1/1")
    assert [result.text for result in check_copies(vault, recording, 1, audio_key)] == ["whole", "whole"]


def test_a_changed_item_is_found_in_its_copy(vault, appliance):
    made = appliance.record(packets=speech(1))
    take(vault, made)
    recording = RecordingIndex(vault.database).get("branch-1/1")
    _, second = paths(vault, recording)
    for index in range(len(made.items)):
        start = sum(map(len, made.items[:index]))
        data = bytearray(made.data)
        data[start + len(made.items[index]) - 3] ^= 4
        second.write_bytes(data)
        results = check_copies(vault, recording, 2)
        assert results[0].text == "whole"
        assert index in [found.item for found in results[1].findings], index
    assert [copy.result == "whole" for copy in RecordingIndex(vault.database).get("branch-1/1").copies] == [True, False]


def test_dropped_repeated_and_swapped_items(vault, appliance):
    made = appliance.record(packets=speech(1))
    take(vault, made)
    recording = RecordingIndex(vault.database).get("branch-1/1")
    first, _ = paths(vault, recording)
    items = made.items
    for i in range(len(items) - 1):
        for changed in (
            items[:i] + items[i + 1 :],
            [*items[:i], items[i], *items[i:]],
            [*items[:i], items[i + 1], items[i], *items[i + 2 :]],
        ):
            first.write_bytes(b"".join(changed))
            assert check_copies(vault, recording, 2)[0].findings, i


def test_missing_copy_missing_number_and_unindexed_file(vault, appliance):
    made = [appliance.record(packets=speech(0.2)) for _ in range(3)]
    take(vault, made[0])
    take(vault, made[2])
    recording = RecordingIndex(vault.database).get("branch-1/1")
    paths(vault, recording)[0].unlink()
    assert "does not hold" in check_copies(vault, recording, 2)[0].text
    assert check_chains(vault) == ["branch-1: number 2 never arrived"]
    unindexed = vault.store.places[1]._folder / "recordings" / "branch-1" / ("9" * 8 + "-" + "a" * 32 + ".tsg")
    unindexed.write_bytes(b"x")
    assert len(list(unindexed_files(vault))) == 1


def test_reindex_gives_the_same_index(vault, appliance):
    for i in range(3):
        take(vault, appliance.record(packets=speech(0.5, seed=i)))
    take(vault, appliance.record(packets=speech(0.2), previous=bytes(32)))

    def rows():
        skip = {"stored_ms", "why"}
        return [
            {
                column.name: getattr(row, column.name)
                for column in Recording.__table__.columns
                if column.name not in skip
            }
            for row in RecordingIndex(vault.database).find(Query())[0]
        ]

    before = rows()
    assert len(before) == 4
    assert reindex(vault) == 4
    assert rows() == before
    assert RecordingIndex(vault.database).get("branch-1/1").events[0].name == "call"


DTMF = [("dtmf", 7000 + at, 1, "5", "rfc4733") for at in range(12)]


@pytest.mark.parametrize("reason", ["power-loss", "storage-full", "storage-fault"])
def test_frames_that_a_cut_tore_at_the_end_are_told_and_no_fault(vault, appliance, audio_key, reason):
    made = appliance.record(packets=speech(2), per_frame=24, torn=(8,), after=DTMF[:2], torn_events=2, reason=reason)
    assert take(vault, made).state == "good"
    recording = RecordingIndex(vault.database).get("branch-1/1")
    items = len(made.items)
    torn = [(found.code, found.item) for found in recording.findings if found.severity != UNCHECKED]
    assert torn == [("torn", items - 3), ("torn", items - 2)]
    for result in check_copies(vault, recording, 1, audio_key):
        assert result.text == "whole" and [found.item for found in result.torn] == [items - 4, items - 3, items - 2]
    assert {alarm.kind for alarm in vault.alarms.latest()} <= {"storage"}, "that it was full or failed is told, as ever"


def test_frames_that_do_not_open_elsewhere_are_findings(vault, appliance, audio_key):
    """In a recording that was not cut, before a whole frame, or more than a cut can tear."""
    for changes in (
        {"after": DTMF[:2], "torn_events": 2},
        {"after": DTMF, "torn_events": 12, "reason": "power-loss"},
    ):
        made = appliance.record(packets=speech(2), **changes)
        assert take(vault, made).state == "quarantined"
    made = appliance.record(packets=speech(2), per_frame=24, torn=(3,), after=None, reason="power-loss")
    take(vault, made)
    recording = RecordingIndex(vault.database).get("branch-1/3")
    assert "frame" in check_copies(vault, recording, 1, audio_key)[0].text


def test_a_copy_that_was_changed_at_its_end_afterwards_is_found(vault, appliance, audio_key):
    made = appliance.record(packets=speech(2), after=None, reason="power-loss")
    take(vault, made)
    recording = RecordingIndex(vault.database).get("branch-1/1")
    _, second = paths(vault, recording)
    start = sum(map(len, made.items[:-2]))
    data = bytearray(made.data)
    data[start + len(made.items[-2]) - 3] ^= 4
    second.write_bytes(data)
    first, changed = check_copies(vault, recording, 2, audio_key)
    assert first.text == "whole" and changed.findings
