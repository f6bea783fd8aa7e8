"""The measurements of docs/benchmarks.md can be made, and the figure that is compared between versions does not grow unseen."""

import re
import shutil
import subprocess
import sys

import pytest

from support.micropython_runner import ROOT, TOOLS

BENCH = ROOT / "tests" / "bench"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
# Beyond the figure of the page. Another release of MicroPython needs a few percent more or less; a lost optimisation a fifth.
TOLERANCE = 1.15
LIMIT_S = 200
ROW = re.compile(r"^\| *bridged, not recorded *\| *([\d,]+) *\|", re.MULTILINE)
PRINTED = re.compile(r"^ *bridged, not recorded +([\d,]+)", re.MULTILINE)


def bench(*parts: str) -> str:
    line = [sys.executable, str(BENCH), "--short", *parts]
    done = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    assert found, text
    return int(found[1].replace(",", ""))


def test_the_packet_path_can_be_measured(micropython):
    printed = bench("packets", "sealing")
    for what in ("bridged, not recorded", "spooled to the disk", "sealed and chained"):
        assert what in printed, printed


def test_a_bridged_packet_takes_no_more_instructions_than_the_page_says(micropython):
    if not shutil.which("valgrind") and not (TOOLS / "valgrind").exists():
        pytest.skip("valgrind is not set up: run `python3 tools/setup bench`")
    counted = number(PRINTED, bench("instructions"))
    page = number(ROW, BENCHMARKS.read_text(encoding="utf-8"))
    assert counted <= page * TOLERANCE, f"{counted} instructions; docs/benchmarks.md says {page}"
