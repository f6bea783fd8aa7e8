"""docs/installer.md as an installer follows it, with a virtual appliance on the port."""

from support.guide.blocks import blocks
from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, fill_in, free_vault_ports, on_loopback, stock_chip
from support.guide.shell import Shell
from support.micropython_runner import ROOT
from support.peers import peer

PAGE = "docs/installer.md"


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault = tmp_path / "srv" / "testigo"
    shell = Shell(tmp_path, ANSWERS)
    settings = next(block.text for block in blocks(ROOT / PAGE) if block.kind == "toml")
    ingest = []
    with stock_chip() as chip:
        guide = Guide(
            PAGE,
            shell,
            put=[
                Put("$PWD", str(ROOT), "the commands are typed in a scratch folder"),
                Put("--board esp32 --port PORT", f"--board esp32 --port {chip}", "MicroPython at its prompt, on a pty"),
                Put("--port PORT", "--port device/tty", "a virtual appliance"),
                Put("/srv/testigo", str(vault), "a scratch folder"),
            ],
            not_run={
                "make setup": "fetches packages; tests/setup tries it",
                "testigo flash --board esp32 --port PORT --erase-and-flash ESP32_GENERIC.bin": (
                    "esptool needs the boot loader of a chip"
                ),
            },
            before={
                "testigo diag": lambda: shell.run("testigo virtual run --root device"),
                "testigo init": lambda: vault.parent.mkdir(),
                "nano /srv/testigo/settings.toml": lambda: ingest.append(free_vault_ports(vault)),
            },
            edits={
                "policy.toml": fill_in,
                "settings.toml": lambda _: on_loopback(settings, ingest[0]),
            },
        )
        try:
            guide.run()
        finally:
            shell.close()
