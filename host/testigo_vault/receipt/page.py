"""A receipt as one page for people, in Spanish or English: `templates/<language>/receipt.md.j2`. The PDF carries the receipt
itself, which is what is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from testigo_vault.receipt.field_words import field_words
from testigo_vault.receipt.iso27560 import numbers
from testigo_vault.receipt.model import AnswerFacts, Facts, Moment, NoticeFacts, Receipt
from testigo_vault.receipt.signing import key_of
from testigo_vault.recordings.wording import clock_time, party
from testigo_vault.reports.blocks import BAD, CALM, GOOD, Report
from testigo_vault.reports.templates import Templates
from testigo_vault.vocabulary.translator import Translator, translator

_FOLDER = Path(__file__).parent / "templates"
_KINDS = {"given": GOOD, "given-in-part": GOOD, "informed": GOOD, "not-objected": GOOD, "unlawful": BAD}
_FIRST_DAY = "2020-01-01"
_MOST_QUOTED = 1200  # characters of a notice on the page


@dataclass
class _Request:
    """A request for consent. why: empty for the notices that requested none. quoted: notices whose words stand below it."""

    why: str
    notices: list[NoticeFacts]
    answer: AnswerFacts | None
    quoted: list[NoticeFacts]


def receipt_page(receipt: Receipt, file_name: str, file: bytes) -> Report:
    """file_name, file: the receipt, as it is attached."""
    facts = receipt.testigo
    words = translator(facts.language)
    near, far = (party(number) for number in numbers(facts))
    report = Templates(_FOLDER, facts.language, _filters(facts, words)).report(
        "receipt",
        verdict=_KINDS.get(facts.outcome, CALM),
        facts=facts,
        signed=facts.policy.signed,
        written=facts.policy.written,
        near=near,
        far=far,
        clock_wrong=_clock_was_wrong(facts),
        requests=_requests(facts),
        during_the_call=bool(
            facts.worker or facts.tones or facts.joined or facts.parts or facts.pauses or facts.objections
        ),
        receipt_id=receipt.receipt_metadata.receipt_id,
        signing_key=key_of(receipt.signature.model_dump()),
        fields=field_words(facts.language),
        most_quoted=_MOST_QUOTED,
        term=words.term,
    )
    report.attachment = (file_name, "application/json", file)
    return report


def _clock_was_wrong(facts: Facts) -> bool:
    """Whether the date of the recording cannot be: before there were appliances, or after the receipt was issued."""
    opened = facts.recording.opened
    return bool(opened) and not _FIRST_DAY <= opened[:10] <= facts.issued[:10]


def _requests(facts: Facts) -> list[_Request]:
    """In their order; the notices that requested nothing, such as the worker's own, come last."""
    requesting = {number for request in facts.askings for number in request.notices}
    others = [notice for number, notice in enumerate(facts.notices) if number not in requesting]
    found = [
        _Request(request.why, [facts.notices[number] for number in request.notices], request.answer, [])
        for request in facts.askings
    ]
    found += [_Request("", others, None, [])] if others else []
    seen: set[str] = set()
    for request in found:
        for notice in request.notices:
            if notice.name + notice.digest not in seen:
                seen.add(notice.name + notice.digest)
                request.quoted.append(notice)
    return found


def _filters(facts: Facts, words: Translator) -> dict[str, Callable]:
    written = facts.policy.written
    try:
        zone = ZoneInfo(written.timezone if written else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")

    wrong = _clock_was_wrong(facts)

    def clock(moment: Moment) -> str:
        """The time of day where it is known, else since the recording was opened."""
        if not moment.time or wrong:
            return clock_time(moment.t_ms)
        return datetime.fromisoformat(moment.time).astimezone(zone).strftime("%H:%M:%S.%f")[:-3]

    def date(time: str) -> str:
        at = datetime.fromisoformat(time).astimezone(zone)
        offset = at.strftime("%z")
        return f"{words.day(at)} {at:%H:%M:%S} (UTC{offset[:3]}:{offset[3:]})"

    return {
        "clock": clock,
        "date": date,
        "seconds": lambda ms: f"{ms / 1000:g}",
        "tenths": lambda ms: f"{ms / 1000:.1f}",
    }
