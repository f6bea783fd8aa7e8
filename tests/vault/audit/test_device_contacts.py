"""The newest recordings cannot vanish unseen, nor can an appliance: what it said is kept, and compared with what came."""

import pytest

from support.fake_appliance import speech
from support.ingest import serving
from support.intake import take
from support.pages import signed_in
from testigo_vault.audit import alarms
from testigo_vault.ingest.admission import Admission
from testigo_vault.recordings.indexing import Offer
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.timestamps import now_ms
from testigo_vault.watch import check_contacts

HOUR_MS = 3_600_000
BEGAN = 1_790_000_000_000


def texts(vault, kind=alarms.GAP):
    return [alarm.text for alarm in reversed(vault.alarms.latest()) if alarm.kind == kind]


@pytest.fixture
def check(vault):
    """check(hours): what the service does by the clock, so many hours later."""
    return lambda hours: vault.device_contacts.check({"branch-1": BEGAN}, BEGAN + int(hours * HOUR_MS))


def hello(vault, next_number, hours=0.0):
    vault.device_contacts.hello("branch-1", next_number, BEGAN + int(hours * HOUR_MS))


def gaps(vault, hours):
    return [str(gap) for gap in RecordingIndex(vault.database).gaps(BEGAN + int(hours * HOUR_MS))]


def test_the_newest_recordings_that_do_not_come_raise_one_alarm(vault, appliance, check):
    take(vault, appliance.record(packets=speech(0.2)))
    hello(vault, 4)
    check(23)
    assert texts(vault) == [] and gaps(vault, 23) == []
    assert gaps(vault, 25) == ["branch-1: number 2 to 3 never arrived"]
    for _ in range(2):
        check(25)
    assert texts(vault) == ["branch-1 has used the numbers below 4, and these did not come within 24 hours: 2 to 3."]
    # What comes late closes the gap; what does not stays one.
    take(vault, appliance.record(packets=speech(0.2)))
    assert gaps(vault, 26) == ["branch-1: number 3 never arrived"]


def test_numbers_that_go_on_do_not_put_the_alarm_off(vault, appliance, check):
    """An appliance that has a new number at each session, and sends nothing."""
    for hour in range(50):
        hello(vault, 2 + hour, hour)
        check(hour + 0.5)
    assert [text.split(": ")[1] for text in texts(vault)] == ["1.", "2 to 25."]


def test_what_came_in_time_raises_none(vault, appliance, check):
    for hour in range(0, 80, 2):
        hello(vault, 1 + len(appliance.made), hour)
        take(vault, appliance.record(packets=speech(0.1)))
        check(hour + 1)
    assert texts(vault) == [] and gaps(vault, 80) == []


def test_other_bytes_under_a_number_are_not_its_recording(vault, appliance, check):
    """A recording that is here already is offered in the place of the one that is to vanish."""
    made = appliance.record(packets=speech(0.2))
    take(vault, made)
    Admission(vault).admit(Offer("branch-1", 2, made.recording_id, len(made.data), made.head), made.data)
    hello(vault, 3)
    check(25)
    assert "did not come within 24 hours: 2." in texts(vault)[-1]
    assert gaps(vault, 25) == ["branch-1: number 2 never arrived"]


def test_an_appliance_that_was_set_back(vault):
    hello(vault, 9)
    for _ in range(2):
        hello(vault, 3, 1)
    assert texts(vault) == [
        "branch-1 says that its next number is 3, and said 9 before: its storage was replaced or set back."
    ]
    assert vault.device_contacts.all()["branch-1"].next_number == 9


@pytest.mark.parametrize("number", [1 << 53, 1 << 63, (1 << 64) - 1])
def test_a_number_beyond_all_bounds(vault, check, number):
    hello(vault, number)
    check(25)
    assert "1 to 9007199254740990" in texts(vault)[0]


def test_a_silent_appliance_raises_one_alarm_each_time(vault, check):
    hello(vault, 1)
    check(71)
    assert texts(vault, alarms.SILENT) == []
    for hours in (72, 200):
        check(hours)
    assert texts(vault, alarms.SILENT) == [
        "branch-1 was last connected on 2026-09-21 14:13 UTC, more than 72 hours ago."
    ]
    hello(vault, 1, 201)
    check(202)
    check(300)
    assert len(texts(vault, alarms.SILENT)) == 2


def test_an_appliance_that_never_connected(vault, check):
    check(100)
    assert texts(vault, alarms.SILENT) == ["branch-1 was registered on 2026-09-21 14:13 UTC and has not connected yet."]


def test_a_session_is_a_sign_of_life(vault, appliance, address):
    appliance.record(packets=speech(0.2))
    before = now_ms()
    with serving(vault) as port:
        appliance.sync(port)
    contact = vault.device_contacts.all()["branch-1"]
    assert contact.next_number == len(appliance.made) + 1 and before <= contact.last_ms <= now_ms()
    check_contacts(vault)
    assert texts(vault, alarms.SILENT) == []
    # The appliance says that it has used more numbers than came.
    vault.device_contacts.hello("branch-1", 12, now_ms())
    page = signed_in(address, "auditor").get("/system").text
    assert "used up to 11" in page and "Last connected" in page


def test_a_revoked_appliance_may_be_silent(vault, appliance):
    vault.organisation.devices.revoke("branch-1", "stolen")
    vault.device_contacts.hello("branch-1", 1, BEGAN - 1000 * HOUR_MS)
    check_contacts(vault)
    assert texts(vault, alarms.SILENT) == []
