"""From the files of an installed chip to a stored recording, with the chip's own HAL and heap (see stock_esp32.py)."""

import dataclasses
import os
import pty
import subprocess
import threading
import tty
from pathlib import Path

import pytest

from support.micropython_runner import ROOT, command
from support.serial_line import PASSPHRASE, organisation, verb
from testigo_tools.firmware.boards import device_files, load_board
from testigo_tools.firmware.image import file_system
from testigo_tools.serial.port import Port

SIZE = 0x200000
HEAP = "164k"  # what a stock ESP32 has free at its start
RESET = 3


class Chip:
    """Starts again when the firmware asks for it, as the power of a chip stays on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.starts = 0
        self.status: int | None = None
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.port = os.ttyname(self._theirs)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self.status in (None, RESET):
            self.starts += 1
            line = command(
                ROOT / "tests" / "support" / "chip" / "stock_esp32.py",
                [str(self.folder)],
                heap=HEAP,
                word="micropython32",
            )
            self.process = subprocess.Popen(
                line,
                stdin=self._ours,
                stdout=self._ours,
                stderr=self._ours,
                env={**os.environ, "MICROPYPATH": ".frozen"},
            )
            self.status = self.process.wait()

    def wait(self, limit_s: float) -> None:
        self._thread.join(limit_s)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self.status = -1
        self.process.kill()
        self._thread.join(5)
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def chip(micropython32, tmp_path):
    board = dataclasses.replace(load_board("esp32"), march="x86")
    folder = tmp_path / "chip"
    folder.mkdir()
    (folder / "flash.bin").write_bytes(file_system(device_files(board, ROOT / "build"), SIZE))
    made = Chip(folder)
    yield made
    made.close()


def test_from_the_first_start_to_a_stored_recording(chip, micropython32, tmp_path):
    # Asked while it starts: the greetings hold the byte of Ctrl-C.
    done = verb(micropython32, "diag", "--port", chip.port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on esp32 (esp32)" in done.stdout and "never set" in done.stdout
    assert chip.starts == 1

    done = verb(micropython32, "selftest", "--port", chip.port)
    assert done.returncode == 1 and "not provisioned" in done.stderr

    vault = tmp_path / "vault"
    organisation(vault)
    settings = vault / "settings.toml"
    settings.write_text(settings.read_text().replace("max_calls = 1 ", "max_calls = 2 "))
    words = ("provision", "--port", chip.port, "--vault", vault, "--device-id", "branch-7")
    done = verb(micropython32, *words, input=PASSPHRASE + "\n")
    assert "max_calls 2: its heap of 160 KiB is enough for 1" in done.stderr
    settings.write_text(settings.read_text().replace("max_calls = 2 ", "max_calls = 1 "))
    done = verb(micropython32, *words, input=PASSPHRASE + "\n")
    assert done.returncode == 0, done.stdout + done.stderr

    done = verb(micropython32, "selftest", "--port", chip.port, "--seconds", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    done = verb(micropython32, "sync", "--port", chip.port, "--vault", vault)
    assert done.returncode == 0, done.stdout + done.stderr
    done = verb(micropython32, "diag", "--port", chip.port)
    assert "Recordings here" in done.stdout and "none" in done.stdout, done.stdout
    assert chip.starts == 1, done.stdout


def test_the_button_gives_the_prompt(chip, micropython32, tmp_path):
    with Port(chip.port) as device:
        (chip.folder / "button").write_text("60")
        device.request("reboot")
    chip.wait(20)
    assert chip.status == 0 and chip.starts == 2, "the firmware has not started; a chip is at its prompt now"


def test_a_pin_that_stays_low_is_no_button(chip, micropython32, tmp_path):
    with Port(chip.port) as device:
        (chip.folder / "button").write_text("1000000")
        device.request("reboot")
    with Port(chip.port, wait_s=30) as device:
        assert device.diagnose()["board"] == "esp32"
