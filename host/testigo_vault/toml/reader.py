"""Reading a TOML file that people write: every setting is taken by name and kind, and all that is wrong with the file is
told at once, with its line.

A converter takes a value as tomllib gives it and returns what it stands for, or raises `Wrong` with the reason.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from testigo_vault.errors import VaultError
from testigo_vault.toml import positions as toml_lines

PLACEHOLDER = "FILL IN"  # begins a text that whoever made a template could not know
NOT_SAID = date.min  # what a date is where it is still to be filled in
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LARGEST = 4 << 20
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)

Convert = Callable[[Any], Any]


class Wrong(Exception):
    """Why a value cannot be: the end of a sentence that begins with the setting's name.

    chosen: one of a few words was wanted, so that nothing can go on with a placeholder in its place."""

    def __init__(self, reason: str, chosen: bool = False) -> None:
        super().__init__(reason)
        self.chosen = chosen


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    text: str


class FileProblems(VaultError):
    """What is wrong with a file, all of it: `problems` in the order of their lines."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems)
        super().__init__("\n".join(told(path, problem) for problem in self.problems), f"Correct {path}.")


def told(path: Path, problem: Problem) -> str:
    return f"{path.name} line {problem.line}: {problem.text}{'' if problem.text.endswith('?') else '.'}"


class TomlFile:
    """One file: its text, what it says, where, and the problems found so far."""

    def __init__(self, path: Path, text: str) -> None:
        """Raises FileProblems where the text is no TOML."""
        self.path = path
        self.text = text
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        try:
            self.values: dict[str, Any] = tomllib.loads(plain)
            self.lines = toml_lines.lines_of(plain)
        except tomllib.TOMLDecodeError as error:
            reason = str(error)
            at = _AT.search(reason)
            line = int(at[1]) if at and at[1] else plain.count("\n") + 1
            where = f" (column {at[2]})" if at and at[2] else " (at the end of the file)" if at else ""
            raise FileProblems(path, [Problem(line, _AT.sub("", reason) + where)]) from None
        except RecursionError:
            raise FileProblems(path, [Problem(1, "Lists or tables stand too deep in one another")]) from None
        self._problems: dict[toml_lines.Path, Problem] = {}

    @classmethod
    def read(cls, path: Path, hint: str) -> "TomlFile":
        """hint: what to do where there is no such file."""
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST + 1)
            if len(data) > _LARGEST:
                raise VaultError(
                    f"{path} is larger than {_LARGEST >> 20} MiB, which nobody wrote.", "Give another file."
                )
            text = data.decode("utf-8")
        except FileNotFoundError:
            raise VaultError(f"There is no file {path}.", hint) from None
        except OSError as error:
            raise VaultError(f"{path} cannot be read: {error.strerror}.", "Correct that.") from None
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FileProblems(path, [Problem(line, "is not written in UTF-8: save it so")]) from None
        return cls(path, text)

    def top(self) -> "Table":
        return Table(self, (), self.values)

    def line_of(self, path: toml_lines.Path) -> int:
        """Of a setting, or of the table that would hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def wrong(self, path: toml_lines.Path, reason: str) -> None:
        """Note one problem of a setting, the first."""
        self._problems.setdefault(path, Problem(self.line_of(path), f"{toml_lines.shown(path)} {reason}".strip()))

    def end(self) -> None:
        """Raise FileProblems if there are any."""
        if self._problems:
            raise FileProblems(self.path, self._problems.values())

    def is_wrong(self, path: toml_lines.Path) -> bool:
        return path in self._problems

    @property
    def good(self) -> bool:
        return not self._problems


class Table:
    """A table of the file, from which every setting has to be taken."""

    def __init__(self, file: TomlFile, path: toml_lines.Path, values: dict[str, Any]) -> None:
        self.file = file
        self.path = path
        self._values = dict(values)
        self._known: list[str] = []
        self._missing: list[tuple[str, str]] = []

    def has(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, convert: Convert, default: Any = None, required: str = "") -> Any:
        """The setting, or `default` where it is not said or wrong. required: what to add where it is not said."""
        self._known.append(key)
        if key not in self._values:
            if required:
                self._missing.append((key, required))
            return default
        value = self._values.pop(key)
        try:
            return convert(value)
        except Wrong as wrong:
            if wrong.chosen or not is_placeholder(value):  # of which whoever signs is told
                self.file.wrong((*self.path, key), str(wrong))
            return default

    def items(self, key: str, convert: Convert, required: str = "") -> list[Any]:
        """A list, or one value in its place, of which each element is converted; one that is wrong is named and left out."""
        found = []
        for i, value in enumerate(self.take(key, _array_or_text, [], required)):
            try:
                found.append(convert(value))
            except Wrong as wrong:
                self.file.wrong((*self.path, key, i), str(wrong))
        return found

    def table(self, key: str, required: str = "") -> "Table | None":
        values = self.take(key, _table, None, required)
        return None if values is None else Table(self.file, (*self.path, key), values)

    def tables(self, key: str, required: str = "") -> "list[Table]":
        """An array of tables; what stands there beside tables is named and left out."""
        found = []
        for i, values in enumerate(self.take(key, _array, [], required)):
            path = (*self.path, key, i)
            if isinstance(values, dict):
                found.append(Table(self.file, path, values))
            else:
                self.file.wrong(path, f"is {said(values)}: a table is wanted, [[{key}]]")
        return found

    def rest(self) -> "dict[str, Any]":
        """All settings that were not taken, for tables whose names people choose."""
        values, self._values = self._values, {}
        return values

    def end(self) -> None:
        """Name what nobody knows, with a near name, and what is missing."""
        meant = set()
        for key in self._values:
            near = difflib.get_close_matches(key, self._known, 1)
            meant.update(near)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._known)}"
            self.file.wrong((*self.path, key), f"is not known: {hint}")
        for key, required in self._missing:
            if key not in meant:
                self.file.wrong((*self.path, key), f"is missing: {required}")


def said(value: Any) -> str:
    """A value as the file has it, as far as one wants to read it in an error."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "...")
    return str(value).lower()


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(f"is {said(value)}: a list is wanted, in [ ]")
    return value


def _array_or_text(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else _array(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"is {said(value)}: a table is wanted")
    return value


def is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PLACEHOLDER)


def as_it_stands(value: Any) -> str:
    """A text of which every space may count, as a password."""
    if not isinstance(value, str):
        raise Wrong("is no text: write it in quotes")  # what it is, nobody else need read
    return value


def text(value: Any) -> str:
    """Any text on one or more lines, without control characters."""
    if not isinstance(value, str):
        raise Wrong(f"is {said(value)}: a text is wanted, in quotes")
    if _CONTROL.search(value):
        raise Wrong("has control characters: remove them")
    return value.strip()


def some_text(value: Any) -> str:
    if not text(value):
        raise Wrong("is empty: write it")
    return text(value)


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"is {said(value)}: true or false is wanted")
    return value


def whole(least: int, most: int) -> Convert:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"is {said(value)}: a whole number is wanted")
        if not least <= value <= most:
            raise Wrong(f"is {value}: use {least} to {most}")
        return value

    return convert


def scaled(factor: int, least: float, most: float) -> Convert:
    """A number, with or without a fraction, as a whole number of smaller units: seconds to milliseconds."""

    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Wrong(f"is {said(value)}: a number is wanted")
        if not least <= value <= most:
            raise Wrong(f"is {value}: use {least:g} to {most:g}")
        return round(value * factor)

    return convert


def choice(*values: str) -> Convert:
    def convert(value: Any) -> str:
        if value not in values:
            raise Wrong(f"is {said(value)}: use {', '.join(values[:-1])} or {values[-1]}", chosen=True)
        return str(value)

    return convert


def day(value: Any) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise Wrong(f"is {said(value)}: write a date as 2026-12-31") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Wrong(f"is {value}: write a date as 2026-12-31, without a time")
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise Wrong(f"is {value}: no such time is meant")
    return value
