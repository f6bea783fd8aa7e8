"""Scrubs the copies by a schedule: each is read and verified again once in a set time, and repaired from a good one."""

import logging
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from testigo_vault.recordings.repair import Repair, repair
from testigo_vault.recordings.verification import check_copies
from testigo_vault.storage.models import Copy, Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

_log = logging.getLogger("testigo.scrub")


@dataclass
class Progress:
    """Of all recordings: `checked` of `total` since `since_ms`."""

    checked: int
    total: int


def next_due(vault: Vault, before_ms: int) -> Recording | None:
    """The recording whose copies were checked longest ago, if that was before a time, or that a place was never checked for.

    Places that are not there are left out.
    """
    absent = vault.store.absent()
    names = [name for name in vault.store.names() if name not in absent]
    per_recording = _checked(names).subquery()
    query = (
        select(Recording)
        .outerjoin(per_recording, per_recording.c.recording_id == Recording.id)
        .where(
            or_(
                per_recording.c.recording_id.is_(None),
                per_recording.c.places < len(names),
                per_recording.c.oldest_ms < before_ms,
            )
        )
        .order_by(func.coalesce(per_recording.c.oldest_ms, 0), Recording.id)
        .limit(1)
    )
    with vault.database.read() as session:
        return session.scalars(query).first()


def progress(vault: Vault, since_ms: int) -> Progress:
    """How many recordings had all copies checked since a time."""
    per_recording = _checked(vault.store.names()).subquery()
    done = (
        select(func.count())
        .select_from(per_recording)
        .where(per_recording.c.places >= len(vault.store.places), per_recording.c.oldest_ms >= since_ms)
    )
    with vault.database.read() as session:
        total = session.scalar(select(func.count()).select_from(Recording)) or 0
        return Progress(session.scalar(done) or 0, total)


def scrub(vault: Vault, recording: Recording) -> Repair:
    """Check all copies of a recording and repair those that are not as they came in; alarms tell what was found."""
    with vault.database.read() as session:
        known = set(session.scalars(select(Copy.name).where(Copy.recording_id == recording.id)))
    if not known.issuperset(vault.store.names()):
        # A place that was accepted since: nothing of it was damaged, so that filling it is no alarm.
        repair(vault, recording, is_new=True)
    results = check_copies(vault, recording, now_ms())
    if not any(result.changed for result in results):
        return Repair()
    found = repair(vault, recording)
    for name, why in found.left.items():
        _log.error("copy %s of %s number %d is not repaired: %s", name, recording.device_id, recording.number, why)
    return found


def _checked(names: list[str]) -> Select:
    """(recording_id, when the oldest check of its copies in these places was, of how many there was one)."""
    return (
        select(
            Copy.recording_id,
            func.min(Copy.checked_ms).label("oldest_ms"),
            func.count().label("places"),
        )
        .where(Copy.name.in_(names))
        .group_by(Copy.recording_id)
    )
