"""docs/policy.md: a preset from its first line to the signature, and the register of objections."""

from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, fill_in
from support.guide.shell import Shell
from support.peers import peer

PAGE = "docs/policy.md"


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault = tmp_path / "srv" / "testigo"
    vault.parent.mkdir()
    (tmp_path / "numbers.csv").write_text("600111333,by letter\n+34 600 111 444\n")
    shell = Shell(tmp_path, ANSWERS)
    guide = Guide(
        PAGE,
        shell,
        put=[Put("/srv/testigo", str(vault), "a scratch folder")],
        before={"export TESTIGO_VAULT": lambda: shell.run(f"testigo init {vault}")},
        edits={"policy-spain.toml": fill_in},
    )
    try:
        guide.run()
    finally:
        shell.close()
