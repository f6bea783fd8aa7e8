"""Audio that is gone: the appliance's events or the operator's signed records must account for every item of it.

Turning audio into `gone` needs no key, and chain and signature still hold: so what is gone must be explained.
"""

from collections.abc import Iterator

from testigo_vault.lawfulness.case import FRAMES, GONE, KEYS, Case
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_wire.recording.items import CUT
from testigo_wire.recording.verifier import ERASED


def check(case: Case) -> Iterator[LawFinding]:
    if case.foreign_records:
        yield finding("erasure-record", count=case.foreign_records)
    left = [step for step in case.steps if step.kind in (KEYS, FRAMES)]
    unfinished = sum(_covered(case, step.index, step.count) for step in left)
    if unfinished:
        yield finding("erasure-unfinished", count=unfinished)
    erased_events = list(case.events("erased"))
    objected = case.first("objection") is not None
    if erased_events and not objected:
        yield finding("destroyed-without-objection")
    gone = [step for step in case.steps if step.kind == GONE]
    total = sum(step.count for step in gone)
    unrecorded = total - sum(_covered(case, step.index, step.count) for step in gone)
    said = sum(event[2] for event in erased_events)
    if unrecorded in (0, said):
        return
    if objected and not erased_events and not left:
        return  # the power or the storage failed before the event; what an objection destroys was destroyed
    # The order to erase was kept on the flash; the objection's event was lost with the power. Version 2 has a reason of its own.
    excuses = (ERASED,) if case.header[1] > 1 else (*CUT, "failed")
    if case.reason in excuses and not left and not erased_events:
        yield finding("destroyed-after-cut", gone[0].index, count=unrecorded)
        return
    yield finding("audio-destroyed", gone[0].index, gone=total, said=said, recorded=total - unrecorded)


def needs_record(case: Case) -> bool:
    """Whether only a signed record explains what is gone: then each place must hold it beside its copy. case: without records."""
    return any(found.code == "audio-destroyed" for found in check(case))


def _covered(case: Case, first: int, count: int) -> int:
    """How many of these items the records name."""
    return sum(any(record.covers(index) for record in case.erasures) for index in range(first, first + count))
