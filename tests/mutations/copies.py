"""Copies of the tree, in which mutants are made and tests run; the checkout is never changed."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import WorkItem, WorkResult

from mutations.confined import MARK
from mutations.table import Module
from support.micropython_runner import ROOT

SET_UP = (".venv", ".tools")  # the environment of the checkout, not copied
BASELINE_LIMIT_S = 600


class NotGreen(Exception):
    """The tests fail without any mutation."""


class Copy:
    """One copy of the tracked and new files, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for name in SET_UP:
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)

    def command(self, module: Module) -> str:
        return shlex.join([sys.executable, str(self.folder / "tests" / "mutations" / "confined.py"), *module.tests])

    def measure(self, module: Module) -> float:
        """Runs the tests of a module without a mutation -> seconds. Raises NotGreen, with the tests that fail."""
        began = time.monotonic()
        try:
            done = subprocess.run(
                shlex.split(self.command(module)), capture_output=True, text=True, timeout=BASELINE_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            self.end_processes()
            raise NotGreen(
                f"{module.source}: its tests did not end in {BASELINE_LIMIT_S} s without a mutation"
            ) from None
        if done.returncode:
            failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
            told = "\n".join(failed) or (done.stdout + done.stderr)[-2000:]
            raise NotGreen(f"{module.source}: its tests fail without a mutation, so none is made:\n{told}")
        return time.monotonic() - began

    def try_mutant(self, module: Module, item: WorkItem, limit_s: float) -> WorkResult:
        """Makes the mutant in this copy, runs the tests, and restores the file."""
        here = [attrs.evolve(spec, module_path=self.folder / spec.module_path) for spec in item.mutations]
        result = mutate_and_test(here, self.command(module), limit_s)
        if is_timeout(result):
            self.end_processes()
        return result

    def end_processes(self) -> None:
        """Ends what tests that were stopped have left: processes with the mark of this copy in their environment."""
        wanted = f"{MARK}={self.folder}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                marked = wanted in (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if marked:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)


def is_timeout(result: WorkResult) -> bool:
    """Whether the tests were stopped by the time limit."""
    return result.output == "timeout"
