"""House rules for each file: its length, its docstring, no bare except, no paths of one machine, nothing unfinished."""

import ast
import json
import re

from support.tree import below, check, files, name, place, syntax, text

LONGEST = 400
PYTHON = files(".py")
TEXT_SUFFIXES = (
    "", ".cddl", ".cfg", ".css", ".html", ".j2", ".js", ".json", ".md", ".po", ".py", ".sh", ".toml", ".txt", ".xml", ".yaml",
    ".yml",
)  # fmt: skip
TEXT = [path for path in files(*TEXT_SUFFIXES) if path.name not in ("LICENSE", "test_style.py")]
# Places of one machine, and mirrors or registries that a user may have to replace by their own.
MACHINE = re.compile(
    r"/(?:home|root|work)/\w|/tmp/[a-z]|C:\\Users"
    r"|\b(?:deb|security|archive|ports)\.(?:debian|ubuntu)\.\w+|\bpypi\.(?:org|python)|\bpythonhosted\b|\bregistry\.npmjs\b",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def _matches(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{place(path, number)}: {found[0]}"
        for path in TEXT
        for number, line in enumerate(text(path).splitlines(), 1)
        for found in pattern.finditer(line)
    ]


def test_files_are_small():
    lengths = {path: len(text(path).splitlines()) for path in PYTHON}
    too_long = [f"{name(path)}: {count} lines" for path, count in lengths.items() if count > LONGEST]
    check(too_long, f"a file has at most {LONGEST} lines")


def test_each_module_has_a_docstring():
    without = [name(path) for path in PYTHON if text(path).strip() and not ast.get_docstring(syntax(path))]
    check(without, "a module's docstring says what it is for")


def test_no_bare_except():
    bare = [
        f"{place(path, node.lineno)}: except without an exception"
        for path in PYTHON
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    check(bare, "an except clause names what it handles")


def test_no_path_of_one_machine():
    check(_matches(MACHINE), "no paths of one machine, no addresses of registries")


def test_nothing_is_left_unfinished():
    check(_matches(UNFINISHED), "what is left to do is an issue, not a comment")


def test_vectors_name_their_source():
    without = []
    for path in below("tests/vectors", ".json"):
        content = json.loads(text(path))
        if not (isinstance(content, dict) and content.get("source")):
            without.append(name(path))
    check(without, "a vector file says where its values are from, under `source`")
