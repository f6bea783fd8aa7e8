"""Reports of appliances: kept, shown on the page System, and an alarm once for calls that left no recording."""

import re

import pytest

from support.fake_appliance import AGREED, speech
from support.ingest import serving
from support.intake import take
from support.pages import signed_in
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.storage.database import Database

SINCE, UNTIL = 1_790_000_000_000, 1_790_000_400_000
SPACE = ["space", 3, SINCE, UNTIL]


def alarms(vault):
    return [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "unrecorded"]


def test_a_report_raises_one_alarm_for_each_reason(vault):
    reports = vault.device_reports
    reports.save("branch-1", [SPACE], [["storage_free", 4096]])
    assert alarms(vault) == [
        "branch-1 had 3 calls without a recording since 2026-09-21 14:13 UTC: the appliance's storage was full."
    ]
    reports.save("branch-1", [["space", 9, SINCE, UNTIL + 1]], [])  # the same period goes on
    reports.save("branch-1", [["emergency", 2, SINCE, UNTIL], ["busy", 1, SINCE, SINCE]], [])  # expected
    assert len(alarms(vault)) == 1
    reports.save("branch-1", [["space", 1, UNTIL, UNTIL]], [])
    reports.save("branch-1", [["of a later version", 1, 1 << 63, 1 << 63]], [])
    assert len(alarms(vault)) == 3 and "an unknown time: of a later version" in alarms(vault)[0]


@pytest.mark.parametrize(("reported", "expected"), [([], 1), ([SPACE], 1), ([["space", 2, SINCE, UNTIL]], 2)])
def test_a_recording_that_tells_what_was_reported_raises_no_second_alarm(vault, appliance, reported, expected):
    vault.device_reports.save("branch-1", reported, [])
    events = [*AGREED[:2], ("no_recording", 10, *SPACE), *AGREED[2:]]
    assert take(vault, appliance.record(events=events, packets=speech(0.2))).state == "good"
    assert len(alarms(vault)) == expected


@pytest.mark.parametrize(
    ("reason", "event", "says"),
    [
        ("storage-full", None, "was full"),
        ("storage-fault", None, "failed"),
        ("unrecorded", ("unrecorded", 20, "storage full"), "was full"),
        ("unrecorded", ("unrecorded", 20, "no policy"), ""),
    ],
)
def test_a_full_or_failed_storage_raises_one_alarm_a_day(vault, appliance, reason, event, says):
    for _ in range(2):
        made = appliance.record(events=[*AGREED[:2], *([event] if event else [])], reason=reason)
        outcome = take(vault, made)
        assert outcome.state == "good"
    found = [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "storage"]
    text = f"The storage of branch-1 {says}: number 1 was not recorded to its end."
    assert found == ([text] if says else [])
    assert RecordingIndex(vault.database).get("branch-1/1").outcome == "unrecorded"


def test_a_session_brings_the_report(vault, appliance):
    appliance.report = ([SPACE], [["storage_free", 1_500_000], ["set_aside", [7]], ["of_a_later_version", [[1]]]])
    with serving(vault) as port:
        appliance.sync(port)
    report = vault.device_reports.latest("branch-1")
    assert report.unrecorded == [SPACE]
    assert dict(report.facts) == {"storage_free": 1_500_000, "set_aside": [7]}


def test_the_page_shows_the_report_in_both_languages(address, vault):
    vault.device_reports.save("branch-1", [SPACE], [["storage_free", 1_500_000], ["set_aside", [7, 8]]])
    vault.device_reports.save("branch-2", [], [["storage_free", "none"]])
    client = signed_in(address, "auditor")
    page = re.sub(r"\s+", " ", client.get("/system").text)
    assert "3: the appliance&#39;s storage was full" in page and "1.5 MB" in page and "7, 8" in page
    spanish = client.get("/language/es?back=/system", follow_redirects=True).text
    assert "Llamadas sin grabación" in spanish and "el almacenamiento del equipo estaba lleno" in spanish
    assert "branch-1 tuvo 3 llamadas sin grabación desde 2026-09-21 14:13 UTC: el almacenamiento" in spanish


def test_an_index_of_the_first_version_is_migrated(tmp_path):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, inspect

    import testigo_vault.storage.database as database

    url = f"sqlite:///{tmp_path / 'index.db'}"
    settings = Config()
    settings.set_main_option("script_location", str(database._MIGRATIONS))
    with create_engine(url).begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
    opened = Database(url)
    assert "device_report" in inspect(opened.engine).get_table_names()
    opened.close()
