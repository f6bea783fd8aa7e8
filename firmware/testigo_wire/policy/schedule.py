"""The hours of the week in which a line is recorded, in local time.

Times are Unix milliseconds; local time comes from the policy's offsets, which the vault takes from the time zone's rules.
"""

from testigo_wire.compat import const

DAY = const(1440)  # minutes
THURSDAY = const(3)  # 1970-01-01
MINUTE_MS = const(60000)


def local_minutes(now_ms, offsets):
    """(day of the week from Monday 0, minutes since midnight), by the policy's [[from_ms, minutes], ...] in order.

    minutes: local time minus UTC, plus a day, so that none is negative.
    """
    minutes = DAY
    for from_ms, offset in offsets:
        if from_ms <= now_ms:
            minutes = offset
    now = now_ms // MINUTE_MS + minutes - DAY
    return (now // DAY + THURSDAY) % 7, now % DAY


def covers(spans, now_ms, offsets):
    """Whether one of the spans [days, begin, end] is now; days: bit 0 is Monday."""
    day, minute = local_minutes(now_ms, offsets)
    for days, begin, end in spans:
        if days >> day & 1 and begin <= minute < end:
            return True
    return False
