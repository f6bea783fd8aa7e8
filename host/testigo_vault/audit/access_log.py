"""The access log: append-only lines, each chained to the one before (audit/log_file.py, docs/formats/access-log.md).

The line is written to the disk before the access that it records. Where it cannot be written, the access does not happen
(RD 1720/2007 article 103: it cannot be switched off). A line changed, taken out or put in breaks every digest after it.
The anchor shows that lines were cut from the end: it is the last line's digest, kept in the index's database. It moves on
only if the log still has the line it names, so that later lines do not hide what was cut before them. A log without its
anchor is not in order, and stays so until `accept`.

Checks from line 1 on, and from a checkpoint on, are in audit/log_check.py; where the lines are, in audit/log_lines.py.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from testigo_vault.audit import log_lines
from testigo_vault.audit.log_check import MAX_AHEAD, Checked, LogCheck
from testigo_vault.audit.log_file import (
    DENIED,
    FAILED,
    FIELDS,
    GRANTED,
    START,
    Break,
    Entry,
    Place,
    bounded,
    end_of,
    last_places,
    line_of,
    parse,
    stated,
)
from testigo_vault.errors import KeyLocked, NotFound, Refused, VaultError
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import LogAnchor
from testigo_vault.timestamps import now_text

__all__ = ["DENIED", "FAILED", "FIELDS", "GRANTED", "AccessLog", "Attempt", "Break", "Checked", "Entry", "Place"]

FILE_NAME = "access.log"
ANCHORED = "log-accept"  # the kind of the line that `accept` writes


class AccessLog:
    """Appends from any number of processes; a file lock keeps their lines in one chain.

    key: the secret of the checkpoints' codes, or None where this process cannot have it; then each check is from line 1 on.
    """

    def __init__(
        self, folder: Path, database: Database | None = None, key: Callable[[], bytes | None] | None = None
    ) -> None:
        self.path = folder / FILE_NAME
        self._database = database
        self._check = LogCheck(self.path, database, key or (lambda: None))

    def append(self, user: str, kind: str, outcome: str, recording: str = "", detail: str = "") -> int:
        """Write one line and return its number. Raises VaultError where that fails: then the access must not happen."""
        values = {"user": user, "recording": recording, "kind": kind, "outcome": outcome, "detail": detail}
        values = {name: bounded(name, text) for name, text in values.items()}
        at = now_text("milliseconds")
        try:
            with self._locked() as file:
                last = end_of(file)
                self._recover_anchor(file, last)
                entry = Entry(last.line + 1, at, **values)
                digest, line = line_of(entry, last.digest)
                with self._session() as session:
                    if session is not None:
                        _move_anchor(session, last, entry.n, digest)
                        log_lines.add(session, entry, last)
                        session.flush()  # a database that cannot be written fails here, before the line is there
                    _write(file, line, last.offset)
        except (OSError, SQLAlchemyError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"its anchor in the index: {error.args[0]}"
            raise VaultError(
                f"The access log {self.path} cannot be written ({reason}), so nothing may be opened.",
                "Free space on its disk, or correct its owner.",
            ) from None
        return entry.n

    @contextlib.contextmanager
    def attempt(self, user: str, kind: str, recording: str = "", detail: str = "") -> Iterator["Attempt"]:
        """What a command does. Within the block, `granted()` comes right before the thing itself. An error that leaves the
        block gets a line: denied where it was not allowed or there is no such thing, else failed."""
        attempt = Attempt(self, user, kind, recording, detail)
        try:
            yield attempt
        except BaseException as error:
            if not (isinstance(error, VaultError) and error.logged):
                attempt.ended(error)
            if isinstance(error, VaultError):
                error.logged = True
            raise

    def head(self) -> Place:
        """The last line: number, digest, and the file's size in bytes; line 0 of an empty log."""
        try:
            with self._locked() as file:
                return end_of(file)
        except OSError as error:
            raise VaultError(
                f"The access log {self.path} cannot be read ({error.strerror}).", "Correct its owner."
            ) from None

    def entries(self, recording: str = "") -> Iterator[Entry]:
        """Lines in order, of one recording or of all, without those that cannot be read, which `verify` names."""
        for line in self._lines():
            try:
                entry = parse(line)
            except ValueError:
                continue
            if not recording or entry.recording == recording:
                yield entry

    def has(self, digest: str, line: int | None = None) -> bool:
        """Whether a line has this digest, or line `line` has it. Line 0, before the first, has its own."""
        if digest == START.digest and not line:
            return True
        return any(stated(text) == digest and line in (None, number) for number, text in enumerate(self._lines(), 1))

    def latest(self, search: log_lines.Search) -> log_lines.Found:
        """The latest lines that match, newest first, at a cost that does not grow with the log."""
        assert self._database is not None
        self._check.catch_up()
        return log_lines.find(self._database, self.path, search)

    def verify(self) -> tuple[int, str, list[Break]]:
        """(number of lines, last digest, breaks), from line 1 on. After a break the chain is checked from the next line on."""
        checked = self._check.whole()
        return checked.lines, checked.head, checked.breaks

    def check(self) -> Checked:
        """What `verify` finds, but lines that a checkpoint vouches for are not read again."""
        return self._check.since_checkpoint()

    def accept(self, user: str, reason: str) -> int:
        """Anchor the log as it is, after a database or a log came back from a backup: writes a line that says so, and returns
        its number. Raises Refused where the anchor holds."""
        if self._database is None or not self._check.lost():
            raise Refused("The access log has its anchor.", "`testigo log verify` says what else is wrong.")
        head = self.head()
        line = self.append(user, ANCHORED, GRANTED, detail=f"lines 1 to {head.line} taken as they are: {reason}")
        last = self.head()
        with self._database.session() as session:
            session.merge(LogAnchor(id=1, line=last.line, digest=last.digest))
        self._check.forget()
        return line

    def _recover_anchor(self, file: BinaryIO, last: Place) -> None:
        """After a crash between line and anchor, move the anchor to the last line, if the log has the line it names."""
        if self._database is None:
            return
        with self._database.read() as session:
            anchor = session.get(LogAnchor, 1)
        if anchor is None or not last.line - MAX_AHEAD <= anchor.line < last.line:
            return
        there = START.digest if anchor.line == 0 else ""
        for place in last_places(file, last, MAX_AHEAD + 1):
            if place.line == anchor.line:
                there = place.digest
        if there == anchor.digest:
            with self._database.session() as session:
                _move_anchor(session, Place(anchor.line, anchor.digest, 0), last.line, last.digest)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @contextlib.contextmanager
    def _session(self) -> Iterator[Session | None]:
        if self._database is None:
            yield None
            return
        with self._database.session() as session:
            yield session

    def _lines(self) -> Iterator[bytes]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            yield from file


def _write(file: BinaryIO, line: bytes, end: int) -> None:
    """Append a line, whole or not at all: a part of it, as on a full disk, would be a line that does not hold."""
    try:
        if os.write(file.fileno(), line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), end)
        raise


def _move_anchor(session: Session, before: Place, line: int, digest: str) -> None:
    """Move the anchor on, if it names the line before. Where it was lost it stays so: `accept` makes another."""
    anchor = session.get(LogAnchor, 1)
    if anchor is not None and (anchor.line, anchor.digest) == (before.line, before.digest):
        anchor.line, anchor.digest = line, digest


class Attempt:
    """One attempt of `AccessLog.attempt`. recording and detail may be set until `granted`."""

    def __init__(self, log: AccessLog, user: str, kind: str, recording: str, detail: str) -> None:
        self._log = log
        self._user = user
        self._kind = kind
        self.recording = recording
        self.detail = detail
        self.line = 0

    def granted(self) -> None:
        self.line = self._log.append(self._user, self._kind, GRANTED, self.recording, self.detail)

    def ended(self, error: BaseException) -> None:
        """Write how it ended: an error."""
        outcome = outcome_of(error)
        why = error.message if isinstance(error, VaultError) else str(error) or type(error).__name__
        if self.line:
            why = f"after line {self.line}: {why}"
            outcome = FAILED
        self._log.append(
            self._user, self._kind, outcome, self.recording, f"{self.detail}: {why}" if self.detail else why
        )


def outcome_of(error: BaseException) -> str:
    """denied: not allowed, or there is no such thing; failed: allowed, but it did not happen."""
    return DENIED if isinstance(error, (Refused, KeyLocked, NotFound)) else FAILED
