"""The steps of set-up in their order, each of which does nothing when its work is done.

TESTIGO_SETUP_IGNORE_INSTALLED=1 pretends that the machine has none of the tools, for testing this program.
"""

import os
from pathlib import Path

import environment
import interpreter
import peers
from progress import SetupError, say, warn

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
TARGETS = ("venv", "micropython", "demo", "test", "bench")


def step(target: str, ignore_installed: bool) -> None:
    if target in ("venv", "demo", "test"):
        environment.set_up(ROOT, TOOLS, ignore_installed)
    if target in ("micropython", "demo", "test"):
        interpreter.set_up(TOOLS, ignore_installed)
    if target in ("micropython", "test"):
        try:
            interpreter.set_up_32(TOOLS)
        except SetupError as error:
            warn(str(error), error.hint)
    if target in ("demo", "test", "bench"):
        peers.set_up(TOOLS, target, ignore_installed)


def main(arguments: list[str]) -> int:
    target = arguments[0] if arguments else "test"
    if target not in TARGETS or len(arguments) > 1:
        print(f"usage: python3 tools/setup [{'|'.join(TARGETS)}]")
        return 2
    try:
        step(target, os.environ.get("TESTIGO_SETUP_IGNORE_INSTALLED", "") not in ("", "0"))
    except SetupError as error:
        warn(str(error), error.hint)
        return 1
    say("done")
    return 0
