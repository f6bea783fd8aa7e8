"""What the reports on data protection are made from: policy.toml, vault.toml, registers, archive and logs. Read only."""

import datetime
import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import func, select

from testigo_vault.config import Config
from testigo_vault.errors import NotFound
from testigo_vault.identity.devices import Device
from testigo_vault.policy import parser as policy_parser
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.receipt.facts import document_bytes
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.reports.blocks import Gap, Text
from testigo_vault.storage.models import Alarm, Copy, Recording, User
from testigo_vault.toml.types import NO_DATE, PLACEHOLDER
from testigo_vault.vault import Vault

_SOURCE, _COUNT = 5, 1  # positions in a policy's body: digest of its text; in a list of objections: its length


@dataclass
class Notice:
    name: str
    language: str
    version: int
    text: str
    total_ms: int


@dataclass
class Place:
    """Where copies are kept. remote: by a URL; same_disk: a folder on the file system of the vault itself."""

    name: str
    url: str
    remote: bool
    same_disk: bool


@dataclass
class Signed:
    """The signed policy. current: whether it was signed from policy.toml as it is now."""

    version: int
    digest: str
    current: bool


@dataclass
class ComplianceFacts:
    """All that the system knows. The templates have the sentences, and a gap for what only people know."""

    name: str
    program: str
    made: datetime.datetime
    policy: PolicySource
    signed: Signed | None
    config: Config
    places: list[Place]
    devices: list[Device]
    users: list[User]
    notices: list[Notice]
    objections: int  # numbers on the list
    states: dict[str, int]  # state -> recordings
    outcomes: dict[str, int]
    first_ms: int
    last_ms: int
    gaps: int
    checked_ms: int  # when the copy was checked that was checked longest ago
    log_lines: int
    log_since: str
    log_last: str
    log_breaks: int
    alarms: dict[str, int]  # kind -> how many
    index: str  # kind of the database
    secret_elsewhere: bool
    folder_closed: bool  # to other users of the machine

    @property
    def recorded_lines(self) -> list[Line]:
        return [line for line in self.policy.lines if line.mode != "never"]

    @property
    def high_level_lines(self) -> list[Line]:
        return [line for line in self.policy.lines if line.high_level]

    @property
    def held(self) -> int:
        """Calls on record."""
        return sum(self.states.values())

    @property
    def quarantined(self) -> int:
        return self.states.get(QUARANTINED, 0)

    @property
    def with_audio(self) -> int:
        return self.outcomes.get("recorded", 0) + self.outcomes.get("cut", 0)

    @property
    def people(self) -> list[User]:
        """Who may sign in."""
        return [user for user in self.users if not user.disabled_ms]

    def with_role(self, role: str) -> list[User]:
        return [user for user in self.people if role in user.roles.split(",")]


def gather(vault: Vault, policy: Path | None = None, made: datetime.datetime | None = None) -> ComplianceFacts:
    """policy: another file than the vault's policy.toml. Raises FileProblems, VaultError."""
    organisation = vault.organisation
    source = policy_parser.load(policy or vault.folder / "policy.toml")
    lines, last, breaks = vault.log.verify()
    first_entry = next(vault.log.entries(), None)
    states, outcomes, first_ms, last_ms, checked_ms, alarms = _counts(vault)
    return ComplianceFacts(
        name=vault.config.name,
        program=_program(),
        made=made or datetime.datetime.now(datetime.UTC),
        policy=source,
        signed=_signed(vault, source),
        config=vault.config,
        places=[_place(vault, copy.name, copy.url) for copy in vault.config.copies],
        devices=[organisation.devices.get(name) for name in organisation.devices.names()],
        users=vault.users.all(),
        notices=[_notice(vault, name) for name in vault.documents.notice_names()],
        objections=_objections(vault),
        states=states,
        outcomes=outcomes,
        first_ms=first_ms,
        last_ms=last_ms,
        gaps=len(RecordingIndex(vault.database).gaps()),
        checked_ms=checked_ms,
        log_lines=lines,
        log_since=first_entry.at[:10] if first_entry else "",
        log_last=last,
        log_breaks=len(breaks),
        alarms=alarms,
        index="SQLite" if vault.config.index.url.startswith("sqlite") else vault.config.index.url.partition(":")[0],
        secret_elsewhere=bool(os.environ.get("TESTIGO_SERVICE_SECRET_FILE")),
        folder_closed=not vault.folder.stat().st_mode & 0o077,
    )


def known(text: str, otherwise: str) -> Text:
    """A text of the policy; a gap where it is empty or begins with FILL IN."""
    if not text:
        return Gap(otherwise)
    return Gap(text.removeprefix(PLACEHOLDER).lstrip(": ")) if text.startswith(PLACEHOLDER) else text


def known_day(day: datetime.date, otherwise: str) -> Text:
    return Gap(otherwise) if day == NO_DATE else day.isoformat()


def day_of(unix_ms: int) -> str:
    return datetime.datetime.fromtimestamp(unix_ms / 1000, datetime.UTC).date().isoformat() if unix_ms else "–"


def _counts(vault: Vault) -> tuple[dict[str, int], dict[str, int], int, int, int, dict[str, int]]:
    with vault.database.read() as session:
        outcomes = session.execute(select(Recording.outcome, func.count()).group_by(Recording.outcome)).all()
        first, last = session.execute(
            select(func.min(Recording.placed_ms), func.max(Recording.placed_ms)).where(Recording.placed_ms > 0)
        ).one()
        checked = session.scalar(select(func.min(Copy.checked_ms)))
        alarms = session.execute(select(Alarm.kind, func.count()).group_by(Alarm.kind)).all()
    return (
        RecordingIndex(vault.database).counts(),
        {row[0]: row[1] for row in outcomes},
        first or 0,
        last or 0,
        checked or 0,
        {row[0]: row[1] for row in alarms},
    )


def _signed(vault: Vault, source: PolicySource) -> Signed | None:
    documents = vault.documents
    try:
        document = documents.read(documents.policy_path())
    except NotFound:
        return None
    current = hashlib.sha256(source.text.encode()).digest() == document.body[_SOURCE]
    return Signed(document.version, hashlib.sha256(document_bytes(document)).hexdigest(), current)


def _notice(vault: Vault, name: str) -> Notice:
    documents = vault.documents
    document = documents.read(documents.notice_path(name))
    _, language, text, total_ms, _ = document.body
    return Notice(name, language, document.version, text, total_ms)


def _place(vault: Vault, name: str, url: str) -> Place:
    remote = "://" in url and not url.startswith("file://")
    same_disk = False
    if not remote:
        folder = Path(url.removeprefix("file://"))
        same_disk = folder.exists() and folder.stat().st_dev == vault.folder.stat().st_dev
    return Place(name, url, remote, same_disk)


def _objections(vault: Vault) -> int:
    """How many numbers are on the signed list."""
    documents = vault.documents
    path = documents.objections_path()
    return documents.read(path).body[_COUNT] if path.exists() else 0


def _program() -> str:
    try:
        return version("testigo")
    except PackageNotFoundError:
        return ""
