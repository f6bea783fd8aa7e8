"""The picture of a call: the peaks of both legs as SVG paths, with marks for notice, consent, objection and end."""

from dataclasses import dataclass

from testigo_vault.playback.timeline import Timeline
from testigo_vault.storage.models import Event

WIDTH = 1000
LANE_HEIGHT = 60  # of one leg, in the picture's units

_MARKS = {"notice": "notice", "consent": "consent", "objection": "objection", "hang_up": "end"}


@dataclass
class Mark:
    x: float
    kind: str
    seconds: float


@dataclass
class Wave:
    paths: list[str]
    marks: list[Mark]
    seconds: float
    ticks: list[tuple[float, str]]
    start: float


def draw(timeline: Timeline, events: list[Event], power_loss: bool) -> Wave:
    """power_loss: the recording ends with its sound, without an event."""
    seconds = max(timeline.length / 8000, 0.001)
    paths = [_path(peaks) for peaks in timeline.peaks(WIDTH // 2)]
    marks = []
    for event in events:
        kind = _MARKS.get(event.name)
        if kind and event.t_ms <= seconds * 1000:
            at = event.t_ms / 1000
            marks.append(Mark(round(at / seconds * WIDTH, 1), kind, at))
    if power_loss:
        marks.append(Mark(WIDTH, "end", seconds))
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800) if seconds / s <= 10), 3600)
    ticks = [(round(t / seconds * WIDTH, 1), f"{t // 60}:{t % 60:02}") for t in range(0, int(seconds) + 1, step)]
    return Wave(paths, marks, round(seconds, 3), ticks, timeline.first_ms / 1000)


def _path(peaks: list[int]) -> str:
    """A closed outline, symmetric about the middle of the lane; silence is a thin line."""
    if not peaks:
        return f"M0 {LANE_HEIGHT // 2}H{WIDTH}"
    step = WIDTH / len(peaks)
    # The square root makes quiet speech visible.
    heights = [max(0.4, (peak / 32768) ** 0.5 * (LANE_HEIGHT / 2 - 2)) for peak in peaks]
    middle = LANE_HEIGHT / 2
    upper = [f"{i * step:.1f} {middle - h:.1f}" for i, h in enumerate(heights)]
    lower = [f"{i * step:.1f} {middle + h:.1f}" for i, h in enumerate(heights)]
    return "M" + "L".join(upper) + "L" + "L".join(reversed(lower)) + "Z"
