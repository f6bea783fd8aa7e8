"""kill -9 in recorded calls of an appliance whose clock is lost, with the clock of a board that tests can move."""

import pytest

from support.branch import NOTICE_MS, sound
from support.power.cuts import LATE_S, LOST_S, arrived, cut_while_talking, lost_s, powered, seen, start_again
from support.rig import AUDIO_PASSPHRASE, FAR, NEAR, wait_for
from support.sip.sipp import answering, calling
from testigo_vault.playback.decrypt import open_audio
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.timestamps import now_ms

YEAR_2000_MS = 946_684_800_000
YEAR_2036_MS = 2_082_758_400_000
SPOKEN_MS = 1500
LONG_MS = 11_000  # version 0.2 played 10 s at most of such a call


@pytest.fixture
def mains(tmp_path, micropython):
    with powered(tmp_path, micropython, "--board-clock") as (appliance, branch):
        wait_for(
            (appliance.root / "clock.bin").exists, what="the time from the vault: nothing is recorded without a clock"
        )
        yield appliance, branch


def set_clock(appliance, unix_ms: int, trust: int) -> None:
    """At the next moment at which the firmware looks at the clock, it has this time."""
    (appliance.root / "board-clock").write_text(f"{unix_ms} {trust}")


def lose_clock(appliance) -> None:
    """As a chip without a battery, and without the time in its flash."""
    (appliance.root / "clock.bin").unlink(missing_ok=True)


def heard(branch, recording, moment: float, expected_ms: int = SPOKEN_MS) -> None:
    """All that was said up to 500 ms before the cut is decoded, at its place, and nothing is left out."""
    for leg in (NEAR, FAR):
        assert lost_s(branch, recording, leg, moment) < LOST_S + LATE_S
    with branch.vault.opened() as vault:
        timeline = open_audio(vault, recording, vault.organisation.audio_key(AUDIO_PASSPHRASE))
    assert timeline.not_played == []
    spoken_ms = timeline.duration_ms - timeline.first_ms
    assert expected_ms - 600 < spoken_ms < expected_ms + 1000
    for leg in timeline.legs:
        assert leg.missing_ms == 0 and leg.last_ms - leg.first_ms == 20 * leg.packets


def cut_and_close(appliance, branch, number, at_start, spoken_ms=SPOKEN_MS):
    """A call, a power cut in it, a start that closes it, and its recording in the vault."""
    moment = cut_while_talking(appliance, branch, spoken_ms)
    at_start()
    start_again(appliance)
    recording = arrived(branch, number)
    assert (recording.state, recording.reason, recording.audio) == ("good", "power-loss", "present"), recording.why
    heard(branch, recording, moment, spoken_ms)
    branch.reset()
    return recording


def test_a_call_that_a_power_cut_ended_is_heard_whatever_the_clock_says(mains):
    appliance, branch = mains

    def fallen_back():
        lose_clock(appliance)

    speech, branch.speech = branch.speech, (sound(101, LONG_MS + 3000), sound(201, LONG_MS + 3000))
    recording = cut_and_close(appliance, branch, 1, fallen_back, LONG_MS)
    branch.speech = speech
    assert recording.clock == 2 and recording.opened_ms > YEAR_2000_MS
    assert "946684" in appliance.log(), "the start that closed the recording was in the year 2000"

    cut_and_close(appliance, branch, 2, lambda: set_clock(appliance, YEAR_2036_MS, 2))
    wait_for(lambda: "in the vault" in appliance.log())

    # The call itself begins in the year 2000, and so does the start after it.
    branch.vault.stop()
    appliance.kill()
    set_clock(appliance, YEAR_2000_MS + 60_000, 1)
    start_again(appliance)
    moment = cut_while_talking(appliance, branch, SPOKEN_MS)
    set_clock(appliance, YEAR_2000_MS + 30_000, 1)
    start_again(appliance)
    branch.vault.start()
    recording = arrived(branch, 3)
    assert recording.clock == 1 and 0 < recording.opened_ms - YEAR_2000_MS < 120_000
    heard(branch, recording, moment)

    # Lists have the calls in their order, with bounds for the one whose time is not known.
    with branch.vault.opened() as vault:
        index = RecordingIndex(vault.database)
        rows, _ = index.find(Query())
        today, _ = index.find(Query(from_ms=rows[1].opened_ms, until_ms=now_ms()))
    assert [row.number for row in rows] == [3, 2, 1] and [row.number for row in today] == [3, 2]
    assert [row.time_trusted for row in rows] == [False, True, True]
    assert rows[0].earliest_ms == rows[1].opened_ms and rows[0].latest_ms == rows[0].stored_ms
    assert ["fallen back" in found.text for found in recording.findings] == [True]
    assert [not row.length_exact for row in rows] == [True] * 3
    assert all(SPOKEN_MS - 600 < row.length_ms < LONG_MS + 6000 for row in rows)


def test_a_clock_that_is_moved_in_a_call_moves_nothing_in_the_recording(mains):
    appliance, branch = mains
    branch.worker(answering())
    branch.caller(calling().notice().pause(2500).bye())
    seen(branch, "SIP/2.0 200", False)
    set_clock(appliance, YEAR_2036_MS, 2)
    recording = arrived(branch, 1)
    assert (recording.state, recording.reason) == ("good", "hang-up"), recording.why
    assert NOTICE_MS + 2000 < recording.events[-1].t_ms < NOTICE_MS + 6000
    with branch.vault.opened() as vault:
        timeline = open_audio(vault, recording, vault.organisation.audio_key(AUDIO_PASSPHRASE))
    assert timeline.not_played == [] and 1000 < timeline.duration_ms - timeline.first_ms < 4500
