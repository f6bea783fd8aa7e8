"""Starts MicroPython as a process: the two interpreters that the set-up provides, with the firmware on their path."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"
FIRMWARE = ROOT / "firmware"
LIMIT_S = 300


class Missing(Exception):
    """The interpreter is not there, and the reason says how to get it."""


def interpreter(name: str) -> Path:
    """`micropython` (this machine's own word size) or `micropython32`."""
    path = TOOLS / name
    if not path.exists():
        raise Missing(f"{name} is not set up: run `make setup`")
    return path


def environment(paths: list[Path] | None = None, **more: str) -> dict[str, str]:
    """The process environment that makes `paths` (default: the firmware's sources) and the frozen modules importable."""
    search = [".frozen", *(str(path) for path in (paths or [FIRMWARE])), str(ROOT / "tests")]
    return {**os.environ, "MICROPYPATH": ":".join(search), **more}


def command(
    script_or_module: str | Path,
    args: list[str] | tuple[str, ...] = (),
    heap: str | None = None,
    word: str = "micropython",
) -> list[str]:
    """The command line. A `Path` or a name ending in .py is a script, another name is a module (`-m`).

    `heap` is the size that MicroPython understands: bytes, or a number with k or m.
    """
    line = [str(interpreter(word))]
    if heap:
        line += ["-X", f"heapsize={heap}"]
    is_script = isinstance(script_or_module, Path) or script_or_module.endswith(".py")
    line += [str(script_or_module)] if is_script else ["-m", script_or_module]
    return line + list(args)


def run_micropython(
    script_or_module: str | Path,
    args: list[str] | tuple[str, ...] = (),
    heap: str | None = None,
    env: dict[str, str] | None = None,
    word: str = "micropython",
    paths: list[Path] | None = None,
    limit_s: float = LIMIT_S,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs to the end and returns status and output, both streams in `stdout` in the order they came."""
    return subprocess.run(
        command(script_or_module, args, heap, word),
        env=environment(paths, **(env or {})),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        timeout=limit_s,
    )
