"""The present time as the vault stores it."""

import datetime
import time


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def utc_text(ms: int) -> str:
    """A time of a device in UTC, as "2026-01-31 12:00 UTC"; "an unknown time" where no calendar holds it."""
    try:
        return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def now_text(timespec: str = "seconds") -> str:
    """RFC 3339 in UTC, as 2026-01-31T12:00:00Z. timespec: as of `datetime.isoformat`, seconds or milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
