"""The modules that are mutated, the tests that have to fail for their mutants, and the mutants that are not made."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from support.micropython_runner import ROOT

TABLE = Path(__file__).with_name("table.toml")


@dataclass(frozen=True)
class Module:
    """One file. source: its path in the tree. tests: paths of test files, quickest first."""

    source: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        return ROOT / self.source


@dataclass(frozen=True)
class Table:
    modules: tuple[Module, ...]
    excluded: tuple[str, ...]  # regular expressions of operators

    def makes(self, operator: str) -> bool:
        """Whether mutants of this operator of Cosmic Ray are made."""
        return not any(re.fullmatch(pattern, operator) for pattern in self.excluded)


class TableError(Exception):
    """An entry of the table that cannot be used."""


def _files(source: str) -> Iterable[str]:
    """A file, or every module of a folder."""
    path = ROOT / source
    if path.is_dir():
        found = (p for p in sorted(path.rglob("*.py")) if p.name != "__init__.py")
        yield from (str(p.relative_to(ROOT)) for p in found)
    elif path.is_file():
        yield source
    else:
        raise TableError(f"{TABLE.name}: there is no {source}")


def read(path: Path = TABLE) -> Table:
    """Reads the table; an entry for a file goes before that of its folder. Raises TableError."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    tests: dict[str, tuple[str, ...]] = {}
    for entry in sorted(content["module"], key=lambda entry: (ROOT / entry["source"]).is_dir()):
        for source in _files(entry["source"]):
            tests.setdefault(source, tuple(entry["tests"]))
    modules = tuple(Module(source, files) for source, files in tests.items())
    return Table(modules, tuple(entry["operator"] for entry in content.get("excluded", [])))
