"""docs/reports.md: the reports of a vault with calls."""

from support.guide.page import Guide
from support.guide.scene import ANSWERS, vault_with_calls
from support.guide.shell import Shell

PAGE = "docs/reports.md"


def test_page(micropython, tmp_path):
    vault = vault_with_calls(tmp_path / "vault", count=1)
    shell = Shell(tmp_path, ANSWERS, {"TESTIGO_VAULT": str(vault)})
    try:
        Guide(PAGE, shell).run()
        assert (tmp_path / "activities.pdf").read_bytes().startswith(b"%PDF")
        assert (tmp_path / "agreement.md").read_text().startswith("# ")
    finally:
        shell.close()
