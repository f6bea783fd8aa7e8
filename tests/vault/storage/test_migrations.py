"""An index of an earlier version is brought to this one when the vault is opened, with what is in it."""

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from support.fake_appliance import OPENED_MS, speech
from support.intake import take
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.storage import database
from testigo_vault.storage.models import DeviceContact
from testigo_vault.vault import Vault

YEAR_2000 = 946_684_800_000
HOUR_MS = 3_600_000


def back_to(vault, revision):
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(database._MIGRATIONS))
    with vault.database.engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, revision)


def test_recordings_of_the_first_index_get_times_and_lengths(vault, appliance, folder):
    take(vault, appliance.record(packets=speech(1), opened_ms=OPENED_MS))
    take(vault, appliance.record(packets=speech(6), opened_ms=YEAR_2000, clock=1, reason="power-loss", after=None))
    take(vault, appliance.record(opened_ms=OPENED_MS + HOUR_MS, seconds=9))
    names = ("time_trusted", "earliest_ms", "latest_ms", "length_ms", "length_exact")
    index = RecordingIndex(vault.database)
    before = [[getattr(index.get(f"branch-1/{number}"), name) for name in names] for number in (1, 2, 3)]
    back_to(vault, "0001")
    vault.close()
    opened = Vault(folder)
    try:
        index = RecordingIndex(opened.database)
        rows, _ = index.find(Query())
        assert [row.number for row in rows] == [3, 2, 1]
        after = [[getattr(row, name) for name in names] for row in reversed(rows)]
        assert after == before
        assert before[1] == [False, OPENED_MS, OPENED_MS + HOUR_MS, 1600 + 240 * 50, False]
    finally:
        opened.close()


def test_what_was_answered_is_taken_from_the_words_of_an_earlier_index(vault, appliance, folder):
    take(vault, appliance.record(packets=speech(0.2)))
    take(vault, appliance.record(events=[], packets=speech(0.2)))
    made = appliance.record(packets=speech(0.2))
    take(vault, made, made.data[:-40] + bytes(4) + made.data[-36:])
    back_to(vault, "0003")
    vault.close()
    opened = Vault(folder)
    try:
        rows, _ = RecordingIndex(opened.database).find(Query())
        assert {row.number: row.answer for row in rows} == {1: "receipt", 2: "receipt", 3: "refused"}
        with opened.database.read() as session:
            contact = session.get(DeviceContact, "branch-1")
        assert (contact.next_number, contact.due_number) == (4, 0) and contact.last_ms > 0
    finally:
        opened.close()


def test_migrations_are_one_line():
    """Two changes that are made at the same time must not claim the same place."""
    folder = database._MIGRATIONS / "versions"
    numbers = sorted(path.name[:4] for path in folder.glob("0*.py"))
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    scripts = {script.revision: script.down_revision for script in ScriptDirectory(str(folder.parent)).walk_revisions()}
    assert scripts == dict(zip(numbers, [None, *numbers], strict=False))
