"""Checks that the fields of a policy do not contradict each other (docs/formats/documents.md)."""

from testigo_wire.compat import const
from testigo_wire.encoding import schema
from testigo_wire.errors import DocumentError
from testigo_wire.policy.fields import (
    ACCEPT_KEY,
    DIRECTION,
    KEYS,
    MODE,
    NAME,
    OBJECT_KEY,
    PAUSE_LIMIT,
    RULE,
    SCHEDULE,
    TONE,
    VOICES,
    WORKER,
    WORKER_REFERENCE,
)

LONGEST = const(15)  # digits of a number of E.164
MOST_RECIPIENTS = const(24)  # that a recording's header names


def check(body):
    """Raise DocumentError, naming the field, where a body whose fields are of the right kinds contradicts itself."""
    valid_from, valid_until = body[:2]
    if valid_until and valid_until <= valid_from:
        raise DocumentError("policy.valid_until_ms: not after valid_from_ms")
    seen = []
    lines = body[9]
    for i in range(len(lines)):
        line = lines[i]
        path = "policy.lines[%d]." % i
        for name, direction in seen:
            if name == line[NAME] and (direction == line[DIRECTION] or "both" in (direction, line[DIRECTION])):
                raise DocumentError(path + "name: twice in one direction")
        seen.append((line[NAME], line[DIRECTION]))
        if line[MODE] != "never":
            _check_line(line, path)
    if seen and not all([any([recipient[0] == stream for recipient in body[8]]) for stream in (0, 1)]):
        raise DocumentError("policy.recipients: each stream needs one")
    if len(body[8]) > MOST_RECIPIENTS:
        raise DocumentError("policy.recipients: more than 24")
    if len(body) > 10:
        _check_emergency(body[10])


def _check_emergency(settings):
    numbers, outside, minutes = settings
    for i in range(len(numbers)):
        digits = numbers[i][1:] if numbers[i][:1] == "+" else numbers[i]
        if not 2 <= len(digits) <= LONGEST or not _are_digits(digits):
            raise DocumentError("policy.emergency.numbers[%d]: not a number of 2 to 15 digits" % i)
    if len(outside) > 5 or not _are_digits(outside):
        raise DocumentError("policy.emergency.outside_prefix: not up to five digits")
    if minutes > 1440:
        raise DocumentError("policy.emergency.callback_minutes: more than a day")


def _are_digits(text):
    return all([c in "0123456789" for c in text])


def _check_line(line, path):
    accept, refuse = line[ACCEPT_KEY], line[OBJECT_KEY]
    if line[RULE] == "opt-in" and not accept:
        raise DocumentError(path + "accept_key: opt-in needs one")
    if line[RULE] == "opt-out" and not refuse:
        raise DocumentError(path + "object_key: opt-out needs one")
    if accept and accept == refuse:
        raise DocumentError(path + "object_key: also the accept_key")
    if not line[VOICES]:
        raise DocumentError(path + "voices: none")
    taken = [accept, refuse]
    for voice in line[VOICES]:
        if voice[2] and voice[2] in taken:
            raise DocumentError(path + "voices: one key for two things")
        taken.append(voice[2])
    worker = line[WORKER]
    if len(line[TONE]) > 1 or (worker == "tone" and not line[TONE]):
        raise DocumentError(path + "tone: " + ("several" if line[TONE] else "the worker is to be informed by it"))
    if worker != "tone" and not line[WORKER_REFERENCE]:
        raise DocumentError(path + "worker_reference: none")
    for hertz, length, interval, level in line[TONE]:
        # Multiples of 20 Hz have a whole period in 400 samples of 1/8000 s or fewer.
        if not 300 <= hertz <= 3400 or hertz % 20 or not 20 <= length <= 2000 or interval < 2 * length or level > 60:
            raise DocumentError(path + "tone: 300 to 3400 Hz by 20, 20 to 2000 ms, an interval twice that, level to 60")
    _check_keys(line, path)
    for days, begin, end in line[SCHEDULE]:
        if not 0 < days < 128 or not begin < end <= 1440:
            raise DocumentError(path + "schedule: no days, or an end before the begin")


def _check_keys(line, path):
    sequences = [keys for keys in line[KEYS] if keys]
    for i in range(len(sequences)):
        keys = sequences[i]
        if not 2 <= len(keys) <= 6 or not all([c in schema.KEYS for c in keys]):
            raise DocumentError(path + "keys: two to six telephone keys each")
        if any([keys in other for other in sequences[:i] + sequences[i + 1 :]]):
            raise DocumentError(
                path + "keys: one sequence is part of another"
            )  # the shorter one would be recognised first
    start, stop, pause, resume = line[KEYS]
    if pause and not (resume and line[PAUSE_LIMIT]):
        raise DocumentError(path + "keys: pause needs resume and a pause_limit_ms")
    if line[MODE] == "on-demand" and bool(start) != bool(stop):
        raise DocumentError(path + "keys: start needs stop")
