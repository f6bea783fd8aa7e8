"""What the link's VaultSession calls for one appliance: documents, reports, recordings that arrive."""

import logging

from testigo_vault.audit import alarms
from testigo_vault.audit.device_contacts import MAX_NUMBER
from testigo_vault.ingest.admission import Admission
from testigo_vault.ingest.partial import PartialUpload, remove_parts
from testigo_vault.recordings.indexing import Offer
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.link.vault import RecordingRefused
from testigo_wire.policy import documents

# One recording is held whole in memory while it is verified and stored, three times over at the peak. 1 GiB is about
# 14 hours of a call in G.711.
MAX_RECORDING_SIZE = 1 << 30
_MAX_REASON = 200
_log = logging.getLogger("testigo.ingest")


class DeviceAdapter:
    """Its methods block."""

    def __init__(self, vault: Vault, admission: Admission, device_id: str) -> None:
        self._vault = vault
        self._admission = admission
        self._device_id = device_id
        self._blobs: dict | None = None
        self._upload: PartialUpload | None = None

    def documents(self, firmware: str, next_number: int, held: list) -> list[bytes]:
        """Documents that the device does not have, and newer versions of those it has."""
        self._vault.device_contacts.hello(self._device_id, next_number, now_ms())
        held_versions = {(kind, name): version for kind, name, version in held}
        missing = []
        for data in self._vault.documents.documents_for(self._device_id):
            document = documents.parse(data)
            name = document.body[0] if document.kind == "notice" else ""
            if document.version > held_versions.get((document.kind, name), 0):
                missing.append(data)
        return missing

    def report(self, unrecorded: list, facts: list) -> None:
        self._vault.device_reports.save(self._device_id, unrecorded, facts)

    def taken(self, document: bytes, reason: str) -> None:
        parsed = documents.parse(document)
        if reason:
            _log.warning("%s refused %s version %d: %s", self._device_id, parsed.kind, parsed.version, reason)
            if parsed.kind != "receipt":
                self._vault.device_reports.refused_document(self._device_id, parsed.kind, parsed.version, reason)
        else:
            _log.info("%s took %s version %d", self._device_id, parsed.kind, parsed.version)

    def blob(self, name: str) -> bytes | None:
        if self._blobs is None:
            self._blobs = dict(self._vault.documents.blobs_for(self._device_id))
        path = self._blobs.get(name)
        return path.read_bytes() if path else None

    def resume(self, number: int, recording_id: bytes, size: int, head: bytes) -> int | bytes:
        self.close()
        if self._vault.organisation.devices.get(self._device_id).revoked:
            raise RecordingRefused("this device was revoked")
        if number > MAX_NUMBER or size > MAX_RECORDING_SIZE:
            text = f"{self._device_id} offers number {number} of {size} bytes, which is more than this vault takes."
            if not self._vault.alarms.said(alarms.DEVICE, text):
                self._vault.alarms.raise_alarm(alarms.DEVICE, text, self._device_id)
            raise RecordingRefused("larger than this vault takes")
        offer = Offer(self._device_id, number, recording_id, size, head)
        stored = self._admission.stored(offer)
        if stored is not None:
            # The vault may have been killed before it removed the part, which can hold audio that was objected to.
            remove_parts(self._vault.folder / "incoming", offer)
            if not stored.receipt:
                raise RecordingRefused(stored.reason[:_MAX_REASON])
            return stored.receipt
        self._upload = PartialUpload(self._vault.folder / "incoming", offer)
        return self._upload.size

    def append(self, number: int, offset: int, data: bytes) -> None:
        assert self._upload is not None
        self._upload.append(offset, data)

    def finish(self, number: int, digest32: bytes) -> bytes | None:
        assert self._upload is not None
        data = self._upload.complete(digest32)
        if data is None:
            return None
        outcome = self._admission.admit(self._upload.offer, data)
        self._upload.remove()
        self._upload = None
        if not outcome.receipt:
            raise RecordingRefused(outcome.reason[:_MAX_REASON])
        return outcome.receipt

    def close(self) -> None:
        if self._upload is not None:
            self._upload.close()
            self._upload = None
