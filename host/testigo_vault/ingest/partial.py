"""Recordings of which only a part has arrived: one file each below incoming/, so that a transfer goes on at the byte
where it stopped, whatever stopped it, a vault that was killed included.

    incoming/<device_id>/<number, 8 digits>-<recording id>-<first 8 of head>.part
"""

import hashlib
import os
from pathlib import Path

from testigo_vault.recordings.indexing import Offer


def remove_parts(folder: Path, offer: Offer) -> None:
    """Remove what arrived of a recording that is stored now, under whatever head it was offered."""
    for path in (folder / offer.device_id).glob(f"{offer.number:08}-{offer.recording_id.hex()}-*.part"):
        path.unlink(missing_ok=True)


class PartialUpload:
    """One recording of which `size` bytes are here."""

    def __init__(self, folder: Path, offer: Offer) -> None:
        self.offer = offer
        device_folder = folder / offer.device_id
        device_folder.mkdir(parents=True, exist_ok=True)
        self.path = device_folder / f"{offer.number:08}-{offer.recording_id.hex()}-{offer.head.hex()[:8]}.part"
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self.size = os.fstat(self._file).st_size
        if self.size > offer.size:
            self.restart()

    def append(self, offset: int, data: bytes) -> None:
        """Unbuffered, so that a killed vault loses nothing of it."""
        os.pwrite(self._file, data, offset)
        self.size = offset + len(data)

    def complete(self, sha256: bytes) -> bytes | None:
        """All the bytes if they have this SHA-256; else None, and the transfer begins again at 0."""
        data = self.path.read_bytes()
        if hashlib.sha256(data).digest() == sha256:
            return data
        self.restart()
        return None

    def restart(self) -> None:
        os.ftruncate(self._file, 0)
        self.size = 0

    def remove(self) -> None:
        """Call it once the recording is stored."""
        self.close()
        self.path.unlink(missing_ok=True)
        remove_parts(self.path.parent.parent, self.offer)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
