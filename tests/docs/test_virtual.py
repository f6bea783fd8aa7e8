"""docs/virtual.md, up to a call between two softphones that reaches the vault."""

from support.guide.blocks import blocks
from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, SIP_PORTS, on_loopback, signed_vault
from support.guide.shell import Shell
from support.micropython_runner import ROOT
from support.peers import peer
from support.rig import free_udp_range
from testigo_tools.softphone import audio

PAGE = "docs/virtual.md"


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault = tmp_path / "srv" / "testigo"
    vault.parent.mkdir()
    ingest = signed_vault(vault).config.ingest_port
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
            Put("127.0.0.1:5060", f"127.0.0.1:{sip}", "a free port"),
            Put("--listen 5062", f"--listen {free_udp_range(2)}", "a free port"),
        ],
        edits={"settings.toml": lambda _: on_loopback(settings, ingest, sip)},
    )
    try:
        guide.run()
        assert (tmp_path / "heard.wav").stat().st_size > 10 * 16000
    finally:
        shell.close()
