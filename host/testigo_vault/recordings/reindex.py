"""Builds the index again from the copies alone. Accounts, sessions, alarms and the log's anchor stay as they are."""

import hashlib
import re
from collections.abc import Callable, Iterator

from sqlalchemy import delete, select

from testigo_vault.errors import NotFound, StoreError
from testigo_vault.recordings.indexing import Indexer, Offer
from testigo_vault.recordings.reader import Reading
from testigo_vault.storage.copies import QUARANTINE, RECORDINGS
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

_PATH = re.compile(r"(recordings|quarantine)/([^/]+)/(\d{8,})-([0-9a-f]{32})(?:-[0-9a-f]{8}(?:-aside)?)?\.tsg\Z")
_STORED = (Recording.path, Recording.sha256, Recording.stored_ms)


def reindex(vault: Vault, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """-> how many recordings are in the index now. Raises StoreError where no copy of a file can be read, or where a place is
    not there: the index would lose what only that place has."""
    for error in vault.store.absent().values():
        raise error
    paths = sorted(set(_paths(vault)), key=_order)
    with vault.database.session() as session:
        stored = {(path, sha256): ms for path, sha256, ms in session.execute(select(*_STORED))}
        session.execute(delete(Recording))
    indexer = Indexer(vault)
    for done, path in enumerate(paths, 1):
        match = _PATH.match(path)
        assert match is not None
        data, reading = _best_copy(vault, indexer, path, match[2], stored)
        head = reading.seal[2] if reading.seal else bytes(32)
        offer = Offer(match[2], int(match[3]), bytes.fromhex(match[4]), len(data), head)
        row = indexer.prepare(offer, reading, data, path)
        # The copies do not say when it was stored; the index did, where it was not lost.
        row.stored_ms = stored.get((path, row.sha256)) or now_ms()
        indexer.save(row, reading)
        progress(done, len(paths))
    return len(paths)


def _order(path: str) -> tuple:
    """Good recordings first, each device's in order, so that what was set aside beside one stays aside."""
    folder, device_id, name = path.split("/")
    return folder != RECORDINGS, device_id, name


def _best_copy(
    vault: Vault, indexer: Indexer, path: str, device_id: str, stored: dict[tuple[str, str], int]
) -> tuple[bytes, Reading]:
    """Of copies that differ: the one that the index had, else one that is as its device sealed it with fewest items erased."""
    copies: list[bytes] = []
    errors = []
    for place in vault.store.places:
        try:
            data = place.get(path)
        except (NotFound, StoreError) as error:
            errors.append(str(error))
            continue
        if data not in copies:
            copies.append(data)
    if not copies:
        raise StoreError(" ".join(errors), "Restore it from a backup, then index again.")
    readings = [(data, indexer.read(data, device_id)) for data in copies]

    def worth(copy: tuple[bytes, Reading]) -> tuple:
        data, reading = copy
        return (path, hashlib.sha256(data).hexdigest()) in stored, reading.sealed, -reading.gone

    return max(readings, key=worth)


def _paths(vault: Vault) -> Iterator[str]:
    for place in vault.store.places:
        for prefix in (RECORDINGS, QUARANTINE):
            for path in place.paths(prefix):
                if _PATH.match(path):
                    yield path
