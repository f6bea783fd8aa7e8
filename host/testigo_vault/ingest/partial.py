"""Recordings of which only a part has arrived: one file each below incoming/, so that a transfer goes on at the byte
where it stopped, whatever stopped it, a vault that was killed included.

    incoming/<device_id>/<number, 8 digits>-<recording id>-<first 8 of head>.part

An appliance has a few of them, of a limited size in all, and none is kept for ever. What is removed is sent again from its
beginning: the appliance has the recording until it gets a receipt.
"""

import hashlib
import logging
import os
import time
from pathlib import Path

from testigo_vault.recordings.indexing import Offer

# Of one appliance. It sends one recording after another, so that more are left over from what failed.
MAX_PARTS = 4
MAX_PARTS_SIZE = 2 << 30
MAX_AGE_S = 14 * 86400
_log = logging.getLogger("testigo.ingest")


def remove_parts(folder: Path, offer: Offer) -> None:
    """Remove what arrived of a recording that is stored now, under whatever head it was offered."""
    for path in (folder / offer.device_id).glob(f"{offer.number:08}-{offer.recording_id.hex()}-*.part"):
        path.unlink(missing_ok=True)


def remove_old_parts(folder: Path, now_s: float | None = None) -> int:
    """Remove parts to which nothing was added for MAX_AGE_S, of all appliances; -> how many."""
    before = (time.time() if now_s is None else now_s) - MAX_AGE_S
    old = [path for path in folder.glob("*/*.part") if _state(path)[0] < before]
    for path in old:
        _remove(path, "nothing was added to it for days")
    return len(old)


def _make_room(path: Path, size: int) -> None:
    """Remove an appliance's oldest parts until there is room for one of `size` bytes beside them."""
    others = sorted((_state(other), other) for other in path.parent.glob("*.part") if other != path)
    total = sum(held for (_, held), _ in others)
    while others and (len(others) >= MAX_PARTS or total + size > MAX_PARTS_SIZE):
        (_, held), oldest = others.pop(0)
        total -= held
        _remove(oldest, "the appliance has too many")


def _state(path: Path) -> tuple[float, int]:
    """(when it was written last, its size); (0, 0) for one that went meanwhile."""
    try:
        found = path.stat()
        return found.st_mtime, found.st_size
    except FileNotFoundError:
        return 0.0, 0


def _remove(path: Path, why: str) -> None:
    _log.warning("%s/%s was removed (%s): it is sent again from its beginning", path.parent.name, path.name, why)
    path.unlink(missing_ok=True)


class PartialUpload:
    """One recording of which `size` bytes are here."""

    def __init__(self, folder: Path, offer: Offer) -> None:
        self.offer = offer
        device_folder = folder / offer.device_id
        device_folder.mkdir(parents=True, exist_ok=True)
        self.path = device_folder / f"{offer.number:08}-{offer.recording_id.hex()}-{offer.head.hex()[:8]}.part"
        _make_room(self.path, offer.size)
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
