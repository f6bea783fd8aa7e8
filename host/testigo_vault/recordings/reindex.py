"""Builds the index again from the copies alone. Accounts, sessions, alarms and the log's anchor stay as they are."""

import re
from collections.abc import Callable, Iterator

from sqlalchemy import delete, select

from testigo_vault.errors import NotFound, StoreError
from testigo_vault.recordings.indexing import Indexer, Offer
from testigo_vault.recordings.reader import Reading
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

_PATH = re.compile(r"(recordings|quarantine)/([^/]+)/(\d{8,})-([0-9a-f]{32})(?:-[0-9a-f]{8})?\.tsg\Z")
_STORED = (Recording.path, Recording.sha256, Recording.stored_ms)


def reindex(vault: Vault, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """-> how many recordings are in the index now. Raises StoreError where no copy of a file can be read."""
    paths = sorted(set(_paths(vault)), key=lambda path: (path.split("/")[1], path.split("/")[2], path))
    with vault.database.session() as session:
        stored = {(path, sha256): ms for path, sha256, ms in session.execute(select(*_STORED))}
        session.execute(delete(Recording))
    indexer = Indexer(vault)
    for done, path in enumerate(paths, 1):
        match = _PATH.match(path)
        assert match is not None
        data, reading = _best_copy(vault, indexer, path, match[2])
        head = reading.seal[2] if reading.seal else bytes(32)
        offer = Offer(match[2], int(match[3]), bytes.fromhex(match[4]), len(data), head)
        row, _ = indexer.prepare(offer, reading, data)
        row.path = path
        # The copies do not say when it was stored; the index did, where it was not lost.
        row.stored_ms = stored.get((path, row.sha256)) or now_ms()
        indexer.save(row, reading)
        progress(done, len(paths))
    return len(paths)


def _best_copy(vault: Vault, indexer: Indexer, path: str, device_id: str) -> tuple[bytes, Reading]:
    """The first copy that is as its device sealed it; if there is none, the first that can be read."""
    first: tuple[bytes, Reading] | None = None
    errors = []
    for place in vault.store.places:
        try:
            data = place.get(path)
        except (NotFound, StoreError) as error:
            errors.append(str(error))
            continue
        reading = indexer.read(data, device_id)
        if reading.sealed:
            return data, reading
        first = first or (data, reading)
    if first is None:
        raise StoreError(" ".join(errors), "Restore it from a backup, then index again.")
    return first


def _paths(vault: Vault) -> Iterator[str]:
    for place in vault.store.places:
        for prefix in ("recordings", "quarantine"):
            for path in place.paths(prefix):
                if _PATH.match(path):
                    yield path
