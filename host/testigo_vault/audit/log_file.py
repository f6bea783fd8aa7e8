"""The file of the access log: its lines, their chain, and its end. docs/formats/access-log.md.

line   = digest SP json LF
digest = hex SHA-256( previous digest (64 hex) LF json )         first previous: SHA-256("testigo access log 1")
json   = {"n", "at", "user", "recording", "kind", "outcome", "detail"}, keys in this order, no spaces, ASCII
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

GENESIS = hashlib.sha256(b"testigo access log 1").hexdigest()
GRANTED, DENIED, FAILED = "granted", "denied", "failed"
FIELDS = ("n", "at", "user", "recording", "kind", "outcome", "detail")

# Characters of a member at most. Names and paths come from strangers.
LIMITS = {"user": 64, "recording": 64, "kind": 32, "outcome": 16, "detail": 400}
_BLOCK = 4096


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


@dataclass
class Place:
    """A line's end in the file: its number, its digest, and the offset of the byte after it."""

    line: int
    digest: str
    offset: int


START = Place(0, GENESIS, 0)


@dataclass
class Read:
    """One line as read: where it begins and ends, the entry unless it cannot be read, and what is wrong with it."""

    number: int
    offset: int
    end: Place
    entry: Entry | None
    why: str


def bounded(name: str, text: str) -> str:
    """The value of a member, cut to its limit."""
    limit = LIMITS[name]
    return text if len(text) <= limit else text[: limit - 1] + "…"


def line_of(entry: Entry, previous: str) -> tuple[str, bytes]:
    """(digest, the line) of an entry after the line with the digest `previous`."""
    text = json.dumps({name: getattr(entry, name) for name in FIELDS}, separators=(",", ":")).encode()
    digest = chain(previous, text)
    return digest, digest.encode() + b" " + text + b"\n"


def chain(previous: str, text: bytes) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + text).hexdigest()


def stated(line: bytes) -> str:
    """The digest in a line; of a broken line, its first 64 characters, so that the check can go on."""
    return line[:64].rstrip(b"\n").decode("ascii", "replace")


def parse(line: bytes) -> Entry:
    """Raises ValueError where it is no line of the log."""
    if len(line) < 67 or line[64:65] != b" " or not line.endswith(b"\n"):
        raise ValueError("cut short")
    fields = json.loads(line[65:])
    if not isinstance(fields, dict) or tuple(fields) != FIELDS:
        raise ValueError("wrong fields")
    entry = Entry(**fields)
    if type(entry.n) is not int or not all(isinstance(getattr(entry, name), str) for name in FIELDS[1:]):
        raise ValueError("wrong fields")
    return entry


def walk(file: BinaryIO, start: Place, size: int) -> Iterator[Read]:
    """Each line from `start` to the byte `size`, checked against the one before. After a wrong line the check goes on."""
    file.seek(start.offset)
    number, previous, offset = start.line, start.digest, start.offset
    while offset < size:
        line = file.readline()
        if not line:
            return
        number += 1
        found, why = None, ""
        try:
            found = parse(line)
        except ValueError as error:
            why = f"is not a log line ({error})"
        if found is not None:
            if chain(previous, line[65:-1]) != stated(line):
                why = "was changed, or a line before it was changed, removed or added"
            elif found.n != number:
                why = f"says it is line {found.n}"
        previous = stated(line)
        end = Place(number, previous, offset + len(line))
        yield Read(number, offset, end, found, why)
        offset = end.offset


def end_of(file: BinaryIO) -> Place:
    """The last line. A line that a crash cut short gets its end of line, so that it stays visible."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return START
    tail = _tail(file, size, 2)
    if not tail.endswith(b"\n"):
        file.seek(0, os.SEEK_END)
        file.write(b"\n")
        file.flush()
        tail += b"\n"
        size += 1
    last = tail[:-1].split(b"\n")[-1] + b"\n"
    try:
        return Place(parse(last).n, stated(last), size)
    except ValueError:
        file.seek(0)
        return Place(sum(1 for _ in file), stated(last), size)


def last_places(file: BinaryIO, last: Place, count: int) -> list[Place]:
    """The last lines, newest first, at most `count`; `last` is the end of the file."""
    lines = _tail(file, last.offset, count + 1).splitlines()
    return [Place(last.line - back, stated(line), 0) for back, line in enumerate(lines[: -count - 1 : -1])]


def line_at(file: BinaryIO, offset: int) -> tuple[Entry | None, bool]:
    """(the line that begins at a byte, whether it follows from the line before it); (None, False) where none begins."""
    before = _tail(file, offset, 2) if offset else b""
    if offset and not before.endswith(b"\n"):
        return None, False
    previous = stated(before[:-1].split(b"\n")[-1]) if before else GENESIS
    file.seek(offset)
    line = file.readline()
    try:
        return parse(line), chain(previous, line[65:-1]) == stated(line)
    except ValueError:
        return None, False


def _tail(file: BinaryIO, end: int, breaks: int) -> bytes:
    """The bytes before `end`, as many as have so many ends of line, or all."""
    tail = b""
    position = end
    while position > 0 and tail.count(b"\n") < breaks:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        tail = file.read(step) + tail
    return tail
