"""Taking in a recording: verify, decide, store in every place, index, and only then sign a receipt.

- Good: kept under recordings/, receipt.
- Sealed by the device but against the order, the chain of numbers or the like: kept in quarantine, alarmed, receipt
  (the bytes are safe here and show what the device did).
- Not what a device of ours sealed: kept in quarantine, alarmed, refused; the device keeps its own.
- Audio beside an objection: the audio is replaced by its digests before anything is stored, and it is alarmed.

Taking in the same recording again changes nothing and gives the same receipt.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from testigo_vault.audit import alarms as alarm_kinds
from testigo_vault.errors import NotFound, StoreError
from testigo_vault.identity.organisation import now_ms
from testigo_vault.recordings.reader import Reading, erase_audio, read
from testigo_vault.recordings.rows import make_row
from testigo_vault.storage.copies import Place, quarantine_path, recording_path
from testigo_vault.storage.models import Copy, Finding, Recording
from testigo_vault.vault import Vault
from testigo_wire.recording.verifier import Finding as WireFinding

GOOD, QUARANTINED = "good", "quarantined"


@dataclass
class Offer:
    """What the device said it would send."""

    device_id: str
    number: int
    recording_id: bytes
    size: int
    head: bytes


@dataclass
class Outcome:
    """`receipt` is empty where the device has to keep its copy; `reason` then says why."""

    receipt: bytes
    state: str
    reason: str = ""


class Intake:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def known(self, offer: Offer) -> Outcome | None:
        """What became of this recording if it is here already, in every place; one that lost it takes it once more."""
        with self._vault.database.read() as session:
            row = session.get(Recording, offer.recording_id.hex())
            if row is None or row.device_id != offer.device_id or row.head != offer.head.hex():
                return None
            if not row.stored_ms:
                return None
            if row.state == QUARANTINED and row.why.startswith(_UNSEALED):
                return Outcome(b"", row.state, row.why)
            # The device deletes its own on this receipt: what it says of the copies has to be true today.
            if not all(_holds(place, row) for place in self._vault.store.places):
                return None
            return Outcome(self._receipt(row), row.state, row.why)

    def take(self, offer: Offer, data: bytes) -> Outcome:
        """All of it. Raises StoreError where a place fails: nothing is receipted then, and the device offers again."""
        vault = self._vault
        reading = self.read(data, offer.device_id)
        destroyed = bool(reading.objected and reading.audio_items)
        if destroyed:
            items = reading.audio_items
            data = erase_audio(data)
            reading = self.read(data, offer.device_id)
        row = make_row(reading, offer.recording_id.hex(), offer.device_id, offer.number)
        self._compare(offer, reading, row)
        self._continuity(row, reading)
        self._judge(row, reading, data)
        duplicate = self._make_way(row)
        highest = self._highest(row.device_id)
        vault.store.put(row.path, data)
        # Alarms come before the index: a vault killed in between repeats them, and loses none.
        if destroyed:
            vault.alarms.raise_alarm(
                alarm_kinds.UNLAWFUL,
                f"{row.device_id} sent {items} items of audio beside an objection; they were destroyed.",
                row.device_id,
                row.id,
            )
        if row.number > highest + 1:
            vault.alarms.raise_alarm(
                alarm_kinds.GAP,
                f"{row.device_id} sent number {row.number}, the highest before was {highest}.",
                row.device_id,
                row.id,
            )
        if row.state == QUARANTINED:
            vault.alarms.raise_alarm(
                alarm_kinds.QUARANTINE, f"{row.device_id} number {row.number}: {row.why}", row.device_id, row.id
            )
        row.stored_ms = now_ms()
        self.save(row, reading, vault.store.names())
        if row.state == QUARANTINED and (not reading.sealed or duplicate):
            return Outcome(b"", row.state, row.why)
        return Outcome(self._receipt(row), row.state, row.why)

    def read(self, data: bytes, device_id: str) -> Reading:
        """Verify by the device's registered keys and the index key."""
        try:
            publics = self._vault.organisation.devices.get(device_id).publics()
        except NotFound:
            publics = []
        return read(data, publics, self._vault.index_key)

    def restore(self, offer: Offer, reading: Reading, data: bytes, path: str) -> None:
        """Index again what lies under `path` in the copies. When it was stored is no longer known: now."""
        row = make_row(reading, offer.recording_id.hex(), offer.device_id, offer.number)
        self._compare(offer, reading, row)
        self._continuity(row, reading)
        self._judge(row, reading, data)
        self._make_way(row)
        row.path = path
        row.stored_ms = now_ms()
        self.save(row, reading, self._vault.store.names())

    def save(self, row: Recording, reading: Reading, places: list[str]) -> None:
        """Write the rows in one transaction, in place of older ones of this recording."""
        with self._vault.database.session() as session:
            session.execute(delete(Recording).where(Recording.id == row.id))
            for event in row.events:
                event.recording_id = row.id
            row.copies = [
                Copy(
                    recording_id=row.id,
                    name=name,
                    checked_ms=row.stored_ms,
                    result="whole" if reading.sealed else "kept",
                )
                for name in places
            ]
            session.add(row)

    def _highest(self, device_id: str) -> int:
        with self._vault.database.read() as session:
            return session.scalar(select(func.max(Recording.number)).where(Recording.device_id == device_id)) or 0

    def _compare(self, offer: Offer, reading: Reading, row: Recording) -> None:
        """What arrived must be what was offered."""
        wrong = []
        if reading.header and row.device_id != offer.device_id:
            wrong.append(f"its header says device {row.device_id}, it came from {offer.device_id}")
        if reading.header and reading.header[2] != offer.recording_id:
            wrong.append("its header has another id than was offered")
        if reading.header and row.number != offer.number:
            wrong.append(f"its header says number {row.number}, {offer.number} was offered")
        if reading.seal and reading.seal[2] != offer.head:
            wrong.append("its seal names another head than was offered")
        for text in wrong:
            _add(reading, row, "seal", text)
        # An alien header must not choose where the bytes go, or in whose sequence they count.
        row.device_id, row.number = offer.device_id, offer.number

    def _continuity(self, row: Recording, reading: Reading) -> None:
        """The number before and the one after, where they are here."""
        if not reading.header:
            return
        with self._vault.database.read() as session:
            near = session.scalars(
                select(Recording).where(
                    Recording.device_id == row.device_id,
                    Recording.number.in_([row.number - 1, row.number, row.number + 1]),
                    Recording.state == GOOD,
                    Recording.id != row.id,
                )
            ).all()
            same = session.get(Recording, row.id)
        if same is not None and same.state == GOOD and (same.device_id, same.head) != (row.device_id, row.head):
            # A device, or a thief of its key, that seals a call anew must not overwrite the one that is kept.
            _add(reading, row, "continuity", f"another recording with the id {row.id} is here already")
        for other in near:
            if other.number == row.number:
                _add(reading, row, "continuity", f"recording {other.id} has the same number {row.number}")
            elif other.number < row.number and other.header_digest != row.previous:
                _add(reading, row, "continuity", f"does not name number {other.number} as the one before it")
            elif other.number > row.number and other.previous != row.header_digest:
                _add(reading, row, "continuity", f"number {other.number} names another recording as the one before it")

    def _judge(self, row: Recording, reading: Reading, data: bytes) -> None:
        row.size = len(data)
        row.sha256 = hashlib.sha256(data).hexdigest()
        if not reading.findings:
            row.path = recording_path(row.device_id, row.number, row.id)
            return
        texts = []
        for found in reading.findings:
            where = "" if found.item is None else f" (item {found.item})"
            texts.append(f"{found.code}{where}: {found.text}")
        row.state = QUARANTINED
        row.why = ("" if reading.sealed else _UNSEALED) + "; ".join(texts[:8]) + ("; …" if len(texts) > 8 else "")
        row.path = quarantine_path(row.device_id, row.number, row.id, row.sha256)

    def _make_way(self, row: Recording) -> bool:
        """Two different files may claim one id. The good one has it; the other is listed by its own digest instead.

        -> whether it is `row` that had to step aside.
        """
        with self._vault.database.session() as session:
            other = session.get(Recording, row.id)
            if other is None or other.sha256 == row.sha256:
                return False
            if other.state == QUARANTINED and row.state == GOOD:
                session.execute(update(Recording).where(Recording.id == row.id).values(id=other.sha256[:32]))
                return False
        row.id = row.sha256[:32]
        return True

    def _receipt(self, row: Recording) -> bytes:
        body = [
            row.device_id,
            bytes.fromhex(row.id),
            row.number,
            bytes.fromhex(row.head),
            self._vault.store.names(),
            row.stored_ms,
        ]
        return self._vault.organisation.operator_sign("receipt", row.number, body)


_UNSEALED = "not as a device sealed it: "


def _holds(place: Place, row: Recording) -> bool:
    try:
        return hashlib.sha256(place.get(row.path)).hexdigest() == row.sha256
    except (NotFound, StoreError):
        return False


def _add(reading: Reading, row: Recording, code: str, text: str) -> None:
    reading.findings.append(WireFinding(code, None, None, text))
    row.findings.append(Finding(recording_id=row.id, item=-1, code=code, text=text))
