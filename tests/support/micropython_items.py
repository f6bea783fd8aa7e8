"""Makes a pytest item of every `test_` function of a file that runs on MicroPython.

Files under `tests/wire` run on CPython (as any test) and here on both MicroPythons, from source. Files under
`tests/recorder` run here only: on the 32-bit MicroPython, against the compiled firmware, in a heap as small as a chip's
(`HEAP = "150k"` at the top of a file; 384k if it says nothing), and by the clock of `tests/support/device/clock.py`. One
process runs a whole file; its items share the output.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.micropython_runner import ROOT, Missing, interpreter, run_micropython

RUNNER = ROOT / "tests" / "support" / "device" / "runner.py"
RECORDER = ROOT / "tests" / "recorder"
WORDS = ("micropython", "micropython32")
DEFAULT_HEAP = "384k"
MARCH = "x86"


class DeviceFailure(Exception):
    """Carries what MicroPython printed for one failed test."""


def test_names(tree: ast.Module) -> list[str]:
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def heap_of(tree: ast.Module) -> str:
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "HEAP"
            and isinstance(node.value, ast.Constant)
        ):
            return str(node.value.value)
    return DEFAULT_HEAP


class DeviceRun:
    """One process for one file on one interpreter, started when its first item is."""

    def __init__(self, path: Path, word: str, heap: str | None, compiled: bool) -> None:
        self.path, self.word, self.heap, self.compiled = path, word, heap, compiled
        self.output: str | None = None

    def result(self, name: str) -> str | None:
        """None if the test passed, else what was printed since the test before it ended."""
        if self.output is None:
            self.output = self.run()
        before = 0
        for match in re.finditer(r"^(ok|FAILED) (\w+)$", self.output, re.MULTILINE):
            if match[2] == name:
                return None if match[1] == "ok" else self.output[before : match.end()]
            before = match.end()
        return f"{name} gave no result; the process printed:\n{self.output[-4000:]}"

    def run(self) -> str:
        interpreter(self.word)
        paths = None
        if self.compiled:
            from testigo_tools.firmware.build import build

            paths = [build(MARCH, ROOT / "build" / f"{MARCH}-full", full_names=True)]
        clock = ["clock"] if self.path.is_relative_to(RECORDER) else []
        done = run_micropython(RUNNER, [*clock, str(self.path)], heap=self.heap, word=self.word, paths=paths)
        return done.stdout


class DeviceItem(pytest.Item):
    def __init__(self, *, run: DeviceRun, test: str, **more) -> None:
        super().__init__(**more)
        self.run, self.test = run, test
        self.funcargs: dict[str, object] = {}  # pytest-embedded looks for its fixtures in every item

    def runtest(self) -> None:
        try:
            failure = self.run.result(self.test)
        except Missing as missing:
            pytest.skip(str(missing))
        if failure is not None:
            raise DeviceFailure(failure)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, DeviceFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, f"{self.test} on {self.run.word}"


class DeviceFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        on_chip = self.path.is_relative_to(RECORDER)
        for word in WORDS[1:] if on_chip else WORDS:
            run = DeviceRun(self.path, word, heap_of(tree) if on_chip else None, on_chip)
            for test in test_names(tree):
                yield DeviceItem.from_parent(self, name=f"{test}[{word}]", run=run, test=test)
