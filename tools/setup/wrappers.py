"""Small shell scripts in `.tools/bin` that start an unpacked program with the variables that it needs."""

import shlex
from pathlib import Path


def write_wrapper(path: Path, command: list[str], environment: dict[str, str] | None = None) -> None:
    lines = ["#!/bin/sh"]
    lines += [f"export {name}={value}" for name, value in (environment or {}).items()]
    lines.append("exec " + " ".join(shlex.quote(part) for part in command) + ' "$@"')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o755)
