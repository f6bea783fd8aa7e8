"""What is known of each appliance from its sessions: when it was heard of last, and which numbers it has used.

`hello` says the number that its next recording will have (docs/formats/link.md). The highest one said is kept: recordings below
it have to come. They are awaited for a set time, since a call may be up and a line may be down; what is missing then raises one
alarm, and so does an appliance that is silent for a set time.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from testigo_vault.audit import alarms
from testigo_vault.audit.alarms import Alarms
from testigo_vault.storage.copies import ASIDE
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import DeviceContact, Recording
from testigo_vault.timestamps import utc_text

MAX_NUMBER = (1 << 53) - 1
HOUR_MS = 3_600_000
# What was set aside under a number is not the recording of that number.
HAS_ITS_NUMBER = ~Recording.path.endswith(ASIDE)
_MAX_RANGES = 8


class DeviceContacts:
    """missing_hours: for how long a number is awaited; silent_hours: for how long an appliance may be silent."""

    def __init__(self, database: Database, alarms: Alarms, missing_hours: int, silent_hours: int) -> None:
        self._database = database
        self._alarms = alarms
        self._missing_hours = missing_hours
        self._silent_hours = silent_hours

    def hello(self, device_id: str, next_number: int, now_ms: int) -> None:
        """A session began. An alarm where the appliance has fewer numbers than it said before."""
        with self._database.session() as session:
            contact = _contact(session, device_id)
            before = contact.next_number
            contact.last_ms, contact.silent_ms = now_ms, 0
            contact.next_number = max(before, min(next_number, MAX_NUMBER))
            self._await(contact, now_ms)
        if 0 < next_number < before:
            text = (
                f"{device_id} says that its next number is {next_number}, and said {before} before: its storage was replaced "
                "or set back."
            )
            if not self._alarms.said(alarms.GAP, text):
                self._alarms.raise_alarm(alarms.GAP, text, device_id)

    def check(self, registered: dict[str, int], now_ms: int) -> None:
        """Alarms for what did not come in time. registered: {device_id: when it was registered} of those that are not revoked."""
        for device_id, since_ms in registered.items():
            with self._database.read() as session:
                contact = session.get(DeviceContact, device_id) or _new_contact(device_id)
                last_ms = contact.last_ms
                texts = [*self._overdue(session, contact, now_ms), *self._silence(contact, since_ms, now_ms)]
            # Alarms come before what they say is kept: a vault that is killed in between repeats them.
            for kind, text in texts:
                self._alarms.raise_alarm(kind, text, device_id)
            with self._database.session() as session:
                kept = _contact(session, device_id)
                kept.due_number, kept.awaited_number = contact.due_number, contact.awaited_number
                kept.awaited_by_ms = contact.awaited_by_ms
                if kept.last_ms == last_ms:  # else it has connected meanwhile
                    kept.silent_ms = contact.silent_ms

    def all(self) -> dict[str, DeviceContact]:
        """{device_id: what is known}."""
        with self._database.read() as session:
            return {contact.device_id: contact for contact in session.scalars(select(DeviceContact))}

    def _await(self, contact: DeviceContact, now_ms: int) -> None:
        if not contact.awaited_number and contact.next_number > contact.due_number:
            contact.awaited_number = contact.next_number
            contact.awaited_by_ms = now_ms + self._missing_hours * HOUR_MS

    def _overdue(self, session: Session, contact: DeviceContact, now_ms: int) -> list[tuple[str, str]]:
        if not contact.awaited_number or contact.awaited_by_ms > now_ms:
            return []
        missing = _missing(session, contact.device_id, max(contact.due_number, 1), contact.awaited_number)
        contact.due_number, contact.awaited_number, contact.awaited_by_ms = contact.awaited_number, 0, 0
        self._await(contact, now_ms)
        if not missing:
            return []
        numbers = ", ".join(numbers_text(first, last) for first, last in missing[:_MAX_RANGES])
        more = "" if len(missing) <= _MAX_RANGES else ", …"
        text = (
            f"{contact.device_id} has used the numbers below {contact.due_number}, and these did not come within "
            f"{self._missing_hours} hours: {numbers}{more}."
        )
        return [(alarms.GAP, text)]

    def _silence(self, contact: DeviceContact, since_ms: int, now_ms: int) -> list[tuple[str, str]]:
        last_ms = contact.last_ms or since_ms
        if contact.silent_ms or not last_ms or now_ms - last_ms < self._silent_hours * HOUR_MS:
            return []
        contact.silent_ms = now_ms
        if contact.last_ms:
            text = f"{contact.device_id} was last connected on {utc_text(last_ms)}, more than {self._silent_hours} hours ago."
        else:
            text = f"{contact.device_id} was registered on {utc_text(last_ms)} and has not connected yet."
        return [(alarms.SILENT, text)]


def _contact(session: Session, device_id: str) -> DeviceContact:
    contact = session.get(DeviceContact, device_id)
    if contact is None:
        contact = _new_contact(device_id)
        session.add(contact)
    return contact


def _new_contact(device_id: str) -> DeviceContact:
    return DeviceContact(
        device_id=device_id, last_ms=0, next_number=0, awaited_number=0, awaited_by_ms=0, due_number=0, silent_ms=0
    )


def _missing(session: Session, device_id: str, first: int, end: int) -> list[tuple[int, int]]:
    """Ranges of numbers from `first` to below `end` of which no recording is here."""
    numbers = session.scalars(
        select(Recording.number)
        .where(Recording.device_id == device_id, Recording.number >= first, Recording.number < end)
        .where(HAS_ITS_NUMBER)
        .distinct()
        .order_by(Recording.number)
    )
    return missing_numbers(numbers, first, end)


def missing_numbers(numbers: Iterable[int], first: int, end: int) -> list[tuple[int, int]]:
    """Ranges, (first, last), that are not in ascending `numbers`: from `first` on, up to their highest or to below `end`."""
    found, expected = [], first
    for number in numbers:
        if number > expected:
            found.append((expected, number - 1))
        expected = number + 1
    if expected < end:
        found.append((expected, end - 1))
    return found


def numbers_text(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
