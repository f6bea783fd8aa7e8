"""What an appliance owes in every recording with audio, whatever the policy says: that the worker was informed, under which
terms, that a test is a test, that nothing is recorded after the end, and that both parties were there."""

from collections.abc import Iterator

from testigo_vault.lawfulness.case import Case
from testigo_vault.lawfulness.course import Course
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_wire.recording.items import CUT

_LEGS = ("near", "far")  # terms of the table [legs]
# Reasons of a recording that has no audio, or none any more.
_WITHOUT_SOUND = ("refused", "unrecorded", "cancelled", "objection")
_REASONS_OF_TESTS = ("test", "failed", *CUT)
_EVENTS_OF_TESTS = ("call", "policy", "consent", "media", "confirmed", "unrecorded", "no_recording")
# The frame that is open when a party hangs up is written after the event.
_FRAMES_AFTER_HANG_UP = 1


def check(case: Case, course: Course) -> Iterator[LawFinding]:
    for name in ("call", "policy", "terms"):
        if len(list(case.events(name))) > 1:
            yield finding("terms-twice", event=name)
    if case.is_test:
        yield from _test(case)
    if not case.audio_items:
        return
    if case.reason in _WITHOUT_SOUND:
        yield finding("reason-sound", reason=case.reason)
    late = [run for run in course.runs if run.after_hang_up]
    if sum(run.frames for run in late) > _FRAMES_AFTER_HANG_UP:
        yield finding(
            "sound-after-hang-up", late[0].index, frames=sum(run.frames for run in late), ms=course.hung_up_ms
        )
    if case.is_test:
        return
    if case.first("terms") is None:
        yield finding("terms-missing")
    uninformed = [run for run in course.runs if not run.worker]
    if uninformed:
        yield finding("worker-uninformed", uninformed[0].index)
    yield from _legs(case)


def _test(case: Case) -> Iterator[LawFinding]:
    """A self-test has neither line nor parties, and none of the events of a call."""
    call = case.first("call")
    named = call is not None and any(call[2:7][at] for at in (0, 2, 3, 4))
    others = sorted({event[0] for event in case.events()} - set(_EVENTS_OF_TESTS))
    if named or others or case.reason not in _REASONS_OF_TESTS:
        yield finding("call-as-test")


def _legs(case: Case) -> Iterator[LawFinding]:
    """Audio of a leg from which nothing came, by its sums or by its packets."""
    for leg in (0, 1):
        sums = [event for event in case.events("quality") if event[2] == leg]
        silent = bool(sums) and not any(event[3] for event in sums)
        if case.frames and not any(frame.packets[leg] for frame in case.frames):
            silent = True
        confirmed = [event[3] for event in case.events("confirmed") if event[2] == leg]
        if silent or "none" in confirmed:
            yield finding("leg-silent", leg=_LEGS[leg])
        elif case.header[1] > 1 and not confirmed and case.reason not in CUT:
            yield finding("leg-unconfirmed", leg=_LEGS[leg])
