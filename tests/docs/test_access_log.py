"""docs/formats/access-log.md: the program on the page checks a log without Testigo."""

import subprocess
import sys

from support.guide.blocks import blocks
from support.micropython_runner import ROOT

FORMAT = "docs/formats/access-log.md"


def said(log):
    program = next(block.text for block in blocks(ROOT / FORMAT) if block.kind == "python")
    return subprocess.run([sys.executable, "-c", program, str(log)], capture_output=True, text=True, check=True).stdout


def test_the_program_on_the_page_finds_a_changed_line(vault):
    for number in range(3):
        vault.log.append("os:test", "view", "granted", detail=str(number))
    path = vault.folder / "access.log"
    assert said(path) == ""
    path.write_bytes(path.read_bytes().replace(b'"detail":"1"', b'"detail":"7"'))
    assert said(path).splitlines() == ["line 2 does not hold"]
