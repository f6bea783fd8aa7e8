"""The rules of the house that a program can check."""

import ast
import json
import re

import pytest

from support.tree import below, files, name

LONGEST = 400
PYTHON = files(".py")
TEXT = [
    path
    for path in files(
        ".py",
        ".md",
        ".toml",
        ".cddl",
        ".json",
        ".xml",
        ".html",
        ".css",
        ".js",
        ".txt",
        ".cfg",
        ".yml",
        ".yaml",
        ".sh",
        "",
    )
    if path.name != "LICENSE"
]
# Places of one machine, and mirrors or registries that a person may have to replace by their own.
MACHINE = re.compile(
    r"/(?:home|root|work)/\w|/tmp/[a-z]|C:\\Users"
    r"|\b(?:deb|security|archive|ports)\.(?:debian|ubuntu)\.\w+|\bpypi\.(?:org|python)|\bpythonhosted\b|\bregistry\.npmjs\b",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_files_are_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [p for p in PYTHON if p.read_text(encoding="utf-8").strip()], ids=name)
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_no_bare_except(path):
    handlers = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ExceptHandler)]
    assert not [handler.lineno for handler in handlers if handler.type is None]


@pytest.mark.parametrize("path", TEXT, ids=name)
def test_names_no_machine_and_leaves_nothing_unfinished(path):
    if path.name == "test_style.py":
        return
    text = path.read_text(encoding="utf-8")
    assert not [found[0] for found in MACHINE.finditer(text)]
    assert not [found[0] for found in UNFINISHED.finditer(text)]


@pytest.mark.parametrize("path", below("tests/vectors", ".json"), ids=name)
def test_vectors_name_their_source(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict) and content.get("source")
