"""The block device of the fault bench does what it is told, on both interpreters: else its results would mean nothing."""

from pathlib import Path

import pytest

from support.micropython_runner import run_micropython

SCRIPT = Path(__file__).parent / "device" / "check_flash.py"


@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_writes_fail_are_torn_and_reordered_as_planned(word, request):
    request.getfixturevalue(word)
    done = run_micropython(SCRIPT, word=word, heap="400k")
    assert done.returncode == 0 and done.stdout.endswith("ok\n"), done.stdout
