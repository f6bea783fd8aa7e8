"""docs/consent-receipt.md: a receipt is exported and checked."""

from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, vault_with_calls
from support.guide.shell import Shell

PAGE = "docs/consent-receipt.md"


def test_page(micropython, tmp_path):
    vault = vault_with_calls(tmp_path / "vault")
    shell = Shell(tmp_path, ANSWERS, {"TESTIGO_VAULT": str(vault)})
    guide = Guide(PAGE, shell, put=[Put("/srv/testigo", str(vault), "a scratch folder")])
    try:
        guide.run()
        assert (tmp_path / "call.pdf").read_bytes().startswith(b"%PDF")
    finally:
        shell.close()
