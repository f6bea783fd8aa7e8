"""Takes in a recording: verify, classify, store in every place, index, and only then sign a receipt.

- Good: stored under recordings/, receipt.
- Sealed by the device but against the order of events, the chain of numbers or the like: stored in quarantine, alarm,
  receipt (the bytes are safe here and show what the device did).
- Not what a device of this vault sealed: stored in quarantine, alarm, no receipt; the device keeps its own copy.
- Audio beside an objection: the audio is replaced by its digests before anything is stored; alarm.

Taking in the same recording again changes nothing and gives the same receipt.
"""

import hashlib
from dataclasses import dataclass

from testigo_vault.audit import alarms
from testigo_vault.errors import NotFound, StoreError
from testigo_vault.recordings.indexing import UNSEALED, Indexer, Offer
from testigo_vault.recordings.reader import erase_audio
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.storage.copies import Place
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault


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
        """The outcome of an earlier `admit`, if every place still has the recording; else None: it has to be sent."""
        with self._vault.database.read() as session:
            row = session.get(Recording, offer.recording_id.hex())
            if row is None or row.device_id != offer.device_id or row.head != offer.head.hex():
                return None
            if not row.stored_ms:
                return None
            if row.state == QUARANTINED and row.why.startswith(UNSEALED):
                return Outcome(b"", row.state, row.why)
            # The device deletes its copy on this receipt, so what it says of the copies has to be true today.
            if not all(_has_copy(place, row) for place in self._vault.store.places):
                return None
            return Outcome(self._receipt(row), row.state, row.why)

    def admit(self, offer: Offer, data: bytes) -> Outcome:
        """Raises StoreError where a place fails: then there is no receipt, and the device offers the recording again."""
        vault = self._vault
        reading = self._indexer.read(data, offer.device_id)
        erased_items = reading.audio_items if reading.objected else 0
        if erased_items:
            data = erase_audio(data)
            reading = self._indexer.read(data, offer.device_id)
        row, id_taken = self._indexer.prepare(offer, reading, data)
        highest = self._indexer.highest_number(row.device_id)
        vault.store.put(row.path, data)
        # Alarms come before the index: a vault killed in between repeats them, and loses none.
        if erased_items:
            text = f"{row.device_id} sent {erased_items} items of audio beside an objection; they were destroyed."
            self._alarm(alarms.UNLAWFUL, text, row)
        if row.number > highest + 1:
            text = f"{row.device_id} sent number {row.number}, the highest before was {highest}."
            self._alarm(alarms.GAP, text, row)
        if row.state == QUARANTINED:
            self._alarm(alarms.QUARANTINE, f"{row.device_id} number {row.number}: {row.why}", row)
        vault.device_reports.check_recording(row.device_id, row.id, reading.events)
        vault.device_reports.check_storage(row.device_id, row.number, row.id, row.reason, reading.events)
        row.stored_ms = now_ms()
        self._indexer.save(row, reading)
        if row.state == QUARANTINED and (not reading.sealed or id_taken):
            return Outcome(b"", row.state, row.why)
        return Outcome(self._receipt(row), row.state, row.why)

    def _alarm(self, kind: str, text: str, row: Recording) -> None:
        self._vault.alarms.raise_alarm(kind, text, row.device_id, row.id)

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


def _has_copy(place: Place, row: Recording) -> bool:
    try:
        return hashlib.sha256(place.get(row.path)).hexdigest() == row.sha256
    except (NotFound, StoreError):
        return False
