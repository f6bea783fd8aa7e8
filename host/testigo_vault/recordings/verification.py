"""Verifies what is stored: every copy against its seal and against what came in, and each device's chain of numbers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import select

from testigo_vault.audit import alarms
from testigo_vault.errors import NotFound, StoreError
from testigo_vault.identity.keys import StreamKeyOpener
from testigo_vault.lawfulness import destruction
from testigo_vault.recordings import erasures, judge
from testigo_vault.recordings.reader import Reading, read
from testigo_vault.recordings.rows import GOOD
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.storage.copies import QUARANTINE, RECORDINGS
from testigo_vault.storage.models import Copy, Recording
from testigo_vault.vault import Vault
from testigo_wire.recording.verifier import Finding

WHOLE = "whole"
_NO_RECORD = Finding("erased", None, None, "the signed record of what was erased is missing beside this copy")


@dataclass
class CopyResult:
    """The result of verifying one copy; `findings` is empty for a whole one. torn: of frames that a cut tore at its end."""

    place: str
    size: int
    findings: list[Finding] = field(default_factory=list)
    torn: list[Finding] = field(default_factory=list)
    changed: bool = True  # missing, or not the bytes that came in

    @property
    def text(self) -> str:
        if not self.findings:
            return WHOLE
        return "; ".join(describe(found) for found in self.findings)


def describe(found: Finding) -> str:
    where = (
        ""
        if found.item is None
        else f" item {found.item}" + ("" if found.offset is None else f" at byte {found.offset}")
    )
    return f"{found.code}{where}: {found.text}"


def check_copies(
    vault: Vault, recording: Recording, now_ms: int, audio_key: StreamKeyOpener | None = None
) -> list[CopyResult]:
    """Verify every copy, save the results in the index, raise an alarm for a copy that was whole before. What the check of
    lawfulness finds now takes the place of its earlier findings in the index.

    audio_key: with it every audio frame is opened too, and the times of its packets are checked.
    """
    copies: dict[str, bytes] = {}
    results = {}
    absent = vault.store.absent()
    for place in vault.store.places:
        if place.name in absent:
            found = Finding("unreadable", None, None, absent[place.name].message)
            results[place.name] = CopyResult(place.name, 0, [found])
            continue
        try:
            copies[place.name] = place.get(recording.path)
        except NotFound as error:
            results[place.name] = CopyResult(place.name, 0, [Finding("missing", None, None, error.message)])
        except StoreError as error:
            results[place.name] = CopyResult(place.name, 0, [Finding("unreadable", None, None, error.message)])
    try:
        publics = vault.organisation.devices.get(recording.device_id).publics()
    except NotFound:
        publics = []
    unchanged = [name for name, data in copies.items() if hashlib.sha256(data).hexdigest() == recording.sha256]
    original: Reading | None = None
    if unchanged:
        original = read(copies[unchanged[0]], publics, vault.index_key, audio_key)
        lacking = _check_law(vault, recording, original)
        for name in unchanged:
            missing = [_NO_RECORD] if name in lacking else []
            findings = [*original.findings, *missing]
            results[name] = CopyResult(name, len(copies[name]), findings, original.torn, changed=bool(missing))
    for name, data in copies.items():
        if name not in unchanged:
            digests = original.digests if original else None
            findings = read(data, publics, vault.index_key, audio_key, digests=digests).findings
            if not findings:
                findings = [Finding("changed", None, None, "is not the recording that came in (SHA-256 differs)")]
            results[name] = CopyResult(name, len(data), findings)
    ordered = [results[place.name] for place in vault.store.places]
    # A place that is not there has its own alarm, not one for each recording.
    _save_results(vault, recording, [result for result in ordered if result.place not in absent], now_ms)
    return ordered


def _check_law(vault: Vault, recording: Recording, reading: Reading) -> list[str]:
    """-> the places that lack a record of erasing which explains what is gone."""
    beside = erasures.records(vault, recording.path, reading)
    judge.judge(vault, reading, beside=beside)
    judge.keep(vault, recording, reading)
    if not reading.sealed or not destruction.needs_record(reading.case([], 0)):
        return []
    return [name for name, versions in beside.places.items() if versions != sorted(beside.valid) or not versions]


def _save_results(vault: Vault, recording: Recording, results: list[CopyResult], now_ms: int) -> None:
    damaged = []
    with vault.database.session() as session:
        for result in results:
            row = session.get(Copy, (recording.id, result.place))
            if row is None:
                row = Copy(recording_id=recording.id, name=result.place, result=WHOLE)
                session.add(row)
            if recording.state == GOOD and result.findings and row.result == WHOLE:
                damaged.append(result)
            row.checked_ms, row.result = now_ms, result.text
    for result in damaged:
        vault.alarms.raise_alarm(
            alarms.COPY,
            f"Copy {result.place} of {recording.device_id} number {recording.number}: {result.text}",
            recording.device_id,
            recording.id,
        )


def check_chains(vault: Vault) -> list[str]:
    """Missing numbers, and recordings that do not name the one before them."""
    found = [str(gap) for gap in RecordingIndex(vault.database).gaps()]
    with vault.database.read() as session:
        rows = session.execute(
            select(Recording.device_id, Recording.number, Recording.previous, Recording.header_digest)
            .where(Recording.state == GOOD)
            .order_by(Recording.device_id, Recording.number)
        ).all()
    for before, after in pairwise(rows):
        if before[0] == after[0] and before[1] + 1 == after[1] and before[3] != after[2]:
            found.append(f"{after[0]}: number {after[1]} does not name number {before[1]} as the one before it")
    return found


def unindexed_files(vault: Vault) -> Iterator[str]:
    """Files in the copies that are not in the index, and places that cannot be listed."""
    with vault.database.read() as session:
        known = set(session.scalars(select(Recording.path)))
    absent = vault.store.absent()
    yield from (error.message for error in absent.values())
    for place in vault.store.places:
        if place.name in absent:
            continue
        for prefix in (RECORDINGS, QUARANTINE):
            for path in place.paths(prefix):
                if path not in known:
                    yield f"copy {place.name}: {path} is not in the index"
