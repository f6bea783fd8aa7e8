"""What appliances say of themselves at each session (docs/formats/link.md, `report`): the last report of each is kept."""

from sqlalchemy import select

from testigo_vault.audit import alarms
from testigo_vault.audit.alarms import Alarms
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import DeviceReport
from testigo_vault.timestamps import now_ms, utc_text
from testigo_vault.vocabulary.translator import translator

# Calls that were not to be recorded, or never came about: they are counted and shown, and raise no alarm.
EXPECTED = frozenset({"emergency", "busy", "no phone"})
_FULL = ("storage full", "space")
_DAY_MS = 86_400_000
_MAX_ENTRIES = 32
_MAX_TEXT = 64
_MAX_REASON = 160


class DeviceReports:
    def __init__(self, database: Database, alarms: Alarms) -> None:
        self._database = database
        self._alarms = alarms

    def save(self, device_id: str, unrecorded: list, facts: list) -> None:
        """Keep a report in place of the last one. An alarm for calls without a recording of which nothing was said before.

        unrecorded: [[why, calls, since_ms, until_ms], ...]; facts: [[name, value], ...].
        """
        unrecorded = [[why[:_MAX_TEXT], *rest] for why, *rest in unrecorded[:_MAX_ENTRIES]]
        before = self.latest(device_id)
        known = {(why, since) for why, _, since, _ in before.unrecorded} if before else set()
        for why, calls, since_ms, _ in unrecorded:
            if (why, since_ms) not in known:
                self._raise(device_id, why, calls, since_ms)
        with self._database.session() as session:
            session.merge(DeviceReport(device_id=device_id, at_ms=now_ms(), unrecorded=unrecorded, facts=_plain(facts)))

    def check_storage(self, device_id: str, number: int, recording_id: str, reason: str, events: list) -> None:
        """An alarm where the storage of the device was full or failed, at most once a day for each of the two."""
        full = reason == "storage-full" or any(event[0] == "unrecorded" and event[2] in _FULL for event in events)
        if not full and reason != "storage-fault":
            return
        text = f"The storage of {device_id} failed: number {number} was not recorded to its end."
        if full:
            text = f"The storage of {device_id} was full: number {number} was not recorded to its end."
        beginning = text[: text.index(":")]
        if not self._alarms.said(alarms.STORAGE, beginning, now_ms() - _DAY_MS):
            self._alarms.raise_alarm(alarms.STORAGE, text, device_id, recording_id)

    def check_recording(self, device_id: str, recording_id: str, events: list) -> None:
        """An alarm for calls without a recording that a recording tells, unless a report of the device did so before."""
        told = [event[2:] for event in events if event[0] == "no_recording"]
        if not told:
            return
        before = self.latest(device_id)
        known = {(why, since): calls for why, calls, since, _ in before.unrecorded} if before else {}
        for why, calls, since_ms, _ in told:
            if calls > known.get((why, since_ms), 0):
                self._raise(device_id, why, calls, since_ms, recording_id)

    def refused_document(self, device_id: str, document: str, version: int, reason: str) -> None:
        """An appliance did not take a document, as for want of room. One alarm a version, though it comes at each session."""
        start = f"{device_id} did not take the {document} version {version}: "
        if not self._alarms.said(alarms.DOCUMENT, start):
            self._alarms.raise_alarm(alarms.DOCUMENT, f"{start}{reason[:_MAX_REASON]}.", device_id)

    def latest(self, device_id: str) -> DeviceReport | None:
        with self._database.read() as session:
            return session.get(DeviceReport, device_id)

    def all(self) -> dict[str, DeviceReport]:
        """{device_id: its last report}."""
        with self._database.read() as session:
            return {report.device_id: report for report in session.scalars(select(DeviceReport))}

    def _raise(self, device_id: str, why: str, calls: int, since_ms: int, recording_id: str = "") -> None:
        if why in EXPECTED:
            return
        unrecorded = translator("en").term("unrecorded", why)
        text = f"{device_id} had {calls} calls without a recording since {utc_text(since_ms)}: {unrecorded}."
        self._alarms.raise_alarm(alarms.UNRECORDED, text, device_id, recording_id)


def _plain(facts: list) -> list:
    """Facts of a kind that a JSON column and a page can show; the others are left out."""
    return [
        [name[:_MAX_TEXT], value]
        for name, value in facts[:_MAX_ENTRIES]
        if isinstance(value, (int, str))
        or (isinstance(value, list) and all(isinstance(part, (int, str)) for part in value))
    ]
