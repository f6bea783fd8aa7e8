"""Tables of the index and of the people who use the vault (SQLAlchemy 2).

`recording`, `event`, `copy` and `finding` are the index, which `testigo vault reindex` rebuilds from the copies. The others
belong to this installation and are in its backup. docs/formats/index.md describes every column.
"""

from typing import ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {int: BigInteger().with_variant(Integer, "sqlite")}


class Recording(Base):
    __tablename__ = "recording"
    __table_args__ = (
        Index("recording_of_device", "device_id", "number"),
        Index("recording_placed", "placed_ms", "device_id", "number"),
        Index("recording_latest", "latest_ms"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    header_digest: Mapped[str] = mapped_column(String(64), default="")
    previous: Mapped[str] = mapped_column(String(64), default="")
    head: Mapped[str] = mapped_column(String(64), default="")
    opened_ms: Mapped[int] = mapped_column(default=0)
    closed_ms: Mapped[int] = mapped_column(default=0)
    clock: Mapped[int] = mapped_column(default=0)
    length_ms: Mapped[int] = mapped_column(default=0)
    length_exact: Mapped[bool] = mapped_column(default=True)
    placed_ms: Mapped[int] = mapped_column(default=0)
    earliest_ms: Mapped[int] = mapped_column(default=0)
    latest_ms: Mapped[int] = mapped_column(default=0)
    time_trusted: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(32), default="")
    items: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    stored_ms: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16), default="good")
    why: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(String(8), default="receipt")
    path: Mapped[str] = mapped_column(Text, default="")
    audio: Mapped[str] = mapped_column(String(16), default="none")
    line: Mapped[str] = mapped_column(String(64), default="")
    direction: Mapped[str] = mapped_column(String(8), default="")
    caller: Mapped[str] = mapped_column(String(128), default="")
    callee: Mapped[str] = mapped_column(String(128), default="")
    source: Mapped[str] = mapped_column(String(8), default="")
    rule: Mapped[str] = mapped_column(String(16), default="")
    outcome: Mapped[str] = mapped_column(String(16), default="")

    events: Mapped[list["Event"]] = relationship(
        order_by="Event.position", cascade="all, delete-orphan", passive_deletes=True
    )
    copies: Mapped[list["Copy"]] = relationship(
        order_by="Copy.name", cascade="all, delete-orphan", passive_deletes=True
    )
    findings: Mapped[list["Finding"]] = relationship(
        order_by="Finding.id", cascade="all, delete-orphan", passive_deletes=True
    )


class Event(Base):
    __tablename__ = "event"

    recording_id: Mapped[str] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    t_ms: Mapped[int]
    name: Mapped[str] = mapped_column(String(32))
    fields: Mapped[list] = mapped_column(JSON)


class Copy(Base):
    __tablename__ = "copy"

    recording_id: Mapped[str] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    checked_ms: Mapped[int] = mapped_column(default=0)
    result: Mapped[str] = mapped_column(Text, default="")


class Finding(Base):
    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    recording_id: Mapped[str] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    item: Mapped[int] = mapped_column(default=-1)
    code: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16), default="")
    text: Mapped[str] = mapped_column(Text)
    details: Mapped[dict] = mapped_column(JSON, default=dict)


class Alarm(Base):
    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    device_id: Mapped[str] = mapped_column(String(64), default="")
    recording_id: Mapped[str] = mapped_column(String(32), default="")
    text: Mapped[str] = mapped_column(Text)


class DeviceReport(Base):
    """What an appliance said last of itself. unrecorded: [[why, calls, since_ms, until_ms], ...]; facts: [[name, value]]."""

    __tablename__ = "device_report"

    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at_ms: Mapped[int]
    unrecorded: Mapped[list] = mapped_column(JSON)
    facts: Mapped[list] = mapped_column(JSON)


class DeviceContact(Base):
    """When an appliance was heard of last, and which numbers it said it has used (audit/device_contacts.py)."""

    __tablename__ = "device_contact"

    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_ms: Mapped[int] = mapped_column(default=0)
    next_number: Mapped[int] = mapped_column(default=0)
    awaited_number: Mapped[int] = mapped_column(default=0)
    awaited_by_ms: Mapped[int] = mapped_column(default=0)
    due_number: Mapped[int] = mapped_column(default=0)
    silent_ms: Mapped[int] = mapped_column(default=0)


class User(Base):
    __tablename__ = "user_account"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    full_name: Mapped[str] = mapped_column(String(128), default="")
    roles: Mapped[str] = mapped_column(String(128))
    password: Mapped[str] = mapped_column(Text)
    changed_ms: Mapped[int] = mapped_column(default=0)
    disabled_ms: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until_ms: Mapped[int] = mapped_column(default=0)


class WebSession(Base):
    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name", ondelete="CASCADE"))
    csrf: Mapped[str] = mapped_column(String(64))
    made_ms: Mapped[int]
    ends_ms: Mapped[int]


class LogAnchor(Base):
    """The last line of the access log, kept apart from it, so that a log cut at its end is noticed."""

    __tablename__ = "log_anchor"

    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class LogCheckpoint(Base):
    """Up to where the access log was checked: the line, its digest, the offset of the byte after it, and what was wrong with
    the lines up to there ([[line, why], ...]). full_line, full_ms: how far the last check from line 1 on went, and when it
    was. mac: HMAC-SHA-256 of the rest, hexadecimal."""

    __tablename__ = "log_checkpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    offset: Mapped[int]
    breaks: Mapped[list] = mapped_column(JSON)
    full_line: Mapped[int]
    full_ms: Mapped[int]
    mac: Mapped[str] = mapped_column(String(64))


class LogLine(Base):
    """Where a line of the access log begins in the file, and what it is searched by."""

    __tablename__ = "log_line"
    __table_args__ = (Index("log_line_of_recording", "recording", "n"),)

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset: Mapped[int]
    user: Mapped[str] = mapped_column(String(64))
    recording: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(16))


class KnownBrowser(Base):
    """A browser in which a user has signed in: its cookie's digest, and wrong passwords from it since."""

    __tablename__ = "known_browser"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name", ondelete="CASCADE"))
    failures: Mapped[int] = mapped_column(default=0)
    ends_ms: Mapped[int]
