"""docs/virtual.md, up to a call between two softphones that reaches the vault."""

import pytest

from support.guide.blocks import blocks
from support.guide.messages import Causes
from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, SIP_PORTS, on_loopback, signed_vault
from support.guide.shell import Shell
from support.micropython_runner import ROOT
from support.peers import peer
from support.rig import Appliance, free_udp_range
from testigo_tools.softphone import audio

PAGE = MESSAGES = "docs/virtual.md"
causes = Causes(MESSAGES)


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault = tmp_path / "srv" / "testigo"
    vault.parent.mkdir()
    ingest = signed_vault(vault).config.ingest.port
    audio.save(tmp_path / "hello.wav", bytes(range(256)) * 100)
    sip = free_udp_range(SIP_PORTS)
    settings = next(block.text for block in blocks(ROOT / PAGE) if block.kind == "toml")
    shell = Shell(tmp_path, ANSWERS)
    guide = Guide(
        PAGE,
        shell,
        put=[
            Put("/srv/testigo", str(vault), "a scratch folder"),
            Put("/var/lib/testigo/branch-7", "branch-7", "a scratch folder"),
            Put("/var/lib/testigo/try", "try", "a scratch folder"),
            Put("127.0.0.1:5060", f"127.0.0.1:{sip}", "a free port"),
            Put("--listen 5062", f"--listen {free_udp_range(2)}", "a free port"),
        ],
        again={"testigo call sip:100@": "the other telephone registers in the background meanwhile"},
        edits={"settings.toml": lambda _: on_loopback(settings, ingest, sip)},
    )
    try:
        guide.run()
        assert (tmp_path / "heard.wav").stat().st_size > 10 * 16000
    finally:
        shell.close()


@causes.of("process … runs the appliance in … already; stop it, or use another folder.")
def _(folder, micropython):
    first, second = (Appliance(folder, micropython) for _ in range(2))
    first.start()
    try:
        with pytest.raises(AssertionError) as refused:
            second.start()
        return str(refused.value)
    finally:
        first.stop()


@causes.of("the folder … cannot be used: …. Free space there, or use another folder with --root.")
def _(folder, micropython):
    folder.write_text("a file")
    with pytest.raises(AssertionError) as refused:
        Appliance(folder / "below", micropython).start()
    return str(refused.value)


@causes.of("… cannot be written: No space left on device. It runs without that; free space in its folder.")
def _(folder, micropython):
    folder.mkdir()
    (folder / "virtual.pid").symlink_to("/dev/full")
    appliance = Appliance(folder, micropython)
    appliance.start()
    try:
        assert appliance.process and appliance.process.stdout
        return appliance.process.stdout.readline()
    finally:
        appliance.stop()


def test_each_message_has_its_cause(micropython, tmp_path):
    assert causes.differences() == []
    for number, quote in enumerate(causes):
        causes.check(quote, tmp_path / str(number), micropython)
