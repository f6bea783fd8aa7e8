"""README.md: the demonstration, as it is shown there."""

import pytest

from support.guide.page import Guide, Put
from support.guide.shell import Shell
from support.peers import peer

PAGE = "README.md"


@pytest.mark.slow
def test_page(micropython, tmp_path):
    peer("espeak-ng")
    shell = Shell(tmp_path, {}, limit_s=240)
    guide = Guide(
        PAGE,
        shell,
        put=[Put("make demo", "testigo demo --once", "what `make demo ONCE=1` does once everything is set up")],
        not_run={"make test": "these tests are part of it"},
    )
    try:
        guide.run()
    finally:
        shell.close()
