"""Checks from a checkpoint on: what they find, what they leave to the check from line 1 on, and that none can be forged."""

import pytest
from sqlalchemy import text

from testigo_vault.audit import log_check
from testigo_vault.audit.access_log import GRANTED, AccessLog
from testigo_vault.vault import Vault

LINES = 12


@pytest.fixture
def checked(vault):
    """A log whose lines up to LINES were checked, with two lines after it."""
    for i in range(LINES):
        vault.log.append("maite", "view", GRANTED, f"{i:032x}")
    assert vault.log.check().breaks == []
    for _ in range(2):
        vault.log.append("ane", "view", GRANTED)
    return vault


def sql(vault, statement):
    with vault.database.session() as session:
        session.execute(text(statement))


def change(vault, line, old=b"granted", new=b"denied "):
    lines = vault.log.path.read_bytes().splitlines(True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    vault.log.path.write_bytes(b"".join(lines))


def lines_of(breaks):
    return [one.line for one in breaks]


def test_lines_before_the_checkpoint_are_not_read_again(checked, monkeypatch):
    read = []
    walk = log_check.walk
    monkeypatch.setattr(
        log_check, "walk", lambda *arguments: (read.append(one.number) or one for one in walk(*arguments))
    )
    result = checked.log.check()
    assert (result.lines, result.breaks, result.full_line) == (LINES + 2, [], LINES)
    assert read == [LINES + 1, LINES + 2]
    assert checked.log.verify()[0] == LINES + 2 and read[2:] == list(range(1, LINES + 3))


def test_a_change_after_the_checkpoint_is_found(checked):
    change(checked, LINES + 1)
    assert lines_of(checked.log.check().breaks) == [LINES + 1]


def test_a_change_before_the_checkpoint_is_found_by_the_whole_check_and_then_stays(checked):
    change(checked, 3)
    assert checked.log.check().breaks == []
    assert lines_of(checked.log.verify()[2]) == [3]
    for _ in range(2):
        checked.log.append("ane", "view", GRANTED)
        assert lines_of(checked.log.check().breaks) == [3]


@pytest.mark.parametrize("left", [0, 3, LINES - 1, LINES + 1])
def test_a_cut_is_found(checked, left):
    lines = checked.log.path.read_bytes().splitlines(True)
    checked.log.path.write_bytes(b"".join(lines[:left]))
    assert f"now ends at {left}" in checked.log.check().breaks[-1].why
    for _ in range(3):
        checked.log.append("ane", "view", GRANTED)
        assert checked.log.check().breaks != [] and checked.log.verify()[2] != []


@pytest.mark.parametrize(
    "column", ["line = 14", "digest = 'x'", "offset = offset + 1", "breaks = '[[1, \"x\"]]'", "full_ms = 5", "mac = ''"]
)
def test_a_forged_checkpoint_is_found(checked, column):
    sql(checked, f"UPDATE log_checkpoint SET {column}")
    for _ in range(2):  # it stays until the whole log is checked
        assert any("not one that this vault made" in one.why for one in checked.log.check().breaks)
    assert checked.log.verify()[2] == checked.log.check().breaks == []


def test_a_removed_checkpoint_hides_nothing(checked):
    change(checked, 3)
    sql(checked, "DELETE FROM log_checkpoint")
    assert lines_of(checked.log.check().breaks) == [3]


def test_an_anchor_that_goes_back_is_found(checked):
    """Whoever cuts the log and sets the anchor back would have to set back the checkpoint too."""
    lines = checked.log.path.read_bytes().splitlines(True)
    checked.log.path.write_bytes(b"".join(lines[:4]))
    digest = lines[3][:64].decode()
    sql(checked, f"UPDATE log_anchor SET line = 4, digest = '{digest}'")
    for _ in range(2):
        assert [one.line for one in checked.log.check().breaks] == [LINES]
        assert "was checked, and is not in the log" in checked.log.verify()[2][0].why
        checked.log.append("ane", "view", GRANTED)
    checked.log.accept("os:root", "restored from the backup of Monday")
    assert checked.log.check().breaks == checked.log.verify()[2] == []


def test_without_the_secret_each_check_is_of_the_whole_log(checked, monkeypatch):
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET_FILE", "/nowhere")
    other = Vault(checked.folder)
    try:
        change(checked, 3)
        assert lines_of(other.log.check().breaks) == [3]
        assert checked.log.check().breaks == []  # its checkpoint is as it was
    finally:
        other.close()


def test_the_checkpoint_moves_on(checked, monkeypatch):
    monkeypatch.setattr(log_check, "_STEP", 2)
    checked.log.check()
    change(checked, LINES + 1)
    assert checked.log.check().breaks == []
    assert lines_of(checked.log.verify()[2]) == [LINES + 1]


def test_a_log_beside_its_database_alone(tmp_path):
    log = AccessLog(tmp_path)
    log.append("ane", "view", GRANTED)
    assert (log.check().lines, log.check().breaks) == (1, [])
