"""What is remarkable about a recording's times: findings that name a wrong clock and never put it into quarantine.

Nothing that is law rests on the clock: the order of events is that of the appliance's counter, and recordings are in the order
of their numbers. A clock that fell back or ran ahead is a fault of the clock, not of the recording.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from testigo_vault.recordings.placing import TOLERANCE_MS
from testigo_vault.recordings.rows import GOOD
from testigo_vault.storage.models import Finding, Recording

CLOCK = "clock"


def clock_findings(session: Session, row: Recording) -> list[Finding]:
    """Of a recording that is in the session, compared with the one of the number before and with its own times."""
    texts = []
    before = session.scalars(
        select(Recording)
        .where(Recording.device_id == row.device_id, Recording.number < row.number, Recording.state == GOOD)
        .order_by(Recording.number.desc())
        .limit(1)
    ).first()
    if row.opened_ms > row.stored_ms + TOLERANCE_MS:
        texts.append("by its clock it began after it was stored here: the clock was ahead")
    if before is not None and 0 < row.opened_ms < before.opened_ms - TOLERANCE_MS:
        ahead = before.opened_ms > before.stored_ms + TOLERANCE_MS
        why = "that one's clock was ahead" if ahead else "the clock had fallen back, or was set back"
        texts.append(f"by its clock it began before number {before.number}: {why}")
    if 0 < row.closed_ms < row.opened_ms:
        texts.append("by its clock it was closed before it began")
    return [Finding(recording_id=row.id, item=-1, code=CLOCK, text=text) for text in texts]
