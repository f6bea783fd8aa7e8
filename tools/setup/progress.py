"""What set-up prints, and how it fails: an error says what is wrong and what to do."""

import subprocess
import sys
import time
from pathlib import Path


class SetupError(Exception):
    """`str(error)` says what is wrong, `hint` what the user can do."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"set-up [{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def warn(what: str, hint: str) -> None:
    print(f"set-up: {what}\n        {hint}", file=sys.stderr, flush=True)


def run(command: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs to the end and returns what was printed; raises CalledProcessError with that output."""
    done = subprocess.run(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout)
    return done.stdout


def last_lines(text: str, count: int = 8) -> str:
    return "\n".join("        | " + line for line in text.strip().splitlines()[-count:])
