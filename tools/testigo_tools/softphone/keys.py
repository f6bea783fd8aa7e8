"""When the softphone presses which keys: `1@+4.0,w2,5#` is key 1 four seconds after the answer, two seconds of waiting,
then the keys 5 and # one after the other."""

from dataclasses import dataclass

from testigo_wire.encoding.schema import KEYS

PAUSE_S = 0.1


@dataclass(frozen=True)
class Press:
    """A key, `wait` seconds after the key before it was done, or `at` seconds after the answer."""

    digit: str
    wait: float = 0.0
    at: float | None = None


def parse(text: str) -> list[Press]:
    """The presses of a plan; ValueError names the part that is not understood."""
    plan: list[Press] = []
    wait = 0.0
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        keys, timed, moment = part.partition("@")
        if part[0] in "wW":
            wait += _seconds(part[1:], part)
            continue
        at = _seconds(moment.lstrip("+"), part) if timed else None
        for digit in keys.upper():
            if digit not in KEYS:
                raise ValueError(f"no such key in {part!r}")
            plan.append(Press(digit, wait or PAUSE_S, at))
            wait, at = 0.0, None
    return plan


def _seconds(text: str, part: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError(f"no seconds in {part!r}") from None
    if not 0 <= seconds < 86400:
        raise ValueError(f"no such time in {part!r}")
    return seconds
