"""Finds recordings in the index: search, filter, and the numbers that are missing from a device's sequence."""

from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from testigo_vault.audit.device_contacts import HAS_ITS_NUMBER, missing_numbers, numbers_text
from testigo_vault.errors import NotFound, VaultError
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import DeviceContact, Recording
from testigo_vault.timestamps import now_ms

_ALL = 1 << 31
_LONGEST_NAME = 80  # of an id with hyphens, or of a device and a number


@dataclass
class Query:
    """Empty fields match everything; `text` is searched in numbers, line, device and id.

    A recording matches a time when it may have taken place then (placing.py).
    """

    text: str = ""
    device_id: str = ""
    outcome: str = ""
    state: str = ""
    from_ms: int = 0
    until_ms: int = 0
    limit: int = 100
    offset: int = 0


@dataclass
class Gap:
    """Numbers `first` to `last` of a device never arrived, though later ones did."""

    device_id: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.device_id}: number {numbers_text(self.first, self.last)} never arrived"


class RecordingIndex:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, query: Query) -> tuple[list[Recording], int]:
        """(newest first, those of one device always by number; how many match in all)."""
        where = _where(query)
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(Recording).where(*where)) or 0
            newest_first = (Recording.placed_ms.desc(), Recording.device_id.desc(), Recording.number.desc())
            rows = select(Recording).where(*where).order_by(*newest_first)
            return list(session.scalars(rows.limit(query.limit).offset(query.offset))), total

    def get(self, name: str) -> Recording:
        """By id, by the beginning of an id (6 or more digits), or as DEVICE/NUMBER."""
        query = select(Recording).options(
            selectinload(Recording.events), selectinload(Recording.copies), selectinload(Recording.findings)
        )
        if len(name) > _LONGEST_NAME:
            name = name[:_LONGEST_NAME] + "…"  # names none, and is shown in the error
        device_id, slash, number = name.rpartition("/")
        if slash and number.isdecimal() and len(number) < 16:
            query = query.where(Recording.device_id == device_id, Recording.number == int(number))
        elif len(name.replace("-", "")) >= 6 and all(c in "0123456789abcdef-" for c in name.lower()):
            query = query.where(Recording.id.startswith(name.lower().replace("-", "")))
        else:
            raise NotFound(f"{name!r} names no recording.", "Use its id, 6 or more digits of it, or DEVICE/NUMBER.")
        with self._database.read() as session:
            found = list(session.scalars(query.limit(3)))
        if not found:
            raise NotFound(f"No recording {name} is in the index.", "See `testigo list`, or `testigo vault reindex`.")
        if len(found) > 1:
            ids = ", ".join(recording.id for recording in found)
            raise VaultError(f"{name} names several recordings: {ids}.", "Give more digits.")
        return found[0]

    def named(self, names: list[str] | None) -> list[Recording]:
        """Those of these names, as `get` finds them; all, newest first, where there are no names."""
        return [self.get(name) for name in names] if names else self.find(Query(limit=_ALL))[0]

    def gaps(self, at_ms: int | None = None) -> list[Gap]:
        """Missing numbers of every device: from 1 to the highest in the index, and to the highest that should have come.

        at_ms: now, or another time.
        """
        at_ms = now_ms() if at_ms is None else at_ms
        gaps: list[Gap] = []
        with self._database.read() as session:
            ends = {contact.device_id: _due(contact, at_ms) for contact in session.scalars(select(DeviceContact))}
            rows = session.execute(
                select(Recording.device_id, Recording.number)
                .where(HAS_ITS_NUMBER)
                .distinct()
                .order_by(Recording.device_id, Recording.number)
            )
            for device_id, of_device in groupby(rows, key=lambda row: row[0]):
                numbers = (number for _, number in of_device)
                gaps += [Gap(device_id, *run) for run in missing_numbers(numbers, 1, ends.pop(device_id, 0))]
        gaps += [Gap(device_id, *run) for device_id, end in ends.items() for run in missing_numbers((), 1, end)]
        return sorted(gaps, key=lambda gap: (gap.device_id, gap.first))

    def counts(self) -> dict[str, int]:
        """How many recordings are in each state."""
        with self._database.read() as session:
            rows = session.execute(select(Recording.state, func.count()).group_by(Recording.state))
            return {row[0]: row[1] for row in rows}

    def device_ids(self) -> list[str]:
        with self._database.read() as session:
            return list(session.scalars(select(Recording.device_id).distinct().order_by(Recording.device_id)))

    def highest(self) -> dict[str, tuple[int, int]]:
        """device -> (its highest number, when its latest recording was stored)."""
        with self._database.read() as session:
            rows = session.execute(
                select(Recording.device_id, func.max(Recording.number), func.max(Recording.stored_ms)).group_by(
                    Recording.device_id
                )
            )
            return {device: (number, stored) for device, number, stored in rows}


def _due(contact: DeviceContact, at_ms: int) -> int:
    """The number below which all recordings of an appliance should have come."""
    is_over = 0 < contact.awaited_by_ms <= at_ms
    return max(contact.due_number, contact.awaited_number if is_over else 0)


def _where(query: Query) -> list:
    where: list = []
    if query.text:
        pattern = "%" + query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = (Recording.caller, Recording.callee, Recording.line, Recording.device_id, Recording.id)
        where.append(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    if query.device_id:
        where.append(Recording.device_id == query.device_id)
    if query.outcome:
        where.append(Recording.outcome == query.outcome)
    if query.state:
        where.append(Recording.state == query.state)
    if query.from_ms:
        where.append(Recording.latest_ms >= query.from_ms)
    if query.until_ms:
        where.append(Recording.earliest_ms < query.until_ms)
    return where
