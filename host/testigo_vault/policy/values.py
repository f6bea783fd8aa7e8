"""Types of single settings of policy.toml: telephone keys, numbers, languages, days and times, as people write them.

Converters as testigo_vault.toml.types describes them, then the types that the models of `source` use.
"""

import re
import zoneinfo
from datetime import time
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo

from testigo_vault.errors import VaultError
from testigo_vault.notice_name import check_notice_name
from testigo_vault.policy.purposes import PURPOSES
from testigo_vault.toml.types import (
    MAX_INTEGER,
    ConversionError,
    NonemptyText,
    list_or_text,
    nonempty_text,
    show_value,
    text,
)
from testigo_wire.encoding.schema import KEYS
from testigo_wire.policy import e164

MIDNIGHT = 1440  # minutes
OWN_PURPOSES = "own purposes"  # of the validation context: the names in [purposes]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_SHORT_NUMBER = e164.SHORTEST - 1

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)\Z", re.ASCII)
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")


def line_name(value: Any) -> str:
    if len(nonempty_text(value)) > 64:
        raise ConversionError("is longer than 64 characters: shorten it")
    return nonempty_text(value)


def timezone(value: Any) -> str:
    """A name of the IANA time zone database."""
    try:
        return zoneinfo.ZoneInfo(nonempty_text(value)).key
    except ConversionError:
        raise
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: of a folder, as "Europe"
        near = get_close_matches(nonempty_text(value), zoneinfo.available_timezones(), 1)
        hint = f"did you mean {near[0]}?" if near else "use a name such as Europe/Madrid"
        raise ConversionError(f"is {show_value(value)}: {hint}") from None


def _as_digits(value: Any) -> str:
    """A text, or a number where people may write one without quotes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER:
        return str(value)
    return text(value)


def _are_digits(value: str) -> bool:
    return all(c in "0123456789" for c in value)


def digits(value: Any) -> str:
    found = _as_digits(value)
    if len(found) > 5 or not _are_digits(found):
        raise ConversionError(f"is {show_value(value)}: up to five digits are wanted")
    return found


def country_code(value: Any) -> str:
    found = digits(_as_digits(value).removeprefix("+"))
    if len(found) > 3 or found.startswith("0"):
        raise ConversionError(f"is {show_value(value)}: a country code is wanted, as 34")
    return found


def key(value: Any) -> str:
    found = _as_digits(value).upper()
    if len(found) > 1 or found not in KEYS:
        raise ConversionError(f"is {show_value(value)}: one telephone key is wanted, 0 to 9, *, # or A to D")
    return found


def key_sequence(value: Any) -> str:
    found = _as_digits(value).upper()
    if found and (not 2 <= len(found) <= 6 or not all(c in KEYS for c in found)):
        raise ConversionError(f"is {show_value(value)}: two to six telephone keys are wanted, as '*1'")
    return found


def language(value: Any) -> str:
    """A language tag that has the form of BCP 47."""
    if not _LANGUAGE.match(nonempty_text(value)):
        raise ConversionError(f"is {show_value(value)}: a language code is wanted, as es or pt-BR")
    return nonempty_text(value)


def notice_name(value: Any) -> str:
    try:
        return check_notice_name(nonempty_text(value))
    except VaultError as error:
        hint = error.hint[0].lower() + error.hint[1:].rstrip(".")
        raise ConversionError(f"is {show_value(value)}: {hint}") from None


def prefix(value: Any) -> str:
    """The beginning of numbers in E.164, with its `+`; separators are left out."""
    number = "".join(c for c in text(value) if c not in e164.SEPARATORS)
    if len(number) < 2 or number[0] != "+" or number[1] == "0" or not _are_digits(number[1:]):
        raise ConversionError(f"is {show_value(value)}: begin with + and the country code, as +34943")
    if len(number) > e164.LONGEST + 1:
        raise ConversionError(f"is {show_value(value)}: no number is longer than {e164.LONGEST} digits")
    return number


def prefix_or_short(value: Any) -> str:
    """A prefix, or the digits of a number that is too short for E.164 and is dialled as it stands: 112, an extension."""
    found = _as_digits(value)
    if 0 < len(found) <= LONGEST_SHORT_NUMBER and _are_digits(found):
        return found
    return prefix(value)


def telephone_number(value: Any) -> str:
    """A number as it is dialled, short or long, or in E.164 with its `+`; separators are left out."""
    found = "".join(c for c in _as_digits(value) if c not in e164.SEPARATORS)
    if not 2 <= len(found.removeprefix("+")) <= e164.LONGEST or not _are_digits(found.removeprefix("+")):
        raise ConversionError(f"is {show_value(value)}: a number of 2 to {e164.LONGEST} digits is wanted, as '5555'")
    return found


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
        raise ConversionError(f"names no day: use {', '.join(DAYS)}")
    return sorted(found)


def _weekday(word: str, value: Any) -> int:
    for i, name in enumerate(_FULL_DAYS):
        if len(word) >= 3 and name.startswith(word):
            return i
    raise ConversionError(f"has {show_value(value)}: the days are {', '.join(DAYS)}")


def clock(value: Any) -> int:
    """A time of the day, "08:00" or TOML's own 08:00:00 -> minutes from midnight; "24:00" is its end."""
    if isinstance(value, time):
        value = f"{value.hour}:{value.minute:02}"
    match = _CLOCK.match(text(value))
    minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise ConversionError(f"is {show_value(value)}: a time is wanted, as '08:00'")
    return minutes


def own_purpose_name(value: str) -> str:
    if value in PURPOSES:
        raise ConversionError("is a purpose that is known already: choose another name for yours")
    if not _PURPOSE.match(value):
        raise ConversionError("cannot name a purpose: use up to 32 small letters, digits and dashes")
    return value


def own_purpose_words(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ConversionError('needs its words in each language, as en = "plan routes"')
    return value


def known_purpose(value: Any, info: ValidationInfo) -> str:
    """One of the purposes that every policy has, or of the file's own, which the validation context gives."""
    words = [*PURPOSES, *(info.context or {}).get(OWN_PURPOSES, ())]
    if value not in words:
        raise ConversionError(f"is {show_value(value)}: use {', '.join(words[:-1])} or {words[-1]}")
    return str(value)


LineName = Annotated[str, PlainValidator(line_name)]
Timezone = Annotated[str, PlainValidator(timezone)]
Digits = Annotated[str, PlainValidator(digits)]
CountryCode = Annotated[str, PlainValidator(country_code)]
Key = Annotated[str, PlainValidator(key)]
KeySequence = Annotated[str, PlainValidator(key_sequence)]
Language = Annotated[str, PlainValidator(language)]
NoticeName = Annotated[str, PlainValidator(notice_name)]
Prefixes = Annotated[list[Annotated[str, PlainValidator(prefix)]], BeforeValidator(list_or_text)]
PrefixesOrShort = Annotated[list[Annotated[str, PlainValidator(prefix_or_short)]], BeforeValidator(list_or_text)]
Numbers = Annotated[list[Annotated[str, PlainValidator(telephone_number)]], BeforeValidator(list_or_text)]
Days = Annotated[list[int], PlainValidator(days)]
Clock = Annotated[int, PlainValidator(clock)]
Words = Annotated[dict[Language, NonemptyText], BeforeValidator(own_purpose_words)]
OwnPurposes = dict[Annotated[str, AfterValidator(own_purpose_name)], Words]
Purposes = Annotated[list[Annotated[str, PlainValidator(known_purpose)]], BeforeValidator(list_or_text)]
