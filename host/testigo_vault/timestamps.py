"""The present time as the vault stores it."""

import datetime
import time


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def now_text(timespec: str = "seconds") -> str:
    """RFC 3339 in UTC, as 2026-01-31T12:00:00Z. timespec: as of `datetime.isoformat`, seconds or milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
