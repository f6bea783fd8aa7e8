"""What the rules look at: the tracked files (and the new ones that are not ignored), and the imports of a module."""

import ast
import subprocess
from functools import cache
from pathlib import Path

from support.micropython_runner import ROOT


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
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


def imports(path: Path) -> set[str]:
    """The full names of the modules that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays in its package, which is the folder's name.
            found.add(path.parent.name if node.level else node.module or "")
    return found
