"""Reads a TOML file that people write, and collects what is wrong with it, each problem with its line.

`toml.validation` checks what the settings say.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testigo_vault.errors import NotFound, VaultError
from testigo_vault.toml.positions import NestedTooDeep, Setting, format_setting, lines_of

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")  # ends tomllib's messages
_MAX_BYTES = 4 << 20
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4299,}")  # more digits than Python converts: sys.get_int_max_str_digits


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    text: str


class FileProblems(VaultError):
    """All that is wrong with a file: `problems` in the order of their lines."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems)
        super().__init__("\n".join(format_problem(path, problem) for problem in self.problems), f"Correct {path}.")


def format_problem(path: Path, problem: Problem) -> str:
    """policy.toml line 22: lines[0].rule is 'ask': use notify, opt-out or opt-in."""
    return f"{path.name} line {problem.line}: {problem.text}{'' if problem.text.endswith('?') else '.'}"


class TomlFile:
    """One file: its text, the values in it as tomllib gives them, their lines, and the problems found so far."""

    def __init__(self, path: Path, text: str) -> None:
        """Raises FileProblems where the text is not TOML. A byte order mark at its start is accepted."""
        self.path = path
        self.text = text
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
        try:
            self.values: dict[str, Any] = tomllib.loads(plain)
            self.lines = lines_of(plain)
        except tomllib.TOMLDecodeError as error:
            reason = str(error)
            at = _AT.search(reason)
            line = int(at[1]) if at and at[1] else plain.count("\n") + 1
            where = f" (column {at[2]})" if at and at[2] else " (at the end of the file)" if at else ""
            raise FileProblems(path, [Problem(line, _AT.sub("", reason) + where)]) from None
        except (RecursionError, NestedTooDeep):
            raise FileProblems(path, [Problem(1, "Lists or tables are nested too deep")]) from None
        except ValueError:  # of int(): tomllib's own error is caught above
            long = _LONG_NUMBER.search(plain)
            line = plain.count("\n", 0, long.start()) + 1 if long else 1
            raise FileProblems(path, [Problem(line, "A number has too many digits: shorten it")]) from None
        self._problems: dict[Setting, Problem] = {}

    @classmethod
    def read(cls, path: Path, hint: str) -> "TomlFile":
        """Raises VaultError where the file cannot be read, NotFound where there is none. hint: what to do then."""
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"There is no file {path}.", hint) from None
        except OSError as error:
            raise VaultError(
                f"{path} cannot be read: {error.strerror}.", "Give the path of a file that you may read."
            ) from None
        if len(data) > _MAX_BYTES:
            raise VaultError(f"{path} is larger than {_MAX_BYTES >> 20} MiB.", "Give another file.")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FileProblems(path, [Problem(line, "is not written in UTF-8: save it so")]) from None
        return cls(path, text)

    def line_of(self, setting: Setting) -> int:
        """The line of a setting, or of the table that would hold it."""
        while setting and setting not in self.lines:
            setting = setting[:-1]
        return self.lines.get(setting, 1)

    def problem(self, setting: Setting, reason: str) -> Problem:
        """A problem of a setting. reason: the rest of a sentence that begins with its name."""
        return Problem(self.line_of(setting), f"{format_setting(setting)} {reason}".strip())

    def add_problem(self, setting: Setting, reason: str) -> None:
        """Collect a problem, unless the setting has one already."""
        self._problems.setdefault(setting, self.problem(setting, reason))

    def has_problem(self, setting: Setting) -> bool:
        return setting in self._problems

    @property
    def has_problems(self) -> bool:
        return bool(self._problems)

    def raise_problems(self) -> None:
        """Raise FileProblems if there are any."""
        if self._problems:
            raise FileProblems(self.path, self._problems.values())
