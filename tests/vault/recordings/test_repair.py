"""Repair of copies from one that is as it came in."""

import pytest

from support.fake_appliance import speech
from support.intake import take
from testigo_vault.recordings.repair import repair
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies


@pytest.fixture
def stored(vault, appliance):
    """(row, bytes, {name: path of its copy})."""
    made = appliance.record(packets=speech(0.5))
    take(vault, made)
    row = RecordingIndex(vault.database).get("branch-1/1")
    return row, made.data, {name: vault.folder / "copies" / name / row.path for name in ("first", "second")}


def texts(vault):
    return [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "copy"]


@pytest.mark.parametrize("name", ["first", "second"])
@pytest.mark.parametrize("harm", ["missing", "cut", "flipped"])
def test_a_damaged_copy_is_made_again(vault, stored, name, harm):
    row, data, files = stored
    if harm == "missing":
        files[name].unlink()
    else:
        files[name].write_bytes(data[:-3] if harm == "cut" else data[:-1] + b"x")
    damaged = check_copies(vault, row, 1)
    assert [result.place for result in damaged if result.findings] == [name]
    assert repair(vault, row).repaired == [name]
    assert [path.read_bytes() for path in files.values()] == [data, data]
    assert len(list(files[name].parent.glob("*.damaged-*"))) == (harm != "missing")
    assert {copy.result for copy in RecordingIndex(vault.database).get("branch-1/1").copies} == {"whole"}
    assert "was repaired" in texts(vault)[0] and name in texts(vault)[0]
    again = repair(vault, row)
    assert (again.repaired, again.left) == ([], {})


def test_nothing_is_made_from_damaged_copies(vault, stored):
    row, data, files = stored
    for path in files.values():
        path.write_bytes(data[:-1] + b"x")
    result = repair(vault, row)
    assert result.repaired == [] and set(result.left) == {"first", "second"}
    assert not list(vault.folder.rglob("*.damaged-*"))


def test_the_command_repairs_and_says_what_it_cannot(testigo, vault, appliance, stored):
    _, data, files = stored
    files["second"].write_bytes(data[:-5])
    assert "copy second repaired" in testigo("vault", "repair", "branch-1/1")
    assert "1 recordings, all copies as they came in" in testigo("vault", "repair")
    for path in files.values():
        path.write_bytes(data[:-5])
    take(vault, appliance.record(packets=speech(0.2)))
    said = testigo("vault", "repair", status=1)
    assert "branch-1/1" in said and "no copy is as it came in" in said and "branch-1/2" not in said
