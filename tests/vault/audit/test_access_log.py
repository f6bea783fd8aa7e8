"""The access log: every change to its lines is found, and it continues over restarts and from several processes."""

import multiprocessing
import resource

import pytest
from sqlalchemy import text

from testigo_vault.audit.access_log import GRANTED, AccessLog
from testigo_vault.audit.log_file import START
from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.storage.database import Database


@pytest.fixture
def log(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/x.db")
    log = AccessLog(tmp_path, database)
    for i in range(6):
        log.append("maite", "play", "granted", f"{i:032x}", "Grüße\nsecond line")
    yield log
    database.close()


def test_the_chain_continues_after_a_restart(log, tmp_path):
    assert AccessLog(tmp_path, log._database).append("ane", "view", "denied") == 7
    lines, head, breaks = log.verify()
    assert (lines, breaks) == (7, [])
    assert log.has(head)
    assert [entry.user for entry in log.entries()][-1] == "ane"
    assert len(list(log.entries("0" * 31 + "3"))) == 1


@pytest.mark.parametrize("line", range(6))
def test_a_changed_line_is_found(log, line):
    lines = log.path.read_bytes().splitlines(True)
    lines[line] = lines[line].replace(b"maite", b"peter")
    log.path.write_bytes(b"".join(lines))
    assert [found.line for found in log.verify()[2]] == [line + 1]


@pytest.mark.parametrize("line", range(5))
def test_a_removed_doubled_or_swapped_line_is_found(log, line):
    lines = log.path.read_bytes().splitlines(True)
    for changed in (
        lines[:line] + lines[line + 1 :],
        lines[: line + 1] + lines[line:],
        [*lines[:line], lines[line + 1], lines[line], *lines[line + 2 :]],
    ):
        log.path.write_bytes(b"".join(changed))
        assert log.verify()[2][0].line in (line + 1, line + 2)


def test_a_cut_at_the_end_is_found(log):
    lines = log.path.read_bytes().splitlines(True)
    log.path.write_bytes(b"".join(lines[:4]))
    assert "now ends at 4" in log.verify()[2][0].why
    log.path.unlink()
    assert log.verify()[2]


def test_replaced_log(log, tmp_path):
    log.path.unlink()
    forged = AccessLog(tmp_path)
    for _ in range(6):
        forged.append("nobody", "view", "granted")
    assert "made anew" in log.verify()[2][0].why


def test_a_line_cut_by_a_crash_stays_and_is_found(log):
    log.path.write_bytes(log.path.read_bytes()[:-30])
    log.append("ane", "view", "granted")
    log.append("ane", "view", "granted")
    assert [found.line for found in log.verify()[2]] == [6]


def _append(folder):
    log = AccessLog(folder)
    for _ in range(50):
        log.append("x", "view", "granted")


def test_several_processes_append(tmp_path):
    workers = [multiprocessing.Process(target=_append, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert AccessLog(tmp_path).verify()[::2] == (200, [])


def test_a_log_that_cannot_be_written(tmp_path):
    (tmp_path / "access.log").mkdir()
    with pytest.raises(VaultError, match="nothing may be opened"):
        AccessLog(tmp_path).append("x", "view", "granted")


def test_later_lines_do_not_hide_removed_ones(vault):
    for i in range(5):
        vault.log.append("maite", "view", GRANTED, f"{i}")
    lines = vault.log.path.read_bytes().splitlines(True)
    vault.log.path.write_bytes(b"".join(lines[:2]))
    for _ in range(2):
        vault.log.append("maite", "view", GRANTED)
        assert "had 5 lines" in vault.log.verify()[2][0].why
    for _ in range(4):
        vault.log.append("maite", "view", GRANTED)
    assert "made anew" in vault.log.verify()[2][0].why


def test_the_anchor_recovers_after_a_crash(vault):
    vault.log.append("maite", "view", GRANTED)
    AccessLog(vault.folder).append("maite", "view", GRANTED)  # as if killed before the anchor was written
    AccessLog(vault.folder).append("maite", "view", GRANTED)
    vault.log.append("maite", "view", GRANTED)
    assert vault.log.verify()[2] == []
    vault.log.path.write_bytes(b"".join(vault.log.path.read_bytes().splitlines(True)[:3]))
    assert "had 4 lines" in vault.log.verify()[2][0].why


def test_an_index_without_its_anchor_is_a_break(vault):
    """Emptying one row must not make changes invisible."""
    assert vault.log.verify()[2] == []
    for i in range(5):
        vault.log.append("maite", "view", GRANTED, f"{i}")
    with vault.database.session() as session:
        session.execute(text("DELETE FROM log_anchor"))
    lines = vault.log.path.read_bytes().splitlines(True)
    vault.log.path.write_bytes(b"".join(lines[:3]))
    for _ in range(2):
        assert ["has no anchor in the index" in found.why for found in vault.log.verify()[2]] == [True]
        assert vault.log.check().breaks == vault.log.verify()[2]
        vault.log.append("maite", "view", GRANTED)  # does not make another anchor
    vault.log.path.unlink()
    assert "has no anchor" in vault.log.verify()[2][0].why


def test_an_index_that_was_made_anew_does_not_vouch_for_the_log(vault):
    for _ in range(8):
        vault.log.append("maite", "view", GRANTED)
    with vault.database.session() as session:
        session.execute(text("UPDATE log_anchor SET line = 0, digest = :it"), {"it": START.digest})
    vault.log.append("maite", "view", GRANTED)
    assert "is after the last that the index has, line 0" in vault.log.verify()[2][0].why


def test_an_anchor_is_accepted_by_name_and_reason(vault):
    vault.log.append("maite", "view", GRANTED)
    with pytest.raises(Refused, match="has its anchor"):
        vault.log.accept("os:root", "no reason")
    for damage in ("DELETE FROM log_anchor", "UPDATE log_anchor SET line = 900"):
        with vault.database.session() as session:
            session.execute(text(damage))
        assert vault.log.check().breaks
        number = vault.log.accept("os:root", "vault.db was lost")
        assert vault.log.verify()[2] == vault.log.check().breaks == []
        entry = list(vault.log.entries())[-1]
        assert (entry.n, entry.user, entry.kind) == (number, "os:root", "log-accept")
        assert entry.detail == f"lines 1 to {number - 1} taken as they are: vault.db was lost"


def test_members_are_bounded(log):
    log.append("n" * 5000, "k" * 5000, GRANTED, "r" * 5000, "\u0001" * 9000)
    entry = list(log.entries())[-1]
    assert [len(value) for value in (entry.user, entry.kind, entry.recording, entry.detail)] == [64, 32, 64, 400]
    assert entry.user.endswith("n…")


def test_a_line_is_not_written_while_its_anchor_cannot_be(vault, monkeypatch):
    vault.log.append("maite", "view", GRANTED)
    before = vault.log.path.read_bytes()
    with vault.database.session() as session:
        session.execute(text("CREATE TRIGGER no BEFORE UPDATE ON log_anchor BEGIN SELECT RAISE(FAIL, 'full'); END"))
    for _ in range(9):
        with pytest.raises(VaultError, match="nothing may be opened"):
            vault.log.append("maite", "view", GRANTED)
    assert vault.log.path.read_bytes() == before


def test_a_full_disk_leaves_no_part_of_a_line(log):
    whole = log.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    alone = AccessLog(log.path.parent)  # the limit is one for the database's files too
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20, hard))
    try:
        with pytest.raises(VaultError, match="No space left on device"):
            alone.append("ane", "view", GRANTED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.path.read_bytes() == whole and log.append("ane", "view", GRANTED) == 7
    assert log.verify()[2] == []


def test_an_attempt_that_ends_in_an_error_is_not_said_to_be_granted(vault):
    def lines():
        return [(entry.outcome, entry.detail) for entry in vault.log.entries()]

    with pytest.raises(Refused), vault.log.attempt("ane", "export"):
        raise Refused("In quarantine.")
    with pytest.raises(NotFound), vault.log.attempt("ane", "export", detail="x"):
        raise NotFound("No such recording.")
    with pytest.raises(OSError), vault.log.attempt("ane", "export"):
        raise OSError("disk full")
    assert lines() == [("denied", "In quarantine."), ("denied", "x: No such recording."), ("failed", "disk full")]
    with pytest.raises(KeyboardInterrupt), vault.log.attempt("ane", "export") as attempt:
        attempt.detail = "branch-1/1"
        attempt.granted()
        raise KeyboardInterrupt
    assert lines()[3:] == [("granted", "branch-1/1"), ("failed", "branch-1/1: after line 4: KeyboardInterrupt")]
    with vault.log.attempt("ane", "export") as attempt:
        attempt.granted()
    assert lines()[5:] == [("granted", "")]


def test_audio_does_not_open_while_the_anchor_cannot_be_written(vault):
    with vault.database.session() as session:
        session.execute(text("DROP TABLE log_anchor"))
    with pytest.raises(VaultError, match="nothing may be opened"):
        vault.log.append("maite", "view", GRANTED)
