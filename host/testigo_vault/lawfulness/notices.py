"""Notices and answers against the signed documents: was the line's own notice played, as long as it takes, and was the answer one
that the rule accepts?"""

from collections.abc import Iterator

from testigo_vault.lawfulness.archive import Archive, Missing
from testigo_vault.lawfulness.case import Case
from testigo_vault.lawfulness.course import Answer, Course, WorkerInformed
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_vault.lawfulness.line import same_text
from testigo_wire.policy import fields

TOLERANCE_MS = 250  # one frame
# How consent may have been given, by the rule (testigo_wire/policy/consent.py).
_WAYS = {"notify": ("notice", "key"), "opt-out": ("timeout", "key"), "opt-in": ("key",)}
# Fields of a `notice` event, and of a signed notice's body.
_T, _LEG, _LANGUAGE, _NAME, _DIGEST, _PLAYED, _TOTAL = range(1, 8)
_SIGNED_LANGUAGE, _SIGNED_TOTAL = 1, 3


def check(case: Case, course: Course, line: list | None, archive: Archive) -> Iterator[LawFinding]:
    """line: of the signed policy; None where that is not at hand."""
    if case.is_test:
        return
    yield from _played(case)
    yield from _signed(case, archive)
    for answer in course.answers:
        yield from _answer(answer, line)
    if line is None:
        return
    for informed in course.workers:
        yield from _worker(informed, line)
    for event in case.events("objection"):
        if event[3] and event[3] != line[fields.OBJECT_KEY]:
            yield finding("objection-key", key=event[3], signed=line[fields.OBJECT_KEY])


def _played(case: Case) -> Iterator[LawFinding]:
    """A notice takes as long as it lasts, to a leg that has a session, and after the one before it."""
    free_ms: list[int | None] = [None, None]  # from when on each leg could hear a notice
    for step in case.steps:
        event = step.event
        if event is None:
            continue
        if event[0] == "media" and free_ms[event[2]] is None:
            free_ms[event[2]] = event[1]
        elif event[0] == "notice":
            leg = event[_LEG]
            begin = event[_T] - event[_PLAYED]
            if begin < (free_ms[leg] or 0) - TOLERANCE_MS:
                heard = max(0, event[_T] - (free_ms[leg] or 0))
                yield finding("notice-too-fast", step.index, notice=event[_NAME], ms=event[_PLAYED], within=heard)
            free_ms[leg] = event[_T]


def _signed(case: Case, archive: Archive) -> Iterator[LawFinding]:
    """Each notice that was played is one that the operator signed, whole and with its own length."""
    missing = []
    for step in case.steps:
        event = step.event
        if event is None or event[0] != "notice":
            continue
        signed = archive.notice(event[_NAME], event[_DIGEST])
        if isinstance(signed, Missing):
            if event[_NAME] not in missing:
                yield finding("notice-missing", step.index, notice=event[_NAME], why=signed.why)
            missing.append(event[_NAME])
            continue
        length, language = signed.body[_SIGNED_TOTAL], signed.body[_SIGNED_LANGUAGE]
        if event[_TOTAL] != length:
            yield finding(
                "notice-differs", step.index, notice=event[_NAME], said=f"{event[_TOTAL]} ms", signed=f"{length} ms"
            )
        elif not same_text(event[_LANGUAGE], language):
            yield finding("notice-differs", step.index, notice=event[_NAME], said=event[_LANGUAGE], signed=language)


def _answer(answer: Answer, line: list | None) -> Iterator[LawFinding]:
    _, t_ms, rule, _, by, key, _ = answer.event
    if by not in _WAYS.get(rule, ()):
        yield finding("consent-way", answer.index, way=by, rule=rule)
    if line is None:
        return
    if by == "key" and key != line[fields.ACCEPT_KEY]:
        yield finding("consent-key", answer.index, key=key, signed=line[fields.ACCEPT_KEY])
    names = [voice[fields.NOTICE] for voice in line[fields.VOICES]]
    heard = [notice for notice in answer.notices if any(same_text(notice[_NAME], name) for name in names)]
    if not heard:
        yield finding("notice-other-line", answer.index, notice=answer.notices[-1][_NAME] if answer.notices else "-")
    elif by == "timeout" and t_ms < heard[-1][_T] + line[fields.KEY_TIMEOUT] - TOLERANCE_MS:
        waited = t_ms - heard[-1][_T]
        yield finding("consent-too-early", answer.index, ms=waited, signed=line[fields.KEY_TIMEOUT])


def _worker(informed: WorkerInformed, line: list) -> Iterator[LawFinding]:
    """A worker who is informed by a notice heard the line's own."""
    if informed.event[2] != "notice" or line[fields.WORKER] != "notice":
        return
    reference = line[fields.WORKER_REFERENCE]
    if not any(same_text(notice[_NAME], reference) for notice in informed.notices):
        heard = informed.notices[-1][_NAME] if informed.notices else "-"
        yield finding("notice-other-line", informed.index, notice=heard)
