"""Each message that docs/installer.md quotes, brought about by its cause."""

import os
import shutil
import threading
from binascii import crc32
from pathlib import Path

import pytest

from support.guide.messages import Causes
from support.guide.scene import ANSWERS, fill_in, stock_chip
from support.guide.stage import on_stage, silent_port
from support.micropython_runner import ROOT, run_micropython
from support.peers import peer
from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.repl import Repl, ReplError
from testigo_vault.new_vault import create
from testigo_wire.encoding import cobs

MESSAGES = "docs/installer.md"
BUILD = ["--build-dir", ROOT / "build"]
causes = Causes(MESSAGES)


@pytest.fixture(scope="module")
def stage(micropython, tmp_path_factory):
    peer("espeak-ng")
    with on_stage(tmp_path_factory.mktemp("stage"), micropython) as made:
        yield made


@causes.of("PORT cannot be opened: …")
def _(stage, monkeypatch):
    return stage.testigo("diag", "--port", "/dev/no-such-port")


@causes.of("no answer on PORT. Is it the right port, …")
def _(stage, monkeypatch):
    with silent_port() as (name, _), pytest.raises(PortError) as error:
        Port(name, wait_s=0.2)
    return str(error.value)


@causes.of("no MicroPython prompt on PORT. …")
def _(stage, monkeypatch):
    monkeypatch.setattr("testigo_tools.serial.repl.PROMPT_S", 0.2)
    monkeypatch.setattr("testigo_tools.serial.repl.ANSWER_S", 0.2)
    with silent_port() as (name, _), pytest.raises(ReplError) as error:
        Repl(name, 115200)
    return str(error.value)


@causes.of("… runs MicroPython …; write a stock image of 1.25 or newer first.")
def _(stage, monkeypatch):
    # No MicroPython that is too old is at hand: any is.
    monkeypatch.setattr("testigo_tools.commands.flash.OLDEST", (99, 0))
    with stock_chip() as name:
        return stage.testigo("flash", "--board", "esp32", "--port", name, *BUILD)


def stock_image(folder: Path) -> Path:
    """A file with a partition table where the image of an ESP32 has it."""
    from testigo_tools.firmware.image import ENTRY, ENTRY_MAGIC

    entry = ENTRY.pack(ENTRY_MAGIC, 0, 0, 0x10000, 0x1F0000, b"factory", 0)
    path = folder / "stock.bin"
    path.write_bytes(bytes(0x7000) + entry.ljust(0xC00, b"\xff") + bytes(64))
    return path


@causes.of("esptool could not write the chip …")
def _(stage, monkeypatch):
    image = stock_image(stage.folder)
    return stage.testigo("flash", "--board", "esp32", "--port", "/dev/no-such-port", "--erase-and-flash", image, *BUILD)


@causes.of("IMAGE: …. This board takes the stock image …")
def _(stage, monkeypatch):
    other = stage.folder / "other.bin"
    other.write_bytes(bytes(100_000))
    return stage.testigo("flash", "--board", "esp32", "--image", stage.folder / "files.bin", "--stock", other, *BUILD)


@causes.of("this device has no name yet: give it one with --device-id")
def _(stage, monkeypatch):
    return stage.testigo("provision", "--port", stage.device("new"), "--vault", stage.vault())


@causes.of("this device is branch-7 already; a device keeps its name")
def _(stage, monkeypatch):
    words = ("provision", "--port", stage.device("branch-7"), "--vault", stage.vault())
    return stage.testigo(*words, "--device-id", "branch-8")


@causes.of("branch-7 belongs to another organisation: erase the device to give it a new one")
def _(stage, monkeypatch):
    return stage.testigo("provision", "--port", stage.device("branch-7"), "--vault", stage.vault("other"))


@causes.of("… is 'welcome', a notice that does not exist: make it by …")
def _(stage, monkeypatch):
    policy = unsigned(stage)
    (policy / "policy.toml").write_text(fill_in((policy / "policy.toml").read_text()))
    return stage.testigo("policy", "sign", "--vault", policy)


@causes.of("… is still to be filled in: …")
def _(stage, monkeypatch):
    return stage.testigo("policy", "sign", "--vault", unsigned(stage))


@causes.of("The notice does not say: …")
def _(stage, monkeypatch):
    policy = unsigned(stage)
    (policy / "policy.toml").write_text(fill_in((policy / "policy.toml").read_text()))
    return stage.testigo("notice", "make", "welcome", "--text", "Hello.", "--vault", policy)


def unsigned(stage) -> Path:
    """A vault as `testigo init` leaves it."""
    folder = stage.folder / f"unsigned-{len(list(stage.folder.iterdir()))}"
    create(folder, "Example Ltd", ANSWERS["organisation"], ANSWERS["audio"])
    return folder


@causes.of("the device refuses selftest: not provisioned")
def _(stage, monkeypatch):
    return stage.testigo("selftest", "--port", stage.device("new"))


@causes.of("the device refuses sync: not provisioned")
def _(stage, monkeypatch):
    return stage.testigo("sync", "--port", stage.device("new"), "--vault", stage.vault())


@causes.of("the device refuses selftest: no policy: it names the keys that a recording is sealed to")
def _(stage, monkeypatch):
    return stage.testigo("selftest", "--port", stage.device("keyed"))


@causes.of("the device on PORT speaks version … of the serial link, this program version …")
def _(stage, monkeypatch):
    # A firmware of a later release: its greeting has another version (docs/formats/serial.md, "Frames").
    body = bytes([1, 2]) + bytes(13)
    frame = b"\0" + cobs.encode(body + crc32(b"testigo serial" + body).to_bytes(4, "big")) + b"\0"
    with silent_port() as (name, other):
        threading.Timer(0.3, os.write, (other, frame)).start()
        with pytest.raises(PortError) as error:
            Port(name, wait_s=10)
    return str(error.value)


@causes.of("Device branch-7 was revoked on …")
def _(stage, monkeypatch):
    # Of a copy of the vault: the other causes go on with the appliance.
    copy = stage.folder / "revoked"
    stage.device("branch-7")
    shutil.copytree(stage.vault(), copy, ignore=shutil.ignore_patterns("vault.db-*"))
    stage.done("vault", "revoke", "branch-7", "--reason", "stolen", "--vault", copy)
    return stage.testigo("sync", "--port", stage.device("branch-7"), "--vault", copy)


@causes.of("the device's certificate or TLS was refused: …")
def _(stage, monkeypatch):
    return stage.testigo("sync", "--port", stage.device("branch-7"), "--vault", stage.vault("other"))


@causes.of("no SIP: wifi: no link or no address after 30 s")
def _(stage, monkeypatch):
    return run_micropython(ROOT / "tests" / "support" / "chip" / "wifi_away.py").stdout


@causes.of("sync: HOST port 5571: no connection")
def _(stage, monkeypatch):
    return stage.log("branch-7", "sync: HOST port 5571: no connection")


@causes.of("SIP on ADDRESS:5060")
def _(stage, monkeypatch):
    return stage.log("branch-7", "SIP on ADDRESS:5060")


@causes.of("registration failed: 401 …")
def _(stage, monkeypatch):
    return stage.log("branch-7", "registration failed: 401 …")


def test_each_message_has_its_cause():
    assert causes.differences() == []


@pytest.mark.parametrize("quote", list(causes))
def test_message(stage, monkeypatch, quote):
    causes.check(quote, stage, monkeypatch)
