"""The MicroPython that a virtual appliance runs on."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testigo_tools.paths import CHECKOUT

OLDEST = (1, 25)
VARIABLE = "TESTIGO_MICROPYTHON"
# sys.implementation._mpy, bits 10 to 13: the architecture of machine code in .mpy files.
MARCHES = {0: "none", 1: "x86", 2: "x64", 4: "armv6m", 5: "armv7m", 10: "xtensawin", 11: "rv32imc"}
PROBE = "import sys; i = sys.implementation; print(*i.version[:2], i._mpy >> 10 & 15)"


class InterpreterError(Exception):
    """There is no MicroPython that is new enough; the text says how to get one."""


@dataclass(frozen=True)
class Interpreter:
    path: Path
    version: tuple[int, int]
    march: str


def probe(path: Path) -> Interpreter:
    try:
        said = subprocess.run(
            [path, "-c", PROBE], capture_output=True, text=True, timeout=20, check=True
        ).stdout.split()
        version = int(said[0]), int(said[1])
        march = MARCHES.get(int(said[2]), "none")
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise InterpreterError(f"{path} is no MicroPython that starts: {error}") from None
    if version < OLDEST:
        raise InterpreterError(f"{path} is MicroPython {version[0]}.{version[1]}; 1.25 or newer is needed.")
    return Interpreter(path, version, march)


def find(asked: Path | None = None) -> Interpreter:
    """The given one, else that of $TESTIGO_MICROPYTHON, of the checkout's set-up, or on the PATH."""
    named = asked or os.environ.get(VARIABLE)
    if named:
        return probe(Path(named))
    ours = CHECKOUT / ".tools" / "bin" / "micropython"
    if ours.exists():
        return probe(ours)
    installed = shutil.which("micropython")
    if not installed:
        raise InterpreterError(
            f"MicroPython is missing: run `make setup` in a checkout, or install it, or name it in ${VARIABLE}."
        )
    return probe(Path(installed))
