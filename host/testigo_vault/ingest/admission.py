"""Takes in a recording: verify, classify, store in every place, index, and only then sign a receipt.

- Good: stored under recordings/, receipt.
- Sealed by the device but against the order of events, the chain of numbers or the like: stored in quarantine, alarm,
  receipt (the bytes are safe here and show what the device did).
- Not what a device of this vault sealed: stored in quarantine, alarm, no receipt; the device keeps its own copy.
- Other bytes, another device or another number than the recording here that has its id: set aside in quarantine, alarm, no
  receipt. What is here stays as it is.
- Against the law or the signed documents (lawfulness): stored in quarantine, two alarms. There is a receipt unless what is sealed
  is sealed to nobody whom a policy names.
- Audio beside an objection: the audio is replaced by its digests before anything is stored, and a signed record of that is kept
  beside each copy; alarm.

Taking in the same recording again changes nothing and gives the same receipt.
"""

from dataclasses import dataclass

from sqlalchemy import select

from testigo_vault.audit import alarms
from testigo_vault.errors import CopyDiffers, StoreError
from testigo_vault.lawfulness.case import FRAMES, KEYS
from testigo_vault.recordings import erasures
from testigo_vault.recordings.erasures import Records
from testigo_vault.recordings.indexing import Indexer, Offer
from testigo_vault.recordings.judge import alarm_text
from testigo_vault.recordings.reader import Reading, erase_audio
from testigo_vault.recordings.repair import repair
from testigo_vault.recordings.rows import QUARANTINED, REFUSED
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.recording.erasure import parse

_OBJECTED = "audio beside an objection"


@dataclass
class Outcome:
    """`receipt` is empty where the device has to keep its copy; `reason` then says why."""

    receipt: bytes
    state: str
    reason: str = ""


class Admission:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._indexer = Indexer(vault)

    def stored(self, offer: Offer) -> Outcome | None:
        """The outcome of an earlier `admit`, if every place has the recording, or has it again from another one; else None: it
        has to be sent. Raises StoreError where a place cannot be written."""
        row = self._row_of(offer)
        if row is None:
            return None
        if row.answer == REFUSED:
            return self._outcome(row)
        # The device deletes its copy on this receipt, so what it says of the copies has to be true today.
        left = repair(self._vault, row).left
        if len(left) == len(self._vault.store.places):
            return None
        if left:
            raise StoreError(" ".join(left.values()))
        return self._outcome(row)

    def admit(self, offer: Offer, data: bytes) -> Outcome:
        """Raises StoreError where a place fails: then there is no receipt, and the device offers the recording again."""
        reading = self._indexer.read(data, offer.device_id)
        erased_items = reading.audio_items if reading.objected else 0
        record = b""
        if erased_items:
            if reading.sealed:
                record = erasures.record_of_audio(self._vault, reading, _audio_indices(reading), _OBJECTED)
            data = erase_audio(data)
            reading = self._indexer.read(data, offer.device_id)
        beside = Records({1: parse(record)}) if record else Records()
        row = self._indexer.prepare(offer, reading, data, beside=beside)
        if record:
            self._store_record(row, reading, record)
        highest = self._indexer.highest_number(row.device_id)
        self._store(row, data)
        # Alarms come before the index: a vault killed in between repeats them, and loses none.
        self._raise_alarms(row, reading, erased_items, highest)
        row.stored_ms = now_ms()
        self._indexer.save(row, reading)
        return self._outcome(row)

    def _row_of(self, offer: Offer) -> Recording | None:
        """The recording that is here of what is offered: under its id, or set aside."""
        same = (
            Recording.device_id == offer.device_id,
            Recording.number == offer.number,
            Recording.head == offer.head.hex(),
            Recording.stored_ms > 0,
        )
        with self._vault.database.read() as session:
            by_id = session.scalars(select(Recording).where(*same, Recording.id == offer.recording_id.hex())).first()
            return by_id or session.scalars(select(Recording).where(*same, Recording.answer == REFUSED)).first()

    def _store(self, row: Recording, data: bytes) -> None:
        """Write every copy. Damaged ones of the same bytes are repaired; other bytes are never overwritten."""
        try:
            self._vault.store.put(row.path, data)
        except CopyDiffers:
            with self._vault.database.read() as session:
                known = session.get(Recording, row.id)
            if known is None or (known.path, known.sha256) != (row.path, row.sha256):
                raise
            for place in self._vault.store.places:
                try:
                    place.put(row.path, data)
                except CopyDiffers:
                    place.set_aside(row.path)
                    place.put(row.path, data)

    def _store_record(self, row: Recording, reading: Reading, record: bytes) -> None:
        """Before the copies. One that a vault which was killed left there stays the record."""
        if erasures.records(self._vault, row.path, reading).valid:
            erasures.spread(self._vault, row.path)
        else:
            erasures.put(self._vault, row.path, record)

    def _raise_alarms(self, row: Recording, reading: Reading, erased_items: int, highest: int) -> None:
        if erased_items:
            text = f"{row.device_id} sent {erased_items} items of audio beside an objection; they were destroyed."
            self._alarm(alarms.UNLAWFUL, text, row)
        if row.number > highest + 1:
            text = f"{row.device_id} sent number {row.number}, the highest before was {highest}."
            self._alarm(alarms.GAP, text, row)
        if row.state == QUARANTINED:
            self._alarm(alarms.QUARANTINE, f"{row.device_id} number {row.number}: {row.why}", row)
        if reading.unlawful:
            self._alarm(alarms.UNLAWFUL, alarm_text(row, reading.unlawful), row)
        reports = self._vault.device_reports
        reports.check_recording(row.device_id, row.id, reading.events)
        reports.check_storage(row.device_id, row.number, row.id, row.reason, reading.events)

    def _alarm(self, kind: str, text: str, row: Recording) -> None:
        self._vault.alarms.raise_alarm(kind, text, row.device_id, row.id)

    def _outcome(self, row: Recording) -> Outcome:
        return Outcome(b"" if row.answer == REFUSED else self._receipt(row), row.state, row.why)

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


def _audio_indices(reading: Reading) -> list[int]:
    """Of the items of the audio stream."""
    audio = [step for step in reading.steps if step.kind in (KEYS, FRAMES)]
    return [index for step in audio for index in range(step.index, step.index + step.count)]
