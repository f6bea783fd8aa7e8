"""Single values of policy.toml: telephone keys, numbers, languages, days and times, as people write them, and what they
stand for. Converters as `toml_reader` wants them.
"""

import re
import zoneinfo
from datetime import time
from difflib import get_close_matches
from typing import Any

from testigo_vault.errors import VaultError
from testigo_vault.notice_name import check_notice_name
from testigo_vault.toml.reader import Wrong, said, some_text, text
from testigo_wire.encoding.schema import KEYS
from testigo_wire.policy import e164

MIDNIGHT = 1440  # minutes
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_SHORT_NUMBER = e164.SHORTEST - 1

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)\Z", re.ASCII)


def line_name(value: Any) -> str:
    if len(some_text(value)) > 64:
        raise Wrong("is longer than 64 characters: shorten it")
    return some_text(value)


def timezone(value: Any) -> str:
    """A name of the IANA time zone database."""
    try:
        return zoneinfo.ZoneInfo(some_text(value)).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: of a folder, as "Europe"
        near = get_close_matches(some_text(value), zoneinfo.available_timezones(), 1)
        hint = f"did you mean {near[0]}?" if near else "use a name such as Europe/Madrid"
        raise Wrong(f"is {said(value)}: {hint}") from None


def _as_digits(value: Any) -> str:
    """What people may well write as a number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return text(value)


def _are_digits(value: str) -> bool:
    return all(c in "0123456789" for c in value)


def digits(value: Any) -> str:
    found = _as_digits(value)
    if len(found) > 5 or not _are_digits(found):
        raise Wrong(f"is {said(value)}: up to five digits are wanted")
    return found


def country_code(value: Any) -> str:
    found = digits(_as_digits(value).removeprefix("+"))
    if len(found) > 3 or found.startswith("0"):
        raise Wrong(f"is {said(value)}: a country code is wanted, as 34")
    return found


def key(value: Any) -> str:
    found = _as_digits(value).upper()
    if len(found) > 1 or found not in KEYS:
        raise Wrong(f"is {said(value)}: one telephone key is wanted, 0 to 9, *, # or A to D")
    return found


def sequence(value: Any) -> str:
    found = _as_digits(value).upper()
    if found and (not 2 <= len(found) <= 6 or not all(c in KEYS for c in found)):
        raise Wrong(f"is {said(value)}: two to six telephone keys are wanted, as '*1'")
    return found


def language(value: Any) -> str:
    """A language of BCP 47, by its shape."""
    if not _LANGUAGE.match(some_text(value)):
        raise Wrong(f"is {said(value)}: a language code is wanted, as es or pt-BR")
    return some_text(value)


def notice_name(value: Any) -> str:
    try:
        return check_notice_name(some_text(value))
    except VaultError as error:
        raise Wrong(f"is {said(value)}: {error.hint[0].lower()}{error.hint[1:].rstrip('.')}") from None


def prefix(value: Any) -> str:
    """The beginning of numbers in E.164, with its `+`; separators are left out."""
    number = "".join(c for c in text(value) if c not in e164.SEPARATORS)
    if len(number) < 2 or number[0] != "+" or number[1] == "0" or not _are_digits(number[1:]):
        raise Wrong(f"is {said(value)}: begin with + and the country code, as +34943")
    if len(number) > e164.LONGEST + 1:
        raise Wrong(f"is {said(value)}: no number is longer than {e164.LONGEST} digits")
    return number


def prefix_or_short(value: Any) -> str:
    """A prefix, or the digits of a number that is too short for E.164 and is dialled as it stands: 112, an extension."""
    found = _as_digits(value)
    if 0 < len(found) <= LONGEST_SHORT_NUMBER and _are_digits(found):
        return found
    return prefix(value)


def days(value: Any) -> list[int]:
    """["mon", "wed-fri"] or "mon-fri" -> numbers from Monday 0, in order."""
    words = value if isinstance(value, list) else [word for word in text(value).replace(",", " ").split(" ") if word]
    found: set[int] = set()
    for word in words:
        first, dash, last = text(word).lower().partition("-")
        begin = _weekday(first, word)
        end = _weekday(last, word) if dash else begin
        found.update((begin + i) % 7 for i in range((end - begin) % 7 + 1))
    if not found:
        raise Wrong(f"names no day: use {', '.join(DAYS)}")
    return sorted(found)


def _weekday(word: str, value: Any) -> int:
    for i, name in enumerate(_FULL_DAYS):
        if len(word) >= 3 and name.startswith(word):
            return i
    raise Wrong(f"has {said(value)}: the days are {', '.join(DAYS)}")


def clock(value: Any) -> int:
    """A time of the day, "08:00" or TOML's own 08:00:00 -> minutes from midnight; "24:00" is its end."""
    if isinstance(value, time):
        value = f"{value.hour}:{value.minute:02}"
    match = _CLOCK.match(text(value))
    minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise Wrong(f"is {said(value)}: a time is wanted, as '08:00'")
    return minutes
