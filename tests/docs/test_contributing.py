"""CONTRIBUTING.md: its commands clone, set up and test the project, which a test of the project does not repeat."""

from support.guide.page import Guide
from support.guide.shell import Shell
from support.micropython_runner import ROOT

PAGE = "CONTRIBUTING.md"
PART = "it runs tests of this suite"


def test_page(tmp_path):
    shell = Shell(tmp_path, {})
    not_run = {
        "git clone <the address of the repository>": "the address is the reader's",
        "cd testigo": "nothing was cloned",
        "make setup": "fetches packages; tests/setup tries it",
        "make demo ONCE=1": "README.md has it too, and its test runs it",
        ".venv/bin/python -m pytest tests/wire/sip": PART,
        ".venv/bin/python -m pytest tests/rules": PART,
        "make lint": "the CI runs it before the tests",
        "make test": PART,
    }
    try:
        Guide(PAGE, shell, not_run=not_run).run()
    finally:
        shell.close()
    targets = {line.split(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if "##" in line}
    assert {line.split()[1] for line in not_run if line.startswith("make ")} <= targets
