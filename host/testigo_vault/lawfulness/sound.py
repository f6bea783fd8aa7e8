"""When the packets arrived, where the audio key is open: audio that was written later may have been captured before consent,
in a pause or after the call. One frame is allowed at each end."""

from collections.abc import Iterator

from testigo_vault.lawfulness.case import Case, FrameTimes
from testigo_vault.lawfulness.course import Course, Interval
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_vault.lawfulness.notices import TOLERANCE_MS

# An event is written after the packets before it arrived; a packet that claims to be later by more was not received then.
EVENT_TOLERANCE_MS = 1000


def check(case: Case, course: Course) -> Iterator[LawFinding]:
    found: dict[str, list[FrameTimes]] = {}
    for frame in case.frames or ():
        next_ms = case.next_event_ms(frame.index)
        if next_ms is not None and frame.last_ms > next_ms + EVENT_TOLERANCE_MS:
            found.setdefault("sound-times", []).append(frame)
        elif not any(_within(frame, interval) for interval in course.allowed):
            found.setdefault(_name(frame, course), []).append(frame)
    for name, frames in found.items():
        first = min(frame.first_ms for frame in frames)
        yield finding(name, frames[0].index, frames=len(frames), ms=first)
    if case.is_test:
        different = [frame for frame in case.frames or () if not frame.same]
        if different:
            yield finding("sound-test-differs", different[0].index, frames=len(different))


def _within(frame: FrameTimes, interval: Interval) -> bool:
    return interval.from_ms - TOLERANCE_MS <= frame.first_ms and frame.last_ms <= interval.until_ms + TOLERANCE_MS


def _name(frame: FrameTimes, course: Course) -> str:
    if not course.allowed or frame.first_ms < course.allowed[0].from_ms - TOLERANCE_MS:
        return "sound-before-consent"
    if frame.last_ms > course.hung_up_ms + TOLERANCE_MS:
        return "sound-after-hang-up"
    if any(frame.last_ms > pause.from_ms + TOLERANCE_MS and frame.first_ms < pause.until_ms for pause in course.pauses):
        return "sound-in-pause"
    return "sound-outside-consent"
