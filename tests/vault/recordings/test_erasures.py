"""What the vault erased has a signed record beside each copy; without it, destroyed audio is an alarm, also after `reindex`."""

from support import policy_calls as calls
from support.intake import take
from support.lawfulness.erasing import keep_record, record_of
from testigo_vault.recordings.erasures import record_path, records
from testigo_vault.recordings.indexing import Indexer
from testigo_vault.recordings.reader import erase_audio
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.repair import repair
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies


def index_row(vault, number=1):
    return RecordingIndex(vault.database).get(f"branch-1/{number}")


def files(vault, path):
    return [place._folder / path for place in vault.store.places]


def texts(vault):
    return [result.text for result in check_copies(vault, index_row(vault), 1)]


def test_audio_beside_an_objection_leaves_a_record_in_each_place(vault, appliance):
    made = calls.withdrawn(vault, appliance)
    row = index_row(vault)
    first, second = (file.read_bytes() for file in files(vault, record_path(row.path, 1)))
    assert first == second
    reading = Indexer(vault).read(vault.store.get(row.path), "branch-1")
    (record,) = records(vault, row.path, reading).erasures
    assert (record.by, record.reason, record.scope) == ("vault", "audio beside an objection", "audio")
    assert sum(last - begin + 1 for begin, last in record.runs) == reading.gone
    # Sent again, as after a vault that was killed: the record stays.
    take(vault, made)
    assert files(vault, record_path(row.path, 1))[0].read_bytes() == first
    assert texts(vault) == ["whole", "whole"] and index_row(vault).findings == []


def test_verification_asks_for_the_record(vault, appliance):
    calls.withdrawn(vault, appliance)
    row = index_row(vault)
    first, second = files(vault, record_path(row.path, 1))
    kept = second.read_bytes()
    second.unlink()
    whole, lacking = texts(vault)
    assert whole == "whole" and "record of what was erased is missing" in lacking
    assert repair(vault, row).repaired == ["second"] and second.read_bytes() == kept
    assert texts(vault) == ["whole", "whole"]
    first.unlink()
    second.unlink()
    texts(vault)
    assert [found.code for found in index_row(vault).findings] == ["audio-destroyed"]
    assert index_row(vault).state == "quarantined"
    reindex(vault)
    assert "audio-destroyed" in {found.code for found in index_row(vault).findings}


def test_copies_that_were_destroyed_are_found_after_reindex(vault, appliance):
    """Everybody who can write to the places can turn audio into `gone`; the index is made anew from what they left."""
    made = calls.plain(vault, appliance)
    for file in files(vault, index_row(vault).path):
        file.write_bytes(erase_audio(made.data))
    reindex(vault)
    assert index_row(vault).state == "quarantined" and "audio-destroyed" in index_row(vault).why


def test_a_record_of_another_recording_or_signer_is_none(vault, appliance):
    first = calls.plain(vault, appliance)
    other = calls.plain(vault, appliance, digest=None)
    path = index_row(vault).path
    for file in files(vault, path):
        file.write_bytes(erase_audio(first.data))
    for data in (record_of(vault, other.data), record_of(vault, first.data)[:-1] + b"x", b"none"):
        for file in files(vault, record_path(path, 1)):
            file.write_bytes(data)
        reindex(vault)
        assert {"audio-destroyed", "erasure-record"} <= {found.code for found in index_row(vault).findings}
    for file in files(vault, record_path(path, 1)):
        file.unlink()
    keep_record(vault, index_row(vault), first.data)
    reindex(vault)
    assert index_row(vault).state == "good" and index_row(vault).findings == []


def test_erasing_that_was_interrupted_is_told(vault, appliance):
    made = calls.plain(vault, appliance)
    keep_record(vault, index_row(vault), made.data)
    texts(vault)
    assert [found.code for found in index_row(vault).findings] == ["erasure-unfinished"]
