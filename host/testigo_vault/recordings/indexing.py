"""Puts a recording into the index: compare it with what was expected, classify it, write its rows.

The ingest uses it for a recording that a device sends, `reindex` for one that is in the copies already.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from testigo_vault.errors import NotFound
from testigo_vault.lawfulness.findings import NO_RECEIPT, LawFinding
from testigo_vault.recordings import rows
from testigo_vault.recordings.clock_findings import clock_findings
from testigo_vault.recordings.erasures import Records
from testigo_vault.recordings.judge import judge
from testigo_vault.recordings.placing import place, registered_ms
from testigo_vault.recordings.reader import Reading, read
from testigo_vault.recordings.rows import GOOD, QUARANTINED, REFUSED
from testigo_vault.storage.copies import is_set_aside, quarantine_path, recording_path, set_aside_path
from testigo_vault.storage.models import Copy, Finding, Recording
from testigo_vault.vault import Vault
from testigo_wire.recording import verifier

UNSEALED = "not as a device sealed it: "
_MAX_FINDINGS_IN_REASON = 8


@dataclass
class Offer:
    """Which recording some bytes should be: as its device offered it, or as its file name and seal say."""

    device_id: str
    number: int
    recording_id: bytes
    size: int
    head: bytes


class Indexer:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def read(self, data: bytes, device_id: str) -> Reading:
        """Verify with the device's registered keys and the index key."""
        try:
            publics = self._vault.organisation.devices.get(device_id).publics()
        except NotFound:
            publics = []
        return read(data, publics, self._vault.index_key)

    def prepare(
        self, offer: Offer, reading: Reading, data: bytes, kept_path: str = "", beside: Records | None = None
    ) -> Recording:
        """The row, not yet saved. A recording has one device, number and set of bytes for ever: anything else that has its id
        is set aside under an id of its own.

        kept_path: where the copies have it already. beside: records of erasing that are to be kept with it.
        """
        judge(self._vault, reading, kept_path, beside)
        row = rows.make_row(reading, offer.recording_id.hex(), offer.device_id, offer.number)
        row.size, row.sha256 = len(data), hashlib.sha256(data).hexdigest()
        _compare_with_offer(offer, reading, row)
        if is_set_aside(kept_path):
            _add_finding(reading, row, "continuity", "was set aside when it came in")
        with self._vault.database.session() as session:
            holder = _other_holder(session, row)
            if holder is not None and holder.state == GOOD:
                _add_finding(reading, row, "continuity", f"another recording with the id {row.id} is here already")
            self._check_continuity(session, row, reading)
            _classify(row, reading)
            if (holder is not None and row.state == QUARANTINED) or is_set_aside(kept_path):
                row.answer = REFUSED
                row.path = set_aside_path(row.device_id, row.number, row.id, row.sha256)
                row.id = _id_of_file(row)
            elif holder is not None:
                # A good one takes its id back from one in quarantine.
                session.execute(update(Recording).where(Recording.id == holder.id).values(id=_id_of_file(holder)))
        row.path = kept_path or row.path
        return row

    def save(self, row: Recording, reading: Reading) -> None:
        """Write the rows in one transaction. They replace older rows of the same bytes, never those of another recording."""
        with self._vault.database.session() as session:
            same = (Recording.id == row.id, Recording.device_id == row.device_id, Recording.number == row.number)
            session.execute(delete(Recording).where(*same, Recording.sha256 == row.sha256))
            for event in row.events:
                event.recording_id = row.id
            row.copies = [
                Copy(
                    recording_id=row.id,
                    name=name,
                    checked_ms=row.stored_ms,
                    result="whole" if reading.sealed else "kept",
                )
                for name in self._vault.store.names()
            ]
            session.add(row)
            session.flush()
            place(session, row, registered_ms(self._vault.organisation.devices, row.device_id))
            row.findings.extend(clock_findings(session, row))

    def highest_number(self, device_id: str) -> int:
        """Of the device's recordings in the index; 0 where there is none."""
        with self._vault.database.read() as session:
            return session.scalar(select(func.max(Recording.number)).where(Recording.device_id == device_id)) or 0

    def _check_continuity(self, session: Session, row: Recording, reading: Reading) -> None:
        """Compare with the recordings of the number before, the same number and the number after, if they are here."""
        if not reading.header:
            return
        neighbours = session.scalars(
            select(Recording).where(
                Recording.device_id == row.device_id,
                Recording.number.in_([row.number - 1, row.number, row.number + 1]),
                Recording.state == GOOD,
                Recording.id != row.id,
            )
        ).all()
        for other in neighbours:
            if other.number == row.number:
                text = f"recording {other.id} has the same number {row.number}"
                _add_finding(reading, row, "continuity", text)
            elif other.number < row.number and other.header_digest != row.previous:
                text = f"does not name number {other.number} as the one before it"
                _add_finding(reading, row, "continuity", text)
            elif other.number > row.number and other.previous != row.header_digest:
                text = f"number {other.number} names another recording as the one before it"
                _add_finding(reading, row, "continuity", text)


def _other_holder(session: Session, row: Recording) -> Recording | None:
    """The recording in the index that has the id of `row`, and is of another device or number or has other bytes."""
    holder = session.get(Recording, row.id)
    if holder is None or (holder.device_id, holder.number, holder.sha256) == (row.device_id, row.number, row.sha256):
        return None
    return holder


def _id_of_file(row: Recording) -> str:
    """The id under which a file is listed whose own id is that of another recording."""
    return hashlib.sha256(f"{row.device_id}/{row.number}/{row.sha256}".encode()).hexdigest()[:32]


def _compare_with_offer(offer: Offer, reading: Reading, row: Recording) -> None:
    """What arrived must be what was offered."""
    differences = []
    if reading.header and row.device_id != offer.device_id:
        differences.append(f"its header says device {row.device_id}, it came from {offer.device_id}")
    if reading.header and reading.header[2] != offer.recording_id:
        differences.append("its header has another id than was offered")
    if reading.header and row.number != offer.number:
        differences.append(f"its header says number {row.number}, {offer.number} was offered")
    if reading.seal and reading.seal[2] != offer.head:
        differences.append("its seal names another head than was offered")
    for text in differences:
        _add_finding(reading, row, "seal", text)
    # A wrong header must not choose where the bytes go, or in which device's sequence they count.
    row.device_id, row.number = offer.device_id, offer.number


def _classify(row: Recording, reading: Reading) -> None:
    """Good or quarantined, with the reason, the answer to the device and the path in the copies."""
    faults: list[verifier.Finding | LawFinding] = [*reading.findings, *reading.unlawful]
    if not faults:
        row.path = recording_path(row.device_id, row.number, row.id)
        return
    texts = []
    for found in faults:
        where = "" if found.item is None else f" (item {found.item})"
        texts.append(f"{found.code}{where}: {found.text}")
    shown, omitted = texts[:_MAX_FINDINGS_IN_REASON], len(texts) > _MAX_FINDINGS_IN_REASON
    row.state = QUARANTINED
    if not reading.sealed or any(found.code in NO_RECEIPT for found in reading.unlawful):
        row.answer = REFUSED
    row.why = ("" if reading.sealed else UNSEALED) + "; ".join(shown) + ("; …" if omitted else "")
    row.path = quarantine_path(row.device_id, row.number, row.id, row.sha256)


def _add_finding(reading: Reading, row: Recording, code: str, text: str) -> None:
    reading.findings.append(verifier.Finding(code, None, None, text))
    row.findings.append(Finding(recording_id=row.id, item=-1, code=code, text=text))
