"""The copies of every recording: the device's bytes, unchanged, in each of the configured places.

A place is a folder, or a URL that `obstore` opens (s3://, gs://, az://). Names within a place:

    recordings/<device_id>/<number, 8 digits>-<recording id>.tsg
    quarantine/<device_id>/<number, 8 digits>-<recording id>-<first 8 of SHA-256>.tsg
    quarantine/<device_id>/<number, 8 digits>-<recording id>-<first 8 of SHA-256>-aside.tsg   of other bytes, device or number
                                                                         than the recording that has this id
    <any of these>.damaged-<first 8 of SHA-256>   a copy that was damaged, beside the good bytes that took its place

A copy counts as made when it has been flushed to the disk and read back equal. It is written once: other bytes never
replace it. Nothing is written to a place that does not have this vault's marker (places.py), as when its disk is not mounted.
"""

import errno
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError
from obstore.store import from_url

from testigo_vault.config import Copy
from testigo_vault.errors import CopyDiffers, NotFound, StoreError
from testigo_vault.files import sync_folder, write_new_file
from testigo_vault.storage.places import MARKER, PlaceRegister

RECORDINGS = "recordings"
QUARANTINE = "quarantine"
ASIDE = "-aside.tsg"


def recording_path(device_id: str, number: int, recording_id: str) -> str:
    return f"{RECORDINGS}/{device_id}/{number:08}-{recording_id}.tsg"


def quarantine_path(device_id: str, number: int, recording_id: str, sha256: str) -> str:
    return f"{QUARANTINE}/{device_id}/{number:08}-{recording_id}-{sha256[:8]}.tsg"


def set_aside_path(device_id: str, number: int, recording_id: str, sha256: str) -> str:
    return quarantine_path(device_id, number, recording_id, sha256).removesuffix(".tsg") + ASIDE


def is_set_aside(path: str) -> bool:
    return path.endswith(ASIDE)


class Place:
    """One place that holds copies. `register`: which places this vault has written to."""

    def __init__(self, copy: Copy, register: PlaceRegister) -> None:
        self.name = copy.name
        self.url = copy.url
        self._register = register
        self._folder: Path | None = None
        self._store: Any = None
        try:
            if "://" in copy.url and not copy.url.startswith("file://"):
                # The options are those of the kind of store that the URL names.
                self._store = from_url(copy.url, **cast(Any, copy.options))
            else:
                self._folder = Path(copy.url.removeprefix("file://"))
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(
                f"The copy place {copy.name} ({copy.url}) does not open: {error}.", "See [[copies]]."
            ) from None

    def check(self) -> None:
        """Raises StoreError unless the place has the marker that this vault left in it."""
        self._register.check(self.name, self.url, self.marker())

    def marker(self) -> bytes:
        """What the place's marker says; empty where it has none. Raises StoreError where the place cannot be read."""
        try:
            return self.get(MARKER)
        except NotFound:
            return b""

    def accept(self) -> None:
        """Make this a place of the vault: its marker, written anew, and its line in the register. Raises StoreError."""
        try:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / MARKER).unlink(missing_ok=True)
            else:
                self._delete(MARKER)
            self._write(MARKER, self._register.new_marker(self.name))
        except (BaseError, OSError) as error:
            raise StoreError(
                f"Copy {self.name} ({self.url}) could not take its marker: {error}.", "Check its disk or network."
            ) from None
        self._register.add(self.name, self.url, self.marker())

    def put(self, path: str, data: bytes) -> None:
        """Write once, flush to the disk, read back and compare. Raises CopyDiffers where the place has other bytes there,
        StoreError where it cannot be written or is not the place that it was."""
        self.check()
        try:
            self._write(path, data)
        except (FileExistsError, AlreadyExistsError):
            if self.get(path) != data:
                raise CopyDiffers(
                    f"Copy {self.name} has other bytes at {path}, which are not overwritten.",
                    "Run `testigo vault repair`; if the index does not have that file, `testigo vault reindex` first.",
                ) from None
            return
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

    def set_aside(self, path: str) -> str:
        """Rename a damaged copy, so that the good bytes can take its name; -> the new one. Raises NotFound, StoreError."""
        self.check()
        aside = f"{path}.damaged-{hashlib.sha256(self.get(path)).hexdigest()[:8]}"
        try:
            if self._folder is not None:
                os.rename(self._folder / path, self._folder / aside)
                sync_folder((self._folder / path).parent)
            else:
                self._store.rename(path, aside)
        except (BaseError, OSError) as error:
            raise StoreError(f"Copy {self.name} could not rename {path}: {error}.", "Check its rights.") from None
        return aside

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of all recordings under `prefix`. Raises StoreError where the place is not the one that it was."""
        self.check()
        if self._folder is not None:
            for path in (self._folder / prefix).glob("*/*.tsg"):
                yield path.relative_to(self._folder).as_posix()
            return
        for batch in self._store.list(prefix):
            for item in batch:
                if item["path"].endswith(".tsg"):
                    yield item["path"]

    def is_empty(self) -> bool:
        """Whether it holds no recording; marked or not."""
        try:
            if self._folder is not None:
                return not any(self._folder.glob("*/*/*.tsg"))
            return not any(True for prefix in (RECORDINGS, QUARANTINE) for _ in self._store.list(prefix))
        except (BaseError, OSError) as error:
            raise StoreError(f"Copy {self.name} could not be listed: {error}.", "Check its disk or network.") from None

    def _write(self, path: str, data: bytes) -> None:
        """Raises FileExistsError or AlreadyExistsError where there is something already."""
        if self._folder is not None:
            # Not by obstore, which renames the file before its data is on the disk.
            _make_folders(self._folder, (self._folder / path).parent)
            write_new_file(self._folder / path, data)
            return
        try:
            self._store.put(path, data, mode="create")
        except (NotSupportedError, NotImplementedError):
            # A store without conditional writes; one vault writes to it.
            if _exists(self._store, path):
                raise FileExistsError(path) from None
            self._store.put(path, data)

    def _delete(self, path: str) -> None:
        try:
            self._store.delete(path)
        except FileNotFoundError:
            pass


class Store:
    """All places of the vault."""

    def __init__(self, copies: list[Copy], register: PlaceRegister) -> None:
        self.places = [Place(copy, register) for copy in copies]

    def names(self) -> list[str]:
        return [place.name for place in self.places]

    def absent(self) -> dict[str, StoreError]:
        """{name: why} of the places that are not there, or are not those that this vault wrote to."""
        found = {}
        for place in self.places:
            try:
                place.check()
            except StoreError as error:
                found[place.name] = error
        return found

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


def _exists(store: Any, path: str) -> bool:
    try:
        store.head(path)
    except FileNotFoundError:
        return False
    return True


def _make_folders(root: Path, folder: Path) -> None:
    """Make the folders below `root` down to `folder`; the entry of each new one is flushed to the disk."""
    if folder == root or folder.is_dir():
        return
    _make_folders(root, folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
    sync_folder(folder.parent)
