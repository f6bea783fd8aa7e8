"""Verification and reindexing of real files that were damaged."""

from support.fake_appliance import speech
from support.intake import take
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
