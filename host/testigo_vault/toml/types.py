"""Types of the settings that people write in TOML files, for the models of `toml.validation`.

A converter takes a value as tomllib gives it. It returns what the value stands for, or raises ConversionError.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

PLACEHOLDER = "FILL IN"  # begins a text of a template that the user has to replace
NO_DATE = date.min  # the value of a date that is still a placeholder
MAX_INTEGER = 10**40  # largest that is written in digits; Python refuses to convert very long ones

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)


class ConversionError(ValueError):
    """Why a value is refused: the end of a sentence that begins with the setting's name.

    no_placeholder: the setting takes one of a few words, so that nothing can be done with a placeholder in its place.
    """

    def __init__(self, reason: str, no_placeholder: bool = False) -> None:
        super().__init__(reason)
        self.no_placeholder = no_placeholder


def is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PLACEHOLDER)


def show_value(value: Any) -> str:
    """A value as the file has it, short enough for an error message."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "...")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "a very large number"
    return str(value).lower() if isinstance(value, (bool, float)) else str(value)


def raw_text(value: Any) -> str:
    """A text that is kept as it is, as a password, in which every space may count."""
    if not isinstance(value, str):
        raise ConversionError("is no text: write it in quotes")  # without the value, which may be a secret
    return value


def text(value: Any) -> str:
    """Any text on one or more lines, without control characters."""
    if not isinstance(value, str):
        raise ConversionError(f"is {show_value(value)}: a text is wanted, in quotes")
    if _CONTROL.search(value):
        raise ConversionError("has control characters: remove them")
    return value.strip()


def nonempty_text(value: Any) -> str:
    if not text(value):
        raise ConversionError("is empty: write it")
    return text(value)


def choice(*words: str) -> PlainValidator:
    """One of some words."""

    def convert(value: Any) -> str:
        if value not in words:
            raise ConversionError(
                f"is {show_value(value)}: use {', '.join(words[:-1])} or {words[-1]}", no_placeholder=True
            )
        return str(value)

    return PlainValidator(convert)


def whole(least: int, most: int) -> PlainValidator:
    """A whole number within limits."""

    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConversionError(f"is {show_value(value)}: a whole number is wanted")
        if not least <= value <= most:
            raise ConversionError(f"is {show_value(value)}: use {least} to {most}")
        return value

    return PlainValidator(convert)


def scaled(factor: int, least: float, most: float) -> PlainValidator:
    """A number, with or without a fraction, as a whole number of smaller units: seconds to milliseconds."""

    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConversionError(f"is {show_value(value)}: a number is wanted")
        if not least <= value <= most:
            raise ConversionError(f"is {show_value(value)}: use {least:g} to {most:g}")
        return round(value * factor)

    return PlainValidator(convert)


def day(value: Any) -> date:
    """A date, of TOML or as a text."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise ConversionError(f"is {show_value(value)}: write a date as 2026-12-31") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ConversionError(f"is {show_value(value)}: write a date as 2026-12-31, without a time")
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise ConversionError(f"is {value}: use a date from {_FIRST_DAY} to {_LAST_DAY}")
    return value


def list_or_text(value: Any) -> list[Any]:
    """A list, or one text in its place."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise ConversionError(f"is {show_value(value)}: a list is wanted, in [ ]")
    return value


RawText = Annotated[str, PlainValidator(raw_text)]
Text = Annotated[str, PlainValidator(text)]
NonemptyText = Annotated[str, PlainValidator(nonempty_text)]
Day = Annotated[date, PlainValidator(day)]
Texts = Annotated[list[NonemptyText], BeforeValidator(list_or_text)]
Port = Annotated[int, whole(0, 65535)]
