"""`testigo flash` by the REPL, against MicroPython with a LittleFS root behind a pty."""

import hashlib
import os
import pty
import subprocess
import tty

import pytest

from support.micropython_runner import ROOT, command
from testigo_tools.serial.repl import Repl, ReplError

FILES = {
    "main.py": b"import recorder\n",
    "lib/recorder/one.mpy": bytes(range(256)) * 20,
    "lib/recorder/deep/two.mpy": b"",
    "lib/testigo_wire/three.mpy": b"\x00\x04\x03\x01" * 100,
}


@pytest.fixture
def chip(micropython):
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    script = ROOT / "tests" / "support" / "chip" / "raw_repl.py"
    process = subprocess.Popen(command(script, heap="16m"), stdin=ours, stdout=ours, stderr=subprocess.DEVNULL)
    yield os.ttyname(theirs)
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)


def install(port, files):
    repl = Repl(port, 115200)
    try:
        seen = {}

        def report(path, count):
            seen[path] = seen.get(path, 0) + count

        result = repl.install(files, report)
        digests = {path: repl.digest(path) for path in files}
        return result, seen, digests, repl.listing()
    finally:
        repl.close()


def test_sends_all_files_to_an_empty_chip_and_none_twice(chip):
    result, seen, digests, listing = install(chip, FILES)
    assert result == (4, 0)
    assert seen == {path: len(content) for path, content in FILES.items() if content}
    assert digests == {path: hashlib.sha256(content).digest() for path, content in FILES.items()}
    assert sorted(listing) == sorted(path for path in FILES if path.startswith("lib/"))
    assert install(chip, FILES)[0] == (0, 0)


def test_sends_what_changed_and_removes_what_is_gone(chip):
    install(chip, FILES)
    changed = {**FILES, "main.py": b"pass\n"}
    del changed["lib/recorder/deep/two.mpy"]
    result, _, _, listing = install(chip, changed)
    assert result == (1, 1)
    assert "lib/recorder/deep/two.mpy" not in listing


def test_reports_the_version_and_restarts(chip):
    repl = Repl(chip, 115200)
    _, version = repl.version()
    assert version >= (1, 25)
    repl.restart()


def test_an_error_on_the_chip_is_reported(chip):
    repl = Repl(chip, 115200)
    with pytest.raises(ReplError, match="ZeroDivisionError"):
        repl.run("1 / 0")
    repl.close()


def test_a_missing_port_is_reported():
    with pytest.raises(ReplError, match="cannot be opened"):
        Repl("/dev/no-such-port", 115200)


def test_a_silent_port_is_reported(monkeypatch):
    monkeypatch.setattr("testigo_tools.serial.repl.PROMPT_S", 0.2)
    monkeypatch.setattr("testigo_tools.serial.repl.ANSWER_S", 0.5)
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    with pytest.raises(ReplError, match="stock image"):
        Repl(os.ttyname(theirs), 115200)
    os.close(ours)
    os.close(theirs)
