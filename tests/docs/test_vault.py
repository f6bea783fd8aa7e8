"""docs/vault.md: a new vault up to its service, then daily use of one that has calls."""

from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, fill_in, free_vault_ports, on_loopback, vault_with_calls
from support.guide.shell import Shell
from support.peers import peer

PAGE = "docs/vault.md"


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault, other = tmp_path / "srv" / "testigo", tmp_path / "other"
    other.mkdir()
    vault.parent.mkdir()
    shell = Shell(tmp_path, ANSWERS)
    guide = Guide(
        PAGE,
        shell,
        put=[
            Put("/srv/testigo", str(vault), "a scratch folder"),
            Put("/dev/ttyUSB0", "device/tty", "a virtual appliance"),
        ],
        before={
            "testigo provision": lambda: shell.run("testigo virtual run --root device"),
            "testigo list": lambda: shell.run(f"export TESTIGO_VAULT={vault_with_calls(other / 'vault')}"),
        },
        edits={
            "policy.toml": fill_in,
            "settings.toml": lambda text: on_loopback(text, free_vault_ports(vault)),
        },
    )
    try:
        guide.run()
        assert (tmp_path / "call.far.ul").stat().st_size == 16000
    finally:
        shell.close()
