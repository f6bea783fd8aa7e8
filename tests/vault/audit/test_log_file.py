"""The lines of the access log against the vectors, and against the program on the page of the format."""

import json
import subprocess
import sys

import pytest

from support.guide.blocks import blocks
from support.micropython_runner import ROOT
from testigo_vault.audit.access_log import AccessLog

CASES = json.loads((ROOT / "tests" / "vectors" / "access_log.json").read_text())["cases"]
PROGRAM = next(one.text for one in blocks(ROOT / "docs" / "formats" / "access-log.md") if one.kind == "python")


@pytest.mark.parametrize("name", CASES)
def test_the_lines_that_do_not_hold(name, tmp_path):
    case = CASES[name]
    path = tmp_path / "access.log"
    path.write_bytes("".join(case["lines"]).encode())
    found = [one.line for one in AccessLog(tmp_path).verify()[2]]
    assert found == case["breaks"]
    # The program on the page checks the chain, not the numbers and members.
    told = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True).stdout
    assert {int(line.split()[1]) for line in told.splitlines()} <= set(found)
    assert bool(told) == bool(found)
