"""What the rules look at: the tracked files (and the new ones that are not ignored), their syntax trees and imports."""

import ast
import subprocess
from functools import cache
from pathlib import Path

from support.micropython_runner import ROOT


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """All files of the project with one of these suffixes, or simply all of them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.splitlines())
    return tuple(sorted(path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)))


def below(folder: str, *suffixes: str) -> list[Path]:
    return [path for path in files(*suffixes) if path.is_relative_to(ROOT / folder)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def place(path: Path, line: int) -> str:
    """As a compiler writes it, so that editors open it."""
    return f"{name(path)}:{line}"


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=name(path))


def imports(path: Path, names: bool = False) -> list[tuple[int, str]]:
    """(line, full name) of each module that a file imports, inside functions too.

    names: of `from package import name`, package.name, since that may be a module.
    """
    found = []
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays in its package, which is the folder's name.
            module = path.parent.name if node.level else node.module or ""
            found += (
                [(node.lineno, f"{module}.{alias.name}") for alias in node.names] if names else [(node.lineno, module)]
            )
    return found


def check(offenders: list[str], rule: str) -> None:
    """Fail with every offender on a line of its own, not only with the first one."""
    assert not offenders, "\n".join([f"{rule} ({len(offenders)} found)", *offenders])
