"""The access log: append-only lines, each chained to the one before. docs/formats/access-log.md.

    line   = digest SP json LF
    digest = hex SHA-256( previous digest (64 hex) LF json )         first previous: SHA-256("testigo access log 1")
    json   = {"n", "at", "user", "recording", "kind", "outcome", "detail"}, keys in this order, no spaces, ASCII

The line is written to the disk before the access that it records. Where it cannot be written, the access does not happen
(RD 1720/2007 article 103: it cannot be switched off). A line changed, taken out or put in breaks every digest after it.
The anchor shows that lines were cut from the end: it is the last line's digest, kept in the index's database. It moves on
only if the log still has the line it names, so that later lines do not hide what was cut before them.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from testigo_vault.errors import VaultError
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import LogAnchor
from testigo_vault.timestamps import now_text

FILE_NAME = "access.log"
GENESIS = hashlib.sha256(b"testigo access log 1").hexdigest()
GRANTED, DENIED = "granted", "denied"
_FIELDS = ("n", "at", "user", "recording", "kind", "outcome", "detail")


@dataclass
class Entry:
    n: int
    at: str
    user: str
    recording: str
    kind: str
    outcome: str
    detail: str


@dataclass
class Break:
    """A line that is not as it was written, and why."""

    line: int
    why: str


class AccessLog:
    """Appends from any number of processes; a file lock keeps their lines in one chain."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self.path = folder / FILE_NAME
        self._database = database

    def append(self, user: str, kind: str, outcome: str, recording: str = "", detail: str = "") -> int:
        """Write one line and return its number. Raises VaultError where that fails: then the access must not happen."""
        at = now_text("milliseconds")
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
            with os.fdopen(descriptor, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                number, previous = _end_of(file)
                entry = Entry(number + 1, at, user, recording, kind, outcome, detail)
                text = json.dumps({name: getattr(entry, name) for name in _FIELDS}, separators=(",", ":"))
                digest = _chain(previous, text.encode())
                file.seek(0, os.SEEK_END)
                file.write(digest.encode() + b" " + text.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
                if self._database is not None:
                    self._anchor(entry.n, digest, number, previous)
        except (OSError, SQLAlchemyError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"its anchor in the index: {error.args[0]}"
            raise VaultError(
                f"The access log {self.path} cannot be written ({reason}), so nothing may be opened.",
                "Free space on its disk, or correct its owner.",
            ) from None
        return entry.n

    def entries(self, recording: str = "") -> Iterator[Entry]:
        """Lines in order, of one recording or of all, without those that cannot be read, which `verify` names."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                try:
                    entry = _parse(line)
                except ValueError:
                    continue
                if not recording or entry.recording == recording:
                    yield entry

    def has(self, digest: str) -> bool:
        """Whether a line has this digest."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            return any(_stated(line) == digest for line in file)

    def verify(self) -> tuple[int, str, list[Break]]:
        """(number of lines, last digest, breaks). After a break the chain is checked from the next line on."""
        # Read before the file: lines that are added meanwhile then do not matter.
        anchor = self._read_anchor()
        breaks: list[Break] = []
        previous, number = GENESIS, 0
        digests: dict[int, str] = {}
        if self.path.exists():
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    stated, text = _stated(line), line[65:].rstrip(b"\n")
                    try:
                        entry = _parse(line)
                    except ValueError as error:
                        breaks.append(Break(number, f"is not a log line ({error})"))
                        previous = stated
                        continue
                    if _chain(previous, text) != stated:
                        breaks.append(Break(number, "was changed, or a line before it was changed, removed or added"))
                    elif entry.n != number:
                        breaks.append(Break(number, f"says it is line {entry.n}"))
                    previous = stated
                    digests[number] = stated
        if anchor is not None and digests.get(anchor[0]) != anchor[1]:
            if anchor[0] > number:
                breaks.append(Break(anchor[0], f"is missing: the log had {anchor[0]} lines and now ends at {number}"))
            elif not breaks:
                breaks.append(Break(anchor[0], "is not the line that was written: the log was made anew"))
        return number, previous, breaks

    def _anchor(self, number: int, digest: str, before: int, before_digest: str) -> None:
        """Move the anchor to the line just written, unless the log has lost the line that the anchor names."""
        assert self._database is not None
        with self._database.session() as session:
            anchor = session.get(LogAnchor, 1)
            if anchor is None:
                session.add(LogAnchor(id=1, line=number, digest=digest))
            elif (anchor.line, anchor.digest) == (before, before_digest) or (
                # After a crash between line and anchor the anchor names an earlier line, which the log must have.
                anchor.line < before and self.has(anchor.digest)
            ):
                anchor.line, anchor.digest = number, digest

    def _read_anchor(self) -> tuple[int, str] | None:
        if self._database is None:
            return None
        with self._database.read() as session:
            anchor = session.get(LogAnchor, 1)
            return None if anchor is None else (anchor.line, anchor.digest)


def _chain(previous: str, text: bytes) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + text).hexdigest()


def _stated(line: bytes) -> str:
    """The digest in a line; of a broken line, its first 64 characters, so that the check can go on."""
    return line[:64].rstrip(b"\n").decode("ascii", "replace")


def _parse(line: bytes) -> Entry:
    if len(line) < 67 or line[64:65] != b" " or not line.endswith(b"\n"):
        raise ValueError("cut short")
    fields = json.loads(line[65:])
    if not isinstance(fields, dict) or tuple(fields) != _FIELDS:
        raise ValueError("wrong fields")
    return Entry(**fields)


def _end_of(file) -> tuple[int, str]:
    """(number, digest) of the last line. A line that a crash cut short gets its end of line, so that it stays visible."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return 0, GENESIS
    tail = b""
    position = size
    while position > 0 and tail.count(b"\n") < 2:
        step = min(4096, position)
        position -= step
        file.seek(position)
        tail = file.read(step) + tail
    if not tail.endswith(b"\n"):
        file.seek(0, os.SEEK_END)
        file.write(b"\n")
        file.flush()
        tail += b"\n"
    last = tail[:-1].split(b"\n")[-1] + b"\n"
    try:
        return _parse(last).n, _stated(last)
    except ValueError:
        file.seek(0)
        return sum(1 for _ in file), _stated(last)
