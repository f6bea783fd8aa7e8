"""The table of lines: searches, lines that have no row yet, rows that are wrong."""

import pytest
from sqlalchemy import text

from testigo_vault.audit import log_lines
from testigo_vault.audit.access_log import GRANTED, AccessLog
from testigo_vault.audit.log_lines import Search


@pytest.fixture
def log(vault):
    for i in range(20):
        vault.log.append(("maite", "ane")[i % 2], ("view", "play")[i % 2], GRANTED, f"{i // 4:032x}", f"{i + 1}")
    return vault.log


def numbers(found):
    return [entry.n for entry in found.entries]


def sql(vault, statement):
    with vault.database.session() as session:
        session.execute(text(statement))


def test_searches(log, monkeypatch):
    assert numbers(log.latest(Search())) == list(range(20, 0, -1))
    assert numbers(log.latest(Search(recording=f"{2:032x}"))) == [12, 11, 10, 9]
    found = log.latest(Search(user="ane", limit=3))
    assert (numbers(found), found.since) == ([20, 18, 16], 16)
    assert numbers(log.latest(Search(user="ane", limit=3, before=16))) == [14, 12, 10]
    assert numbers(log.latest(Search(user="ane", kind="view"))) == []
    assert log.latest(Search(outcome="denied")).since == 1
    # Search by anything but a recording goes back so many lines at most.
    monkeypatch.setattr(log_lines, "WINDOW", 5)
    found = log.latest(Search(user="ane"))
    assert (numbers(found), found.since) == ([20, 18, 16], 16)
    assert numbers(log.latest(Search(recording=f"{0:032x}"))) == [4, 3, 2, 1]
    assert numbers(log.latest(Search(before=1 << 60, limit=1))) == [20]


def test_lines_of_an_earlier_version_are_entered(vault, log, monkeypatch):
    """As after an update or a restored database."""
    monkeypatch.setattr(log_lines, "BATCH", 3)
    sql(vault, "DELETE FROM log_line")
    log.append("ane", "view", GRANTED)
    assert numbers(log.latest(Search())) == list(range(21, 0, -1))
    AccessLog(vault.folder).append("ane", "view", GRANTED)  # by a process without the database
    assert numbers(log.latest(Search(limit=2))) == [22, 21]
    assert log.verify()[2] == []


def test_a_line_that_cannot_be_read_has_no_row(vault, log):
    lines = log.path.read_bytes().splitlines(True)
    log.path.write_bytes(b"".join([*lines[:5], b"damaged\n", *lines[6:]]))
    sql(vault, "DELETE FROM log_line")
    assert numbers(log.latest(Search())) == [*range(20, 6, -1), *range(5, 0, -1)]


def test_a_row_cannot_change_what_is_shown(vault, log):
    sql(vault, "UPDATE log_line SET user = 'ane' WHERE n = 5")
    found = log.latest(Search(user="ane"))
    assert 5 not in numbers(found) and [one.line for one in found.breaks] == [5]
    sql(vault, "UPDATE log_line SET offset = 7 WHERE n = 6")
    assert [one.line for one in log.latest(Search()).breaks] == [6, 5]


def test_lines_that_are_shown_are_checked(vault, log):
    """Also before the checkpoint."""
    log.check()
    log.path.write_bytes(log.path.read_bytes().replace(b'"detail":"3"', b'"detail":"4"'))
    assert [one.line for one in log.latest(Search()).breaks] == [3]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM log_line WHERE n = 7",
        "UPDATE log_line SET user = 'x' WHERE n = 7",
        "DELETE FROM log_line WHERE n > 12 AND n < 17",
    ],
)
def test_rows_that_are_hidden_or_changed_are_found_by_the_whole_check(vault, log, change):
    sql(vault, change)
    found = log.verify()[2]
    assert ["not in the index as it was written" in one.why for one in found] == [True]
    assert log.verify()[2] == []
    assert numbers(log.latest(Search())) == list(range(20, 0, -1))


def test_rows_beyond_the_end_of_a_cut_log(vault, log):
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(True)[:10]))
    assert numbers(log.latest(Search())) == list(range(10, 0, -1))
    log.append("ane", "view", GRANTED, detail="another 11")
    assert numbers(log.latest(Search()))[:2] == [11, 10]
