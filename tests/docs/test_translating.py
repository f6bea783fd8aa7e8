"""docs/translating.md: its only command runs other tests of this suite."""

from support.guide.blocks import COMMANDS, blocks
from support.micropython_runner import ROOT

PAGE = "docs/translating.md"


def test_the_tests_that_the_page_runs_exist():
    """They are not run again from here: they are part of the suite."""
    (line,) = [line for block in blocks(ROOT / PAGE) if block.kind == COMMANDS for line in block.lines]
    start, _, paths = line.partition(" -m pytest ")
    assert start == ".venv/bin/python"
    assert [path for path in paths.split() if not (ROOT / path).exists()] == []
