"""The events against the signed policy that they name: the line, its mode and rule, worker, tone and length."""

from collections.abc import Iterator

from testigo_vault.lawfulness.archive import Archive, Missing
from testigo_vault.lawfulness.case import Case
from testigo_vault.lawfulness.course import Course
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_wire.policy import decision, fields
from testigo_wire.policy import documents as wire

_LINES = 9  # of a policy's body
# An appliance cuts long texts to one of these lengths (recorder/storage/recording.py).
_CUT_TEXTS = (160, 40)
# The limit is looked at some twenty times a second; a start beside it may take a chip some seconds.
_LIMIT_TOLERANCE_MS = 5000
# A pause that ends after the limit: the recording ends then, with what was captured until it was looked at.
_FRAMES_AFTER_LIMIT = 1
_CLOCK_TOLERANCE_MS = 300_000


def policy_of(case: Case, archive: Archive) -> wire.Document | Missing | None:
    """The signed policy that the recording names; None where it names none."""
    event = case.first("policy")
    if event is None or not event[2]:
        return None
    return archive.policy(event[2], event[3])


def line_of(case: Case, policy: wire.Document) -> list | None:
    call = case.first("call")
    return decision.find_line(policy.body[_LINES], call[2], call[3]) if call is not None else None


def same_text(said: str, signed: str) -> bool:
    """Whether `said` is what an appliance writes of the signed text."""
    return said == signed or (len(said) in _CUT_TEXTS and signed.startswith(said))


def check(case: Case, course: Course, policy: wire.Document | Missing | None) -> Iterator[LawFinding]:
    event = case.first("policy")
    if event is None or policy is None or case.is_test:
        return
    if isinstance(policy, Missing):
        yield finding("policy-missing", version=event[2], why=policy.why)
        return
    yield from _dates(case, policy)
    line = line_of(case, policy)
    if line is None:
        call = case.first("call")
        yield finding("line-unknown", line=call[2] if call else "", version=policy.version)
        return
    yield from _terms(case, line)
    if not case.audio_items:
        return
    yield from _worker(course, line)
    yield from _tone(case, line)
    if line[fields.MODE] == "on-demand" and case.first("started") is None:
        yield finding("unrequested")
    yield from _limit(case, course, line)


def _terms(case: Case, line: list) -> Iterator[LawFinding]:
    """What `policy` and `terms` say of the line, field by field."""
    said = []
    policy = case.first("policy")
    if policy is not None:
        said += [("mode", policy[4], line[fields.MODE])]
        if line[fields.MODE] != "never":
            said += [("rule", policy[5], line[fields.RULE])]
    for terms in case.events("terms"):
        said += [
            ("basis", terms[2], line[fields.BASIS]),
            ("worker", terms[3], line[fields.WORKER]),
            ("objection", terms[4], line[fields.OBJECTION]),
            ("high_level", terms[5], line[fields.HIGH_LEVEL]),
        ]
    for name, value, signed in said:
        if value != signed and not (isinstance(value, str) and same_text(value, signed)):
            yield finding("terms-differ", field=name, said=str(value), signed=str(signed))


def _worker(course: Course, line: list) -> Iterator[LawFinding]:
    way, reference = line[fields.WORKER], line[fields.WORKER_REFERENCE]
    for informed in course.workers:
        _, _, by, told = informed.event
        if by != way or not same_text(told, reference):
            yield finding(
                "worker-differs", informed.index, said=f"{by} {told}".strip(), signed=f"{way} {reference}".strip()
            )


def _tone(case: Case, line: list) -> Iterator[LawFinding]:
    signed = line[fields.TONE][0] if line[fields.TONE] else None
    tone = case.first("tone")
    if signed is not None and (tone is None or tone[2:] != signed):
        yield finding("tone-differs")


def _limit(case: Case, course: Course, line: list) -> Iterator[LawFinding]:
    """An appliance that captures at the limit writes an event there. So audio before an event beyond the limit is longer."""
    limit = line[fields.MAX_MS]
    if not limit:
        return
    longest = limit + _LIMIT_TOLERANCE_MS
    late = [run for run in course.runs if run.frames and not run.after_hang_up and (run.next_ms or 0) > longest]
    ends = [frame for frame in case.frames or () if frame.last_ms > longest]
    if max(sum(run.frames for run in late), len(ends)) > _FRAMES_AFTER_LIMIT:
        yield finding("over-limit", late[0].index if late else ends[0].index, minutes=limit // 60_000)


def _dates(case: Case, policy: wire.Document) -> Iterator[LawFinding]:
    """Only where the clock had been set: nothing that is law rests on it (docs/adr/0020)."""
    begin, end = policy.body[:2]
    if case.header[7] != 2 or not case.audio_items:
        return
    early = case.opened_ms < begin - _CLOCK_TOLERANCE_MS
    if early or (end and case.opened_ms > end + _CLOCK_TOLERANCE_MS):
        yield finding("policy-dates", version=policy.version)
