"""docs/translating.md: its only command runs other tests of this suite."""

from support.guide.page import Guide
from support.guide.shell import Shell

PAGE = "docs/translating.md"


def test_page(tmp_path):
    shell = Shell(tmp_path, {})
    tests = "tests/vault/compliance tests/vault/receipt tests/vault/notice tests/vault/vocabulary"
    try:
        Guide(PAGE, shell, not_run={f".venv/bin/python -m pytest {tests}": "they are part of this suite"}).run()
    finally:
        shell.close()
