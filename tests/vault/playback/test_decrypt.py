"""The sound of recordings whose appliance lost its power or its clock."""

import pytest

from support.fake_appliance import OPENED_MS, speech
from support.intake import take
from testigo_vault.errors import StoreError
from testigo_vault.playback.decrypt import open_audio
from testigo_vault.recordings.search import RecordingIndex

YEAR_MS = 365 * 86_400_000
YEAR_2000 = 946_684_800_000


def opened(vault, made, audio_key):
    take(vault, made)
    recording = RecordingIndex(vault.database).get(f"branch-1/{made.number}")
    return recording, open_audio(vault, recording, audio_key)


@pytest.mark.parametrize(
    ("opened_ms", "closed_ms"),
    [
        (YEAR_2000 + 15_000, YEAR_2000 + 15_000),  # closed at a start at which the clock fell back
        (OPENED_MS, YEAR_2000),
        (OPENED_MS, OPENED_MS + 30 * YEAR_MS),
        (OPENED_MS + 30 * YEAR_MS, OPENED_MS),
        (0, 0),
        (1 << 63, 1),
    ],
)
def test_a_call_cut_by_a_power_loss_is_heard_whatever_the_clock_said(vault, appliance, audio_key, opened_ms, closed_ms):
    packets = speech(15)
    made = appliance.record(
        packets=packets, after=None, reason="power-loss", opened_ms=opened_ms, closed_ms=closed_ms, clock=1
    )
    _, timeline = opened(vault, made, audio_key)
    assert timeline.raw == made.payloads
    assert timeline.not_played == []
    assert timeline.duration_ms == 2000 + 15_000


def torn(appliance, frames, **changes):
    """A recording of which these audio frames have their length and place, but not their content."""
    return appliance.record(packets=speech(2), torn=frames, per_frame=24, **changes)


def test_frames_that_a_power_cut_tore_are_told_and_the_rest_is_heard(vault, appliance, audio_key):
    made = torn(appliance, (7, 8), reason="power-loss", after=None)
    recording, timeline = opened(vault, made, audio_key)
    assert recording.state == "good", recording.why
    assert [(one.why, one.count) for one in timeline.not_played] == [("torn-frames", 2)]
    assert timeline.raw[0] == made.payloads[0][: 160 * 12 * 7]


def test_damaged_frames_in_the_middle_are_told_and_the_rest_is_heard(vault, appliance, audio_key):
    made = torn(appliance, (3,))
    _, timeline = opened(vault, made, audio_key)
    assert [(one.why, one.count) for one in timeline.not_played] == [("damaged-frames", 1)]
    raw = made.payloads[1]
    assert timeline.raw[1] == raw[: 160 * 36] + raw[160 * 48 :]


def test_a_recording_of_which_no_frame_opens_is_an_error(vault, appliance, audio_key):
    with pytest.raises(StoreError, match="does not open"):
        opened(vault, torn(appliance, range(9)), audio_key)


def test_a_frame_later_than_the_call_is_told(vault, appliance, audio_key):
    packets = [*speech(1)[0], (1, 500_000_000, speech(1)[0][0][2])]
    _, timeline = opened(
        vault, appliance.record(per_frame=10, packets=packets, after=[("hang_up", 4000, 1, 200, "")]), audio_key
    )
    assert [(one.why, one.leg, one.count) for one in timeline.not_played] == [("later-event", 1, 1)]
    assert timeline.duration_ms == 3000
    found = RecordingIndex(vault.database).get("branch-1/1").findings
    assert ("sound-times", "irregular") in [(one.code, one.severity) for one in found]
