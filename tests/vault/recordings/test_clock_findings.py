"""A wrong clock is named, by a finding and on the command line, and is no reason for quarantine."""

import json

from support.fake_appliance import OPENED_MS, speech
from support.intake import take
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_chains, check_copies

YEAR_2000 = 946_684_800_000
YEAR_MS = 365 * 86_400_000


def findings(vault, number):
    row = RecordingIndex(vault.database).get(f"branch-1/{number}")
    assert row.state == "good", row.why
    # The documents that these recordings name are not in the archive, which is told too.
    told = [found for found in row.findings if found.severity != "unchecked"]
    assert {found.code for found in told} <= {"clock"}
    return [found.text for found in told]


def test_each_wrong_time_has_its_finding(vault, appliance):
    for opened_ms, changes in (
        (OPENED_MS, {}),
        (YEAR_2000, {"clock": 1}),
        (OPENED_MS + 50 * YEAR_MS, {}),
        (OPENED_MS + 1000, {"closed_ms": OPENED_MS}),
    ):
        assert take(vault, appliance.record(opened_ms=opened_ms, **changes)).state == "good"
    assert findings(vault, 1) == []
    assert findings(vault, 2) == ["by its clock it began before number 1: the clock had fallen back, or was set back"]
    assert findings(vault, 3) == ["by its clock it began after it was stored here: the clock was ahead"]
    assert findings(vault, 4) == [
        "by its clock it began before number 3: that one's clock was ahead",
        "by its clock it was closed before it began",
    ]
    assert vault.alarms.latest() == [] and check_chains(vault) == []
    for number in (1, 2, 3, 4):
        recording = RecordingIndex(vault.database).get(f"branch-1/{number}")
        assert [result.text for result in check_copies(vault, recording, 1)] == ["whole", "whole"]


def test_a_length_is_that_of_the_items_whatever_the_clock_said(vault, appliance):
    changes = {"opened_ms": OPENED_MS, "closed_ms": OPENED_MS + 40 * YEAR_MS, "packets": speech(3), "per_frame": 24}
    take(vault, appliance.record(seconds=8, **changes))
    take(vault, appliance.record(reason="power-loss", after=None, **changes))
    take(vault, appliance.record(reason="power-loss", after=None, opened_ms=OPENED_MS, closed_ms=OPENED_MS + 5))
    rows = [RecordingIndex(vault.database).get(f"branch-1/{number}") for number in (1, 2, 3)]
    assert [(row.length_ms, row.length_exact) for row in rows] == [
        (8000, True),
        (1600 + 240 * 13, False),  # 3 s in frames of 240 ms, after the consent
        (1600, False),
    ]


def test_the_command_line_shows_what_is_uncertain(vault, appliance, testigo):
    take(vault, appliance.record(opened_ms=OPENED_MS))
    take(vault, appliance.record(opened_ms=YEAR_2000, clock=1, reason="power-loss", after=None, packets=speech(1)))
    lines = testigo("list").splitlines()
    assert lines[1].split()[3] == "≈" and "branch-1/2" in lines[1] and "≈ 0:0" in lines[1]
    assert "≈" not in lines[2]
    said = " ".join(testigo("show", "branch-1/2").split())
    assert "Began about 20" in said and ", between 2026-09-2" in said
    assert "Clock kept over a restart: approximate; its time was 2000-01-01" in said
    assert "Length about 0:0" in said and "by its clock it began before number 1" in said
    assert "Clock" not in testigo("show", "branch-1/1")
    data = json.loads(testigo("list", "--json"))
    assert [(row["number"], row["time_trusted"], row["length_exact"]) for row in data] == [
        (2, False, False),
        (1, True, True),
    ]
