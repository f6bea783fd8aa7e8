"""Where the lines of the access log are in its file, and by what they are searched: a table that is made from the file.

A page reads the lines that it shows from the file, each checked against the line before, so that a row can hide a line but
change none; the check of the whole log finds rows that are wrong or missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from testigo_vault.audit.log_file import START, Break, Entry, Place, line_at, parse
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import LogLine

# Lines that one search with a filter goes back, and lines that are entered in one transaction.
WINDOW = 50_000
BATCH = 5_000

_COLUMNS = (LogLine.n, LogLine.offset, LogLine.user, LogLine.recording, LogLine.kind, LogLine.outcome)


@dataclass
class Search:
    """Empty fields match everything. before: only lines with a lower number, 0 for the latest."""

    user: str = ""
    kind: str = ""
    outcome: str = ""
    recording: str = ""
    before: int = 0
    limit: int = 300


@dataclass
class Found:
    """entries: newest first. since: the lowest line that was searched; 1 or 0 where there are no older ones."""

    entries: list[Entry]
    since: int
    breaks: list[Break] = field(default_factory=list)


def row_of(entry: Entry, offset: int) -> tuple[int, int, str, str, str, str]:
    return (entry.n, offset, entry.user[:64], entry.recording[:64], entry.kind[:32], entry.outcome[:16])


def add(session: Session, entry: Entry, last: Place) -> None:
    """The row of a line that is being written after `last`, if those of all lines before are there."""
    if (session.scalar(select(func.max(LogLine.n))) or 0) >= last.line:
        names = (column.key for column in _COLUMNS)
        session.merge(LogLine(**dict(zip(names, row_of(entry, last.offset), strict=True))))


def enter(database: Database, file: BinaryIO, size: int) -> bool:
    """Enter the next lines that have no row, at most BATCH. -> whether there may be more. The file is locked meanwhile."""
    with database.session() as session:
        newest = session.execute(select(LogLine.n, LogLine.offset).order_by(LogLine.n.desc()).limit(1)).first()
        offset = START.offset
        if newest is not None:
            file.seek(newest.offset)
            offset = newest.offset + len(file.readline())
        rows: dict[int, tuple] = {}
        count = 0
        file.seek(offset)
        while offset < size and count < BATCH:
            line = file.readline()
            count += 1
            try:
                entry = parse(line)
                rows[entry.n] = row_of(entry, offset)
            except ValueError:
                pass  # the check names it
            offset += len(line)
        if rows:
            session.execute(delete(LogLine).where(LogLine.n.between(min(rows), max(rows))))
            names = [column.key for column in _COLUMNS]
            session.execute(insert(LogLine), [dict(zip(names, row, strict=True)) for row in rows.values()])
        return count == BATCH and offset < size and bool(rows)


def forget(database: Database) -> None:
    with database.session() as session:
        session.execute(delete(LogLine))


def rows(session: Session) -> Iterator[Any]:
    """All rows in the order of the lines."""
    yield from session.execute(select(*_COLUMNS).order_by(LogLine.n).execution_options(yield_per=2000))


def find(database: Database, path: Path, search: Search) -> Found:
    """The latest lines that match. A search with a filter other than the recording goes back WINDOW lines at most."""
    with database.read() as session:
        newest = session.scalar(select(func.max(LogLine.n))) or 0
        before = min(search.before or newest + 1, newest + 1)
        query = select(*_COLUMNS).where(LogLine.n < before).order_by(LogLine.n.desc()).limit(search.limit)
        for column, value in (
            (LogLine.user, search.user),
            (LogLine.kind, search.kind),
            (LogLine.outcome, search.outcome),
            (LogLine.recording, search.recording),
        ):
            if value:
                query = query.where(column == value)
        since = 1
        if not search.recording:
            since = max(1, before - WINDOW)
            query = query.where(LogLine.n >= since)
        found = list(session.execute(query))
    if len(found) == search.limit:
        since = found[-1].n
    entries, breaks = _read(path, found)
    return Found(entries, since, breaks)


def _read(path: Path, found: list[Any]) -> tuple[list[Entry], list[Break]]:
    if not found:
        return [], []
    entries: list[Entry] = []
    breaks: list[Break] = []
    with path.open("rb") as file:
        for row in found:
            entry, follows = line_at(file, row.offset)
            if entry is None or row_of(entry, row.offset) != tuple(row):
                breaks.append(Break(row.n, "is not where the index has it"))
                continue
            if not follows:
                breaks.append(Break(row.n, "was changed, or a line before it was changed, removed or added"))
            entries.append(entry)
    return entries, breaks
