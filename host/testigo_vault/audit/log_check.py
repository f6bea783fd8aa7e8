"""Checks of the access log: from line 1 on, and from a checkpoint on.

A checkpoint says up to which line the log was checked and what was found, under a code (HMAC-SHA-256) whose key only the
vault has, so that a change of the database alone is noticed. It saves reading the lines before it for each page. Whoever has
that key too can forge one; the check of the whole log, which the service makes daily, does not rely on it.
"""

import fcntl
import hashlib
import hmac
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete

from testigo_vault.audit import log_lines
from testigo_vault.audit.log_file import START, Break, Place, Read, last_places, walk
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import LogAnchor, LogCheckpoint
from testigo_vault.timestamps import now_ms

# Lines that the log may be ahead of its anchor: one for each crash between the two, without a line after it.
MAX_AHEAD = 4

# Lines after which a checkpoint moves on, and breaks that it keeps.
_STEP = 500
_MAX_BREAKS = 100


@dataclass
class Checked:
    """lines, head: number and digest of the last line. full_line, full_ms: how far the last check from line 1 on went, and
    when it was (ms since 1970)."""

    lines: int
    head: str
    breaks: list[Break]
    full_line: int
    full_ms: int


@dataclass
class _Pass:
    """What a walk along the lines finds."""

    end: Place
    breaks: list[Break]
    wanted: set[int]  # lines whose places are kept
    passed: dict[int, Place]

    def take(self, read: Read) -> None:
        if read.why and len(self.breaks) < _MAX_BREAKS:
            self.breaks.append(Break(read.number, read.why))
        self.end = read.end
        if read.number in self.wanted:
            self.passed[read.number] = read.end

    def has(self, place: Place) -> bool:
        """Whether a wanted line was passed and has this digest."""
        return place.line in self.passed and self.passed[place.line].digest == place.digest


class LogCheck:
    """key: of the checkpoints' codes, or None where this process cannot have it."""

    def __init__(self, path: Path, database: Database | None, key: Callable[[], bytes | None]) -> None:
        self._path = path
        self._database = database
        self._key = key

    def whole(self) -> Checked:
        """From line 1 on. Corrects the table of lines, and makes a new checkpoint."""
        self.catch_up()
        saved = self._right_checkpoint()  # before the size: another process may make a later one
        anchor, size = self._now()
        found = _Pass(START, [], {one.line for one in (anchor, saved) if one}, {0: START})
        wrong_row = 0
        with self._file() as file:
            for read, row_is_right in self._with_rows(walk(file, START, size)):
                found.take(read)
                if not row_is_right:
                    wrong_row = wrong_row or read.number
        if wrong_row and not found.breaks and self._database is not None:
            found.breaks.append(Break(wrong_row, "was not in the index as it was written; the index was made anew"))
            log_lines.forget(self._database)
            self.catch_up()
        lost = saved is not None and not found.has(saved) and not found.breaks
        result = self._result(found, anchor, Checked(0, "", [], found.end.line, now_ms()), moved=not lost)
        if lost and saved is not None and not result.breaks:
            result.breaks.append(Break(saved.line, f"was checked, and is not in the log, which ends at {result.lines}"))
        return result

    def since_checkpoint(self) -> Checked:
        """From the checkpoint on; from line 1 on where there is none, or one that is not right."""
        key, saved = self._key(), self._saved()
        if key is None or saved is None:
            return self.whole()
        if not hmac.compare_digest(saved.mac, _code(key, saved)):
            checked = self.whole()
            forged = Break(saved.line, "was not checked: the checkpoint in the index is not one that this vault made")
            checked.breaks.insert(0, forged)
            self._add_break(forged)
            return checked
        anchor, size = self._now()
        start = Place(saved.line, saved.digest, saved.offset)
        with self._file() as file:
            if size < start.offset or not _ends_at(file, start):
                return self.whole()
            wanted = {anchor.line} if anchor else set()
            found = _Pass(start, [Break(*one) for one in saved.breaks], wanted, {start.line: start})
            for read in walk(file, start, size):
                found.take(read)
        known = Checked(0, "", [], saved.full_line, saved.full_ms)
        return self._result(found, anchor, known, moved=found.end.line >= start.line + _STEP)

    def lost(self) -> bool:
        """Whether the log does not have the line that its anchor or its checkpoint names, or has no anchor."""
        saved = self._right_checkpoint()  # before the size: another process may make a later one
        anchor, size = self._now()
        found = _Pass(START, [], {one.line for one in (anchor, saved) if one}, {0: START})
        with self._file() as file:
            for read in walk(file, START, size):
                found.take(read)
        found.breaks.clear()
        return _anchor_break(anchor, found) is not None or (saved is not None and not found.has(saved))

    def forget(self) -> None:
        """Remove the checkpoint: the next check is from line 1 on."""
        if self._database is not None:
            with self._database.session() as session:
                session.execute(delete(LogCheckpoint))

    def catch_up(self) -> None:
        """Enter lines that have no row yet, as after a restored database."""
        if self._database is None or not self._path.exists():
            return
        more = True
        while more:
            with self._file() as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                more = log_lines.enter(self._database, file, self._path.stat().st_size)

    def _result(self, found: _Pass, anchor: Place | None, known: Checked, moved: bool) -> Checked:
        breaks = list(found.breaks)
        anchor_break = _anchor_break(anchor, found) if self._database is not None else None
        if anchor_break is not None:
            breaks.append(anchor_break)
        if moved:
            # Not beyond the anchor, so that an anchor that goes back is seen.
            at = found.passed[anchor.line] if anchor is not None and found.has(anchor) else found.end
            self._save(at, [one for one in found.breaks if one.line <= at.line], known)
        return Checked(found.end.line, found.end.digest, breaks, known.full_line, known.full_ms)

    def _with_rows(self, lines: Iterator[Read]) -> Iterator[tuple[Read, bool]]:
        """Each line, and whether its row is right."""
        if self._database is None:
            yield from ((read, True) for read in lines)
            return
        with self._database.read() as session:
            rows = log_lines.rows(session)
            row = next(rows, None)
            for read in lines:
                if read.entry is None or read.entry.n != read.number:
                    yield read, True
                    continue
                extra = False
                while row is not None and row.n < read.number:
                    row, extra = next(rows, None), True
                right = row is not None and tuple(row) == log_lines.row_of(read.entry, read.offset)
                if row is not None and row.n == read.number:
                    row = next(rows, None)
                yield read, right and not extra

    def _now(self) -> tuple[Place | None, int]:
        """(what the anchor names, size of the file), while nothing is appended."""
        if not self._path.exists():
            return self._anchor(), 0
        with self._file() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return self._anchor(), self._path.stat().st_size

    def _anchor(self) -> Place | None:
        if self._database is None:
            return None
        with self._database.read() as session:
            anchor = session.get(LogAnchor, 1)
            return None if anchor is None else Place(anchor.line, anchor.digest, 0)

    def _file(self) -> BinaryIO:
        return self._path.open("rb") if self._path.exists() else io.BytesIO()

    def _saved(self) -> LogCheckpoint | None:
        if self._database is None:
            return None
        with self._database.read() as session:
            return session.get(LogCheckpoint, 1)

    def _right_checkpoint(self) -> Place | None:
        """The line that the checkpoint vouches for, if this vault made it."""
        key, saved = self._key(), self._saved()
        if key is None or saved is None or not hmac.compare_digest(saved.mac, _code(key, saved)):
            return None
        return Place(saved.line, saved.digest, saved.offset)

    def _save(self, at: Place, breaks: list[Break], known: Checked) -> None:
        key = self._key()
        if key is None or self._database is None:
            return
        kept = [[one.line, one.why] for one in breaks[:_MAX_BREAKS]]
        saved = LogCheckpoint(
            id=1,
            line=at.line,
            digest=at.digest,
            offset=at.offset,
            breaks=kept,
            full_line=known.full_line,
            full_ms=known.full_ms,
        )
        saved.mac = _code(key, saved)
        with self._database.session() as session:
            session.merge(saved)

    def _add_break(self, one: Break) -> None:
        saved = self._saved()
        if saved is not None:
            at = Place(saved.line, saved.digest, saved.offset)
            breaks = [one, *(Break(*kept) for kept in saved.breaks)]
            self._save(at, breaks, Checked(0, "", [], saved.full_line, saved.full_ms))


def _anchor_break(anchor: Place | None, found: _Pass) -> Break | None:
    lines = found.end.line
    if anchor is None:
        return Break(lines, "has no anchor in the index: the anchor was removed, or the index is another one")
    if anchor.line > lines:
        return Break(anchor.line, f"is missing: the log had {anchor.line} lines and now ends at {lines}")
    if not found.has(anchor):
        return None if found.breaks else Break(anchor.line, "is not the line that was written: the log was made anew")
    if lines - anchor.line > MAX_AHEAD:
        return Break(anchor.line + 1, f"is after the last that the index has, line {anchor.line}: it was added outside")
    return None


def _ends_at(file: BinaryIO, place: Place) -> bool:
    """Whether the line of a checkpoint still ends where it says."""
    if place.line == 0:
        return True
    return [(one.line, one.digest) for one in last_places(file, place, 1)] == [(place.line, place.digest)]


def _code(key: bytes, saved: LogCheckpoint) -> str:
    values = [saved.line, saved.digest, saved.offset, saved.breaks, saved.full_line, saved.full_ms]
    return hmac.new(key, json.dumps(values, separators=(",", ":")).encode(), hashlib.sha256).hexdigest()
