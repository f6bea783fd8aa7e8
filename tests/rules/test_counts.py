"""Figures about the tests in README, docs and the unreleased changes: test functions, rounded down to a hundred."""

import ast
import re

from support.micropython_runner import ROOT
from support.tree import below, check, files, name, place, syntax, text

FIGURE = re.compile(r"more than ([\d,]+)\s+test\s+functions")


def count_of_test_functions() -> int:
    """`def test_...` and `async def test_...` in files named test_*.py; parameters make no more of them."""
    return sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for path in below("tests", ".py")
        if path.name.startswith("test_")
        for node in ast.walk(syntax(path))
    )


def test_figures_of_test_functions_are_right():
    count = count_of_test_functions()
    rounded = f"{count // 100 * 100:,}"
    wrong = []
    for path in files(".md"):
        # Entries of earlier versions stay as they were.
        page = text(path).split("\n## 0.")[0] if path.name == "CHANGELOG.md" else text(path)
        for match in FIGURE.finditer(page):
            if match[1] != rounded:
                wrong.append(f"{place(path, page[: match.start()].count(chr(10)) + 1)}: {match[0]!r}")
    check(wrong, f"there are {count} test functions: write 'more than {rounded} test functions'")


def test_the_readme_has_the_figure_of_test_functions():
    assert FIGURE.search(text(ROOT / "README.md")), f"{name(ROOT / 'README.md')}: no figure of test functions"
