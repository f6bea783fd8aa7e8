"""Building the index again from the copies alone. People, sessions, alarms and the log's anchor stay as they are."""

import re
from collections.abc import Callable, Iterator

from sqlalchemy import delete

from testigo_vault.errors import NotFound, StoreError
from testigo_vault.ingest.admission import Intake, Offer
from testigo_vault.recordings.reader import Reading
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault

_NAME = re.compile(r"(recordings|quarantine)/([^/]+)/(\d{8,})-([0-9a-f]{32})(?:-[0-9a-f]{8})?\.tsg\Z")


def reindex(vault: Vault, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """-> how many recordings are in the index now."""
    paths = sorted(set(_paths(vault)), key=lambda path: (path.split("/")[1], path.split("/")[2], path))
    with vault.database.session() as session:
        session.execute(delete(Recording))
    intake = Intake(vault)
    for done, path in enumerate(paths, 1):
        match = _NAME.match(path)
        assert match is not None
        data, reading = _best(vault, intake, path, match[2])
        head = reading.seal[2] if reading.seal else bytes(32)
        offer = Offer(match[2], int(match[3]), bytes.fromhex(match[4]), len(data), head)
        intake.restore(offer, reading, data, path)
        progress(done, len(paths))
    return len(paths)


def _best(vault: Vault, intake: Intake, path: str, device_id: str) -> tuple[bytes, Reading]:
    """The first copy that is as its device sealed it; where none is, the first there is."""
    first: tuple[bytes, Reading] | None = None
    errors = []
    for place in vault.store.places:
        try:
            data = place.get(path)
        except (NotFound, StoreError) as error:
            errors.append(str(error))
            continue
        reading = intake.read(data, device_id)
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
                if _NAME.match(path):
                    yield path
