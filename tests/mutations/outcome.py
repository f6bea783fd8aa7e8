"""What a run found in a module, the mutants that are known to be equivalent, and the file that keeps both."""

import datetime
import fnmatch
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mutations.name import Name

RESULTS = Path(__file__).with_name("results.json")
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Outcome:
    """candidates: mutants that the operators find. by_time: of the killed ones, those whose tests hung."""

    module: str
    seed: int
    candidates: int
    tried: int
    by_time: int
    survivors: tuple[Name, ...]

    @property
    def killed(self) -> int:
        return self.tried - len(self.survivors)


@dataclass(frozen=True)
class Equivalent:
    """Mutants of one line that do what the code does. operator: may have `*`. becomes: every one, or these lines."""

    module: str
    function: str
    operator: str
    line: str
    reason: str
    becomes: tuple[str, ...] = ()

    def covers(self, name: Name) -> bool:
        same_place = (self.module, self.function, self.line) == (name.module, name.function, name.line)
        same_change = not self.becomes or name.becomes in self.becomes
        return same_place and same_change and fnmatch.fnmatchcase(name.operator, self.operator)


def equivalents(path: Path = EQUIVALENT) -> list[Equivalent]:
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    return [Equivalent(**{**entry, "becomes": tuple(entry.get("becomes", ()))}) for entry in entries]


def split(survivors: Iterable[Name], known: list[Equivalent]) -> tuple[list[Name], list[tuple[Name, str]]]:
    """-> the survivors that a test should kill, and the equivalent ones with the reason."""
    alive, same = [], []
    for name in survivors:
        reason = next((entry.reason for entry in known if entry.covers(name)), None)
        if reason is None:
            alive.append(name)
        else:
            same.append((name, reason))
    return alive, same


def load(path: Path = RESULTS) -> dict[str, dict]:
    """By module: the fields of Outcome, and the day of the run."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def merged(kept: dict[str, dict], found: Iterable[Outcome], day: datetime.date) -> dict[str, dict]:
    """The kept results with the new ones in their places; a module that was not run keeps its old result."""
    new = {
        outcome.module: {
            "day": str(day),
            "seed": outcome.seed,
            "candidates": outcome.candidates,
            "tried": outcome.tried,
            "killed": outcome.killed,
            "by_time": outcome.by_time,
            "survivors": [list(name) for name in outcome.survivors],
        }
        for outcome in found
        if outcome.tried
    }
    return {module: (kept | new)[module] for module in sorted(kept | new)}
