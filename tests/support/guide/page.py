"""A page of the documentation, typed in from top to bottom."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from support.guide.blocks import COMMANDS, OUTPUT, Block, blocks, resembles
from support.guide.shell import Shell
from support.micropython_runner import ROOT

AGAIN_S = 60


@dataclass
class Put:
    """Another text in the place of one that stands in a command, and why."""

    text: str
    instead: str
    why: str
    used: bool = False


@dataclass
class Guide:
    """page: its path in the project. put: replacements, tried in their order. not_run: lines that cannot run here, and
    why. before: what has to happen before the first command that begins with the key. edits: what a person writes into
    the file that `nano` opens, by the end of its path. again: the beginning of a command that a person would repeat when
    it comes too early, and what it waits for."""

    page: str
    shell: Shell
    put: list[Put] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    edits: dict[str, Callable[[str], str]] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Each command ends with status 0, and prints what the page shows below it."""
        unused = {"not_run": set(self.not_run), "before": set(self.before)}
        printed: list[tuple[str, str]] = []
        for block in blocks(ROOT / self.page):
            if block.kind == COMMANDS:
                printed = [(line, self._type(line, block, unused)) for line in block.lines]
            elif block.kind == OUTPUT:
                self._compare(block, printed)
        left = [put.text for put in self.put if not put.used]
        assert not left, f"{self.page} does not have what is to be replaced: {left}"
        for what, names in unused.items():
            assert not names, f"{self.page} does not have these lines ({what}): {sorted(names)}"

    def _type(self, line: str, block: Block, unused: dict[str, set[str]]) -> str:
        if line in self.not_run:
            unused["not_run"].discard(line)
            return ""
        for start in [start for start in unused["before"] if line.startswith(start)]:
            unused["before"].discard(start)
            self.before[start]()
        typed = self._replaced(line)
        where = f"{self.page}:{block.line}: {line}"
        if typed.split()[0] == "nano":
            self._edit(self._expanded(typed.split()[1]), where)
            return ""
        status, printed = self.shell.run(typed)
        end = time.monotonic() + AGAIN_S
        while status and typed.startswith(tuple(self.again)) and time.monotonic() < end:
            status, printed = self.shell.run(typed)
        assert status == 0, f"{where}\n(typed: {typed})\nended with status {status}:\n{printed[-2000:]}"
        return printed

    def _replaced(self, line: str) -> str:
        for put in self.put:
            if put.text in line:
                put.used = True
                line = line.replace(put.text, put.instead)
        return line

    def _expanded(self, path: str) -> str:
        return self.shell.run(f"echo {path}")[1].strip()

    def _edit(self, path: str, where: str) -> None:
        """`nano` is a person at work: this test writes what they would."""
        change = next((edit for end, edit in self.edits.items() if path.endswith(end)), None)
        assert change, f"{where}: the test does not say what to write into {path}"
        file = self.shell.home / path
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")

    def _compare(self, block: Block, printed: list[tuple[str, str]]) -> None:
        """What takes a moment to come about is looked at again: the last command is typed anew."""
        where = f"{self.page}:{block.line}"
        assert printed, f"{where}: output without a command above it"
        shown = block.text
        for put in self.put:
            shown = shown.replace(put.text, put.instead)
        missing = resembles(shown, "\n".join(text for _, text in printed))
        end = time.monotonic() + AGAIN_S
        last = self._replaced(printed[-1][0])
        while missing and last.startswith(("testigo diag", "testigo list")) and time.monotonic() < end:
            time.sleep(0.3)
            missing = resembles(shown, self.shell.run(last)[1])
        text = "\n".join(text for _, text in printed)
        assert not missing, f"{where}: the page shows\n" + "\n".join(missing) + f"\nbut the commands print\n{text}"
