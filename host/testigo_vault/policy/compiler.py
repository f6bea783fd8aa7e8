"""Compiles policy.toml into the body of a policy document (docs/formats/documents.md).

Names of workers are left out: the appliance gets only how many acknowledged, when, and which text.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from testigo_vault.policy.source import Acknowledgement, Emergency, Line, PolicySource
from testigo_vault.toml.types import NO_DATE
from testigo_wire.policy.emergency import EmergencyNumbers
from testigo_wire.policy.schedule import DAY as DAY_MINUTES

HORIZON_YEARS = 10  # for how long changes of local time are listed where a policy has no end
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def policy_body(source: PolicySource, recipients: list[list], since: date | None = None) -> list:
    """The body. recipients: [[stream, key_id, public65], ...]. since: from when on changes of local time are listed;
    by default from the first of January of this year."""
    zone = ZoneInfo(source.timezone)
    begin = _midnight(source.valid_from, zone)
    end = _midnight(source.valid_until + _DAY, zone) if source.valid_until else None
    scheduled = any(line.schedule for line in source.lines)
    first = since or date(datetime.now(zone).year, 1, 1)
    numbering = source.numbering
    return [
        max(0, _ms(begin)),
        _ms(end) if end else 0,
        source.controller.name,
        source.controller.contact,
        source.controller.information,
        hashlib.sha256(source.text.encode()).digest(),
        [numbering.country_code, numbering.national_prefix, numbering.international_prefix],
        offsets(zone, begin, max(begin, _midnight(first, zone)), end) if scheduled else [],
        recipients,
        [_line(line) for line in source.lines],
        # Only where the table says something: firmware before 0.3 refuses a policy that has this element.
        *([_emergency(source)] if source.emergency != Emergency() else []),
    ]


def _emergency(source: PolicySource) -> list:
    emergency = source.emergency
    return [emergency.numbers, emergency.outside_prefix, emergency.callback_minutes]


def emergency_numbers(source: PolicySource) -> EmergencyNumbers:
    """What the appliances take for an emergency number under this policy."""
    numbering = source.numbering
    return EmergencyNumbers(
        (numbering.country_code, numbering.national_prefix, numbering.international_prefix), _emergency(source)
    )


def offsets(zone: ZoneInfo, begin: datetime, first: datetime, end: datetime | None) -> list[list[int]]:
    """[[from_ms, minutes], ...]: the local time of a zone from each moment on, in the form of schedule.local_minutes.

    begin: what the first entry is from, with the offset of `first`. end: the last change is before it; else ten years on.
    """
    at = first.astimezone(UTC)
    end = end.astimezone(UTC) if end else at + timedelta(days=365 * HORIZON_YEARS)
    found = [[max(0, _ms(begin)), _minutes(zone, at)]]
    while at < end:
        following = at + _DAY
        if _minutes(zone, following) != _minutes(zone, at):
            change = _change(zone, at, following)
            if change < end:
                found.append([_ms(change), _minutes(zone, change)])
        at = following
    return found


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first minute that has the offset of `after`."""
    before = before.replace(second=0, microsecond=0)
    low, high = 0, int((after - before) / _MINUTE)
    while high - low > 1:
        middle = (low + high) // 2
        if _minutes(zone, before + middle * _MINUTE) == _minutes(zone, after):
            high = middle
        else:
            low = middle
    return before + high * _MINUTE


def _minutes(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return DAY_MINUTES + offset // _MINUTE


def worker_reference(line: Line) -> str:
    """How the worker was informed, for the record of a call."""
    if line.worker == "notice":
        return line.worker_notice
    if line.worker == "tone" or not line.acknowledgements:
        return ""
    return _on_file(line.acknowledgements)


def _on_file(entries: list[Acknowledgement]) -> str:
    days = sorted(entry.day for entry in entries if entry.day != NO_DATE)
    when = " to ".join(dict.fromkeys(day.isoformat() for day in (*days[:1], *days[-1:])))
    texts = sorted({entry.text for entry in entries})
    which = ", ".join(text[:24] for text in texts[:3]) + (", ..." if len(texts) > 3 else "")
    return ", ".join(part for part in (f"{len(entries)} on file", when, f"text {which}") if part)


def _line(line: Line) -> list:
    tone = line.tone
    keys = line.keys
    return [
        line.name,
        line.direction,
        line.mode,
        line.basis,
        line.purposes,
        line.rule or "notify",  # of a line that is never recorded
        line.accept_key,
        line.object_key,
        line.objection,
        line.order,
        line.notice_legs,
        [[voice.language, voice.notice, voice.key, voice.called] for voice in line.notices],
        line.key_timeout_ms,
        line.repeats,
        line.worker,
        worker_reference(line),
        [[tone.hertz, tone.length_ms, tone.interval_ms, tone.level]] if tone else [],
        [keys.start, keys.stop, keys.pause, keys.resume],
        line.pause_limit_ms,
        [[sum(1 << day for day in span.days), span.begin, span.end] for span in line.schedule],
        line.only,
        line.except_,
        line.impossible,
        line.max_ms,
        line.unrecorded_numbers,
        line.high_level,
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
