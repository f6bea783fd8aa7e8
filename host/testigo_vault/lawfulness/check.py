"""All checks together."""

from testigo_vault.lawfulness import destruction, line, notices, obligations, recipients, sound
from testigo_vault.lawfulness.archive import Archive
from testigo_vault.lawfulness.case import Case
from testigo_vault.lawfulness.course import course_of
from testigo_vault.lawfulness.findings import IRREGULAR, UNLAWFUL, WITHOUT_AUDIO, LawFinding
from testigo_wire.policy import documents as wire


def check(case: Case, archive: Archive) -> list[LawFinding]:
    """The findings, those about destruction first. Of a recording without audio most are irregular at worst."""
    if case.first("call") is None and next(case.events(), None) is None:
        return list(recipients.check(case, None, archive))  # the events are sealed to others, or there are none
    course = course_of(case)
    policy = line.policy_of(case, archive)
    signed = line.line_of(case, policy) if isinstance(policy, wire.Document) else None
    found = [
        *destruction.check(case),
        *recipients.check(case, policy, archive),
        *line.check(case, course, policy),
        *notices.check(case, course, signed, archive),
        *obligations.check(case, course),
        *sound.check(case, course),
    ]
    if case.audio_items:
        return found
    return [_without_audio(one) for one in found]


def _without_audio(found: LawFinding) -> LawFinding:
    if found.severity != UNLAWFUL or found.code in WITHOUT_AUDIO or found.code.startswith("sealed-"):
        return found
    return LawFinding(found.code, IRREGULAR, found.item, found.values)
