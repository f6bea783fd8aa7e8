"""What the policy says of one call, before anything is played: the line, whether it is to be recorded, in which language
it is told. The appliance decides by this, and `testigo policy try` shows people the same.

Times are Unix milliseconds, numbers E.164 as `numbers.e164` gives them.
"""

from testigo_wire import numbers
from testigo_wire.compat import const
from testigo_wire.documents import CALLED, DIRECTION, EXCEPT, MODE, NAME, ONLY, SCHEDULE, VOICES

DAY = const(1440)  # minutes
THURSDAY = const(3)  # 1970-01-01
MINUTE_MS = const(60000)


def find_line(lines, name, direction):
    """The policy's line of that name for calls "in" or "out", or None."""
    for line in lines:
        if line[NAME] == name and line[DIRECTION] in (direction, "both"):
            return line
    return None


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


def in_schedule(spans, now_ms, offsets):
    """Whether one of the spans [days, begin, end] is now; days: bit 0 is Monday."""
    day, minute = local_minutes(now_ms, offsets)
    for days, begin, end in spans:
        if days >> day & 1 and begin <= minute < end:
            return True
    return False


def why_not(line, now_ms, offsets, other, objected):
    """Why a call on this line is not to be recorded, "" if it is. other: the other party's number. objected: on the list."""
    if line is None:
        return "no line in the policy"
    if line[MODE] == "never":
        return "mode never"
    if objected:
        return "objection list"
    if line[SCHEDULE] and not in_schedule(line[SCHEDULE], now_ms, offsets):
        return "outside the schedule"
    if line[ONLY] and not numbers.begins(other, line[ONLY]):
        return "not of the numbers to be recorded"
    if numbers.begins(other, line[EXCEPT]):
        return "of the numbers not to be recorded"
    return ""


def first_voice(line, called):
    """Index of the voice that the call begins with: the first that has a prefix of the called number, else the first."""
    voices = line[VOICES]
    for i in range(len(voices)):
        if numbers.begins(called, voices[i][CALLED]):
            return i
    return 0
