"""What the policy says about one call before a notice is played: its line, whether it is recorded, and the first language.

The appliance uses this, and so does `testigo policy try`.

Times are Unix milliseconds, numbers E.164 as `e164.e164` gives them.
"""

from testigo_wire.policy.fields import CALLED, DIRECTION, EXCEPT, MODE, NAME, ONLY, SCHEDULE, VOICES


def has_prefix(number, prefixes):
    """Whether the number begins with one of the prefixes, which may be whole numbers."""
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


def needs_numbers(line):
    """Whether the decision on this line depends on the numbers of the call."""
    return bool(line[ONLY] or line[EXCEPT] or any([voice[CALLED] for voice in line[VOICES]]))


def unrecorded_reason(line, now_ms, offsets, other, objected):
    """Why a call on this line is not recorded, or "". other: the other party's number. objected: on the list of objections."""
    if line is None:
        return "no line in the policy"
    if line[MODE] == "never":
        return "mode never"
    if objected:
        return "objection list"
    if line[SCHEDULE]:
        from testigo_wire.policy import schedule  # loaded for lines that have one

        if not schedule.covers(line[SCHEDULE], now_ms, offsets):
            return "outside the schedule"
    if line[ONLY] and not has_prefix(other, line[ONLY]):
        return "not of the numbers to be recorded"
    if has_prefix(other, line[EXCEPT]):
        return "of the numbers not to be recorded"
    return ""


def first_voice(line, called):
    """Index of the voice that the call begins with: the first that has a prefix of the called number, else the first."""
    voices = line[VOICES]
    for i in range(len(voices)):
        if has_prefix(called, voices[i][CALLED]):
            return i
    return 0
