"""When each call took place, as far as that is known, and the order of lists (docs/formats/index.md).

An appliance's numbers are the order of its calls, and its clock may be wrong: never set, kept over a power cut, years ahead.
So the time of a recording is trusted only where the clock had been set and nothing contradicts it: it does not begin
after the moment when it was stored, and fits between the trusted times of lower and higher numbers. Any other recording took
place between two bounds: after the trusted one before it (or the registration of the appliance), and before it was stored or
the next trusted one began. Its clock's time is used where it lies between the bounds and in the order of numbers;
else it is placed at the latest time that is possible, since an appliance that finds its vault sends recordings at once.
"""

import datetime
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from testigo_vault.errors import VaultError
from testigo_vault.identity.devices import Devices
from testigo_vault.recordings.rows import GOOD
from testigo_vault.storage.models import Recording

CLOCK_NEVER_SET, CLOCK_KEPT, CLOCK_SET = 0, 1, 2

# Two clocks differ by so much, and a clock is corrected by so much, without being wrong.
TOLERANCE_MS = 300_000


def place(session: Session, row: Recording, registered_ms: int) -> None:
    """Set the times of a recording that is in the session, and of those around it whose bounds it changes.

    registered_ms: when its appliance was registered; 0 where that is not known.
    """
    before = _nearest_trusted(session, row, Recording.number < row.number, Recording.number.desc())
    after = _nearest_trusted(session, row, Recording.number > row.number, Recording.number.asc())
    ceiling = after.placed_ms if after else None
    row.time_trusted = _is_trusted(row, before, after)
    if row.time_trusted:
        row.placed_ms = max(before.placed_ms, row.opened_ms) if before else row.opened_ms
        if ceiling is not None:
            row.placed_ms = min(row.placed_ms, ceiling)
        row.earliest_ms = row.latest_ms = row.placed_ms
        floor = _floor(before, registered_ms, row.placed_ms)
        _place_between(_between(session, row, before, row), floor, row.placed_ms)
        _place_between(_between(session, row, row, after), row.placed_ms, ceiling)
    elif after is None and _is_last(session, row):
        floor = _floor(before, registered_ms, row.stored_ms)
        rows, last = _end_of_run(session, row, before, floor)
        _place_between(rows, floor, None, last)
    else:
        floor = _floor(before, registered_ms, row.stored_ms if ceiling is None else ceiling)
        _place_between(_between(session, row, before, after), floor, ceiling)


def registered_ms(devices: Devices, device_id: str) -> int:
    """When the appliance got its first certificate; 0 where that is not known."""
    try:
        issued = devices.get(device_id).issued
        return int(datetime.datetime.fromisoformat(issued[0]).timestamp() * 1000)
    except (VaultError, IndexError, ValueError):
        return 0


def _floor(before: Recording | None, registered_ms: int, ceiling: int) -> int:
    """The lower bound. An appliance may have been registered again since; then nothing is known."""
    if before is not None:
        return before.placed_ms
    return registered_ms if registered_ms <= ceiling else 0


def _nearest_trusted(session: Session, row: Recording, side, order) -> Recording | None:
    where = (Recording.device_id == row.device_id, Recording.time_trusted, side)
    return session.scalars(select(Recording).where(*where).order_by(order).limit(1)).first()


def _is_trusted(row: Recording, before: Recording | None, after: Recording | None) -> bool:
    return bool(
        row.state == GOOD
        and row.clock == CLOCK_SET
        and 0 < row.opened_ms <= row.stored_ms + TOLERANCE_MS
        and (before is None or row.opened_ms >= before.placed_ms - TOLERANCE_MS)
        and (after is None or row.opened_ms <= after.placed_ms + TOLERANCE_MS)
    )


def _between(
    session: Session, row: Recording, before: Recording | None, after: Recording | None
) -> Sequence[Recording]:
    """The recordings of the appliance whose time is not trusted, from one number to another."""
    where = [Recording.device_id == row.device_id, Recording.time_trusted.is_(False)]
    if before is not None:
        where.append(Recording.number >= before.number)
    if after is not None:
        where.append(Recording.number <= after.number)
    return session.scalars(select(Recording).where(*where).order_by(Recording.number, Recording.id)).all()


def _is_last(session: Session, row: Recording) -> bool:
    where = (Recording.device_id == row.device_id, Recording.number > row.number)
    return session.scalars(select(Recording.id).where(*where).limit(1)).first() is None


def _end_of_run(session: Session, row: Recording, before: Recording | None, floor: int) -> tuple[list[Recording], int]:
    """Those that a new last recording may move, and the latest time of a clock that was used before them.

    Where an appliance finds no vault for months, its recordings come all at once, and each must not cost all the others.
    """
    rows = [row]
    if row.clock != CLOCK_NEVER_SET and row.opened_ms <= row.stored_ms:
        earlier = select(Recording).where(
            Recording.device_id == row.device_id,
            Recording.number < row.number,
            Recording.number > (before.number if before else 0),
        )
        for other in session.scalars(earlier.order_by(Recording.number.desc()).execution_options(yield_per=50)):
            if other.clock != CLOCK_NEVER_SET and other.placed_ms == other.opened_ms:
                return rows, other.placed_ms
            rows.insert(0, other)
    return rows, floor


def _place_between(rows: Sequence[Recording], floor: int, ceiling: int | None, last: int = 0) -> None:
    """Place recordings whose time is not trusted, in the order of their numbers.

    ceiling: None where nothing follows. last: the latest time of a clock that was used before these rows.
    """
    claims: list[int | None] = []
    last = max(floor, last)
    for row in rows:
        row.earliest_ms = floor
        row.latest_ms = max(floor, row.stored_ms if ceiling is None else min(row.stored_ms, ceiling))
        usable = row.clock != CLOCK_NEVER_SET and last <= row.opened_ms <= row.latest_ms
        claims.append(row.opened_ms if usable else None)
        last = row.opened_ms if usable else last
    following = ceiling
    for row, claim in zip(reversed(rows), reversed(claims), strict=True):
        placed = row.latest_ms if claim is None else claim
        row.placed_ms = placed if following is None else max(floor, min(placed, following))
        following = row.placed_ms
