"""Alarms: written where they can be, kept until the index takes them, and none pushed out by many of another kind."""

import pytest
from sqlalchemy import event

from testigo_vault.audit import alarms
from testigo_vault.errors import StoreError


def read_only(vault):
    """From now on SQLite refuses every write; -> what ends that."""
    engine = vault.database.engine

    def set_pragma(connection, record):
        connection.execute("PRAGMA query_only = ON")

    event.listen(engine, "connect", set_pragma)
    engine.dispose()

    def end():
        event.remove(engine, "connect", set_pragma)
        engine.dispose()

    return end


def in_file(vault):
    return (vault.folder / "alarms.log").read_text().splitlines()


def test_an_alarm_that_the_index_does_not_take_is_shown_and_written_later(vault):
    vault.alarms.raise_alarm(alarms.POLICY, "before")
    writable = read_only(vault)
    for text in ("one", "two"):
        vault.alarms.raise_alarm(alarms.COPY, text, "branch-1", "ab" * 16)
    assert [alarm.text for alarm in vault.alarms.latest()] == ["two", "one", "before"]
    assert [alarm.text for alarm in vault.alarms.latest(recording_id="ab" * 16)] == ["two", "one"]
    assert vault.alarms.said(alarms.COPY, "on") and not vault.alarms.said(alarms.POLICY, "on")
    assert len(in_file(vault)) == 3 and not vault.alarms.save_unsaved()
    writable()
    assert vault.alarms.save_unsaved() and not vault.alarms.unsaved
    assert [alarm.text for alarm in vault.alarms.latest()] == ["two", "one", "before"]


def test_an_alarm_that_the_file_does_not_take_is_in_the_index(vault):
    (vault.folder / "alarms.log").mkdir()
    vault.alarms.raise_alarm(alarms.COPY, "one")
    assert [alarm.text for alarm in vault.alarms.latest()] == ["one"]


def test_an_alarm_that_nothing_takes_stops_what_it_is_about(vault):
    (vault.folder / "alarms.log").mkdir()
    read_only(vault)
    with pytest.raises(StoreError, match="neither"):
        vault.alarms.raise_alarm(alarms.COPY, "one")


def test_many_of_a_kind_do_not_push_out_the_others(vault):
    vault.alarms.raise_alarm(alarms.GAP, "branch-1 sent number 7, the highest before was 5.")
    for number in range(120):
        vault.alarms.raise_alarm(alarms.STRANGER, f"From 192.0.2.{number}: a connection was refused: x.")
    shown = vault.alarms.latest(100, per_kind=25)
    assert [alarm.kind for alarm in shown] == [alarms.STRANGER] * 25 + [alarms.GAP]
    assert shown[0].text.startswith("From 192.0.2.119:")


def test_what_was_said_is_found_by_its_beginning_and_time(vault):
    vault.alarms.raise_alarm(alarms.STORAGE, "100% of it_ was full: number 3")
    at_ms = vault.alarms.latest()[0].at_ms
    said = vault.alarms.said
    assert said(alarms.STORAGE, "100% of it_ was", at_ms) and not said(alarms.STORAGE, "100% of it_ was", at_ms + 1)
    assert not said(alarms.STORAGE, "1%") and not said(alarms.STORAGE, "100% of itx") and not said(alarms.GAP, "100")
