"""What the policy says of one call, before anything is played: the line, whether it is to be recorded, in which language
it is told. The appliance decides by this, and `testigo policy try` shows people the same.

Times are Unix milliseconds, numbers E.164 as `e164.e164` gives them.
"""

from testigo_wire.policy.fields import CALLED, DIRECTION, EXCEPT, MODE, NAME, ONLY, SCHEDULE, VOICES


def begins(number, prefixes):
    """Whether a number begins with one of the prefixes; a whole number is the prefix of itself."""
    for prefix in prefixes:
        if number.startswith(prefix):
            return True
    return False


def find_line(lines, name, direction):
    """The policy's line of that name for calls "in" or "out", or None."""
    for line in lines:
        if line[NAME] == name and line[DIRECTION] in (direction, "both"):
            return line
    return None


def asks_for_numbers(line):
    """Whether the numbers of a call make a difference on this line."""
    return bool(line[ONLY] or line[EXCEPT] or any([voice[CALLED] for voice in line[VOICES]]))


def why_not(line, now_ms, offsets, other, objected):
    """Why a call on this line is not to be recorded, "" if it is. other: the other party's number. objected: on the list."""
    if line is None:
        return "no line in the policy"
    if line[MODE] == "never":
        return "mode never"
    if objected:
        return "objection list"
    if line[SCHEDULE]:
        from testigo_wire.policy import schedule  # for lines that have one

        if not schedule.covers(line[SCHEDULE], now_ms, offsets):
            return "outside the schedule"
    if line[ONLY] and not begins(other, line[ONLY]):
        return "not of the numbers to be recorded"
    if begins(other, line[EXCEPT]):
        return "of the numbers not to be recorded"
    return ""


def first_voice(line, called):
    """Index of the voice that the call begins with: the first that has a prefix of the called number, else the first."""
    voices = line[VOICES]
    for i in range(len(voices)):
        if begins(called, voices[i][CALLED]):
            return i
    return 0
