"""The copies of every recording: the device's bytes, unchanged, in each of the configured places.

A place is a folder, or a URL that `obstore` opens (s3://, gs://, az://). Names within a place:

    recordings/<device_id>/<number, 8 digits>-<recording id>.tsg
    quarantine/<device_id>/<number, 8 digits>-<recording id>-<first 8 of SHA-256>.tsg

A copy counts as made when it has been flushed to the disk and read back equal.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from testigo_vault.config import Copy
from testigo_vault.errors import NotFound, StoreError
from testigo_vault.files import sync_folder, write_file

RECORDINGS = "recordings"
QUARANTINE = "quarantine"


def recording_path(device_id: str, number: int, recording_id: str) -> str:
    return f"{RECORDINGS}/{device_id}/{number:08}-{recording_id}.tsg"


def quarantine_path(device_id: str, number: int, recording_id: str, sha256: str) -> str:
    return f"{QUARANTINE}/{device_id}/{number:08}-{recording_id}-{sha256[:8]}.tsg"


class Place:
    """One place that holds copies."""

    def __init__(self, copy: Copy) -> None:
        self.name = copy.name
        self.url = copy.url
        self._folder: Path | None = None
        try:
            if "://" in copy.url and not copy.url.startswith("file://"):
                # The options are those of the kind of store that the URL names.
                self._store: Any = from_url(copy.url, **cast(Any, copy.options))
            else:
                self._folder = Path(copy.url.removeprefix("file://"))
                self._folder.mkdir(parents=True, exist_ok=True)
                self._store = LocalStore(self._folder)
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(
                f"The copy place {copy.name} ({copy.url}) does not open: {error}.", "See [[copies]]."
            ) from None

    def put(self, path: str, data: bytes) -> None:
        """Write or replace, flush to the disk, read back and compare."""
        try:
            if self._folder is not None:
                # Not by obstore, which renames the file before its data is on the disk.
                _make_folders(self._folder, (self._folder / path).parent)
                write_file(self._folder / path, data)
            else:
                self._store.put(path, data)
        except (BaseError, OSError) as error:
            raise StoreError(
                f"Copy {self.name} could not take {path}: {error}.", "Check its disk or network."
            ) from None
        if self.get(path) != data:
            raise StoreError(f"Copy {self.name} gave back other bytes for {path}.", "Its disk may be failing.")

    def get(self, path: str) -> bytes:
        try:
            if self._folder is not None:
                # Read directly: obstore would copy the data of a local file twice.
                return (self._folder / path).read_bytes()
            return bytes(self._store.get(path).bytes())
        except FileNotFoundError:
            raise NotFound(f"Copy {self.name} does not hold {path}.", "Restore it from another copy.") from None
        except (BaseError, OSError) as error:
            raise StoreError(
                f"Copy {self.name} could not read {path}: {error}.", "Check its disk or network."
            ) from None

    def delete(self, path: str) -> None:
        try:
            self._store.delete(path)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise StoreError(f"Copy {self.name} could not delete {path}: {error}.", "Check its rights.") from None

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of all recordings under `prefix`."""
        for batch in self._store.list(prefix):
            for item in batch:
                if item["path"].endswith(".tsg"):
                    yield item["path"]


class Store:
    """All places of the vault."""

    def __init__(self, copies: list[Copy]) -> None:
        self.places = [Place(copy) for copy in copies]

    def names(self) -> list[str]:
        return [place.name for place in self.places]

    def put(self, path: str, data: bytes) -> None:
        """Write to every place at the same time. Raises StoreError if one of them fails: then no receipt may be given."""
        with ThreadPoolExecutor(len(self.places)) as pool:
            for put in [pool.submit(place.put, path, data) for place in self.places]:
                put.result()

    def get(self, path: str) -> bytes:
        """The bytes from the first place that has them. Raises NotFound."""
        errors = []
        for place in self.places:
            try:
                return place.get(path)
            except (NotFound, StoreError) as error:
                errors.append(str(error))
        raise NotFound(" ".join(errors))

    def delete(self, path: str) -> None:
        for place in self.places:
            place.delete(path)


def _make_folders(root: Path, folder: Path) -> None:
    """Make the folders down to `folder`; the entry of each new one is flushed to the disk."""
    if folder.is_dir():
        return
    if folder != root:
        _make_folders(root, folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
