"""Starts the stores of an appliance as a process that can be killed."""

import subprocess

import pytest

from support.micropython_runner import ROOT, command, environment

DRIVER = ROOT / "tests" / "support" / "device" / "crash_driver.py"


@pytest.fixture
def start():
    """start("make" or "check", root, interpreter) -> the process; none is left behind."""
    started = []

    def begin(what, root, word):
        process = subprocess.Popen(
            command(DRIVER, [what, str(root)], heap="4m", word=word),
            env=environment(),
            cwd=DRIVER.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
