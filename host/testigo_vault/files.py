"""Writes files that survive a power cut: a complete file beside the old one, flushed to the disk, then renamed."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def write_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace `path` by `data` so that a crash leaves either the old or the new file."""
    write_files([(path, data, mode)])


def write_files(files: list[tuple[Path, bytes, int]]) -> None:
    """Replace several, each (path, data, mode), in their order, and none of them unless there is room for all. Raises OSError
    with the file's name."""
    parts: list[Path] = []
    try:
        for path, data, mode in files:
            part = path.with_name(path.name + ".part")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            parts.append(part)
            _write_flushed(descriptor, data)
            os.chmod(part, mode)
        for part, (path, _, _) in zip(parts, files, strict=True):
            os.replace(part, path)
    except OSError as error:
        for part in parts:
            part.unlink(missing_ok=True)
        error.filename = error.filename or str(path)
        raise
    for folder in {path.parent for path, _, _ in files}:
        sync_folder(folder)


def write_new_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that is not there yet. A crash leaves a complete file or none. Raises FileExistsError, OSError."""
    part = path.with_name(path.name + ".part")
    try:
        _write_flushed(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), data)
        try:
            os.link(part, path)
        except OSError as error:
            # A file system without hard links, as FAT and some network shares.
            if error.errno not in _NO_LINKS:
                raise
            if path.exists():
                raise FileExistsError(path) from None
            os.rename(part, path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_flushed(descriptor: int, data: bytes) -> None:
    """Write all of an open file, flush it to the disk and close it."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, against this and other processes; waits for it. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
