"""Every page whose commands can be typed has a test that types them, and every command and path that a page names exists."""

import ast
import re
import shlex
from typing import Any

import pytest
from typer.main import get_command

from support.guide.blocks import COMMANDS, KINDS, OUTPUT, blocks, pages, resembles
from support.guide.messages import messages, said
from support.micropython_runner import ROOT
from support.tree import below, files, name
from testigo_tools.cli import assemble

# History and other trees: what such a page names need not exist today.
PAST = ("docs/adr/", "CHANGELOG.md")


def test_every_block_says_what_it_is():
    wrong = [
        f"{name(page)}:{block.line}: block of kind {block.kind!r}"
        for page in pages()
        for block in blocks(page)
        if block.kind not in KINDS
    ]
    assert not wrong, "\n".join(wrong)


def test_commands_are_in_blocks_of_commands():
    """In a block of another kind no test would type them."""
    command = re.compile(r"^\s*(testigo|make|git|export|mpremote|python3?|\.venv/bin/\w+) ")
    wrong = [
        f"{name(page)}:{block.line}: {line}"
        for page in pages()
        for block in blocks(page)
        if block.kind in ("text", "")
        for line in block.text.splitlines()
        if command.match(line)
    ]
    assert not wrong, "tag these blocks with sh:\n" + "\n".join(wrong)


def named_by_tests(constant: str) -> set[str]:
    """The pages that the tests of this folder are about: what they assign to the constant."""
    found = set()
    for test in below("tests/docs", ".py"):
        for node in ast.parse(test.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and constant in [getattr(target, "id", "") for target in node.targets]:
                found.add(ast.literal_eval(node.value))
    return found


def test_every_page_with_commands_is_typed_in():
    with_commands = {name(page) for page in pages() if any(block.kind in (COMMANDS, OUTPUT) for block in blocks(page))}
    typed = named_by_tests("PAGE")
    assert with_commands - typed == set(), "these pages have commands that no test in tests/docs types in"
    assert typed - with_commands == set(), "these pages have no commands any more"


def test_every_page_with_messages_has_their_causes():
    with_messages = {name(page) for page in pages() if messages(page)}
    assert with_messages == named_by_tests("MESSAGES")


@pytest.mark.parametrize(
    ("quote", "printed", "same"),
    [
        ("PORT cannot be opened: …", "error: /dev/x cannot be opened: no such file", True),
        ("recording 17 was cut", "1795 recording 3 was cut by", True),
        ("branch-7 is here", "branch-8 is here", False),
        ("not provisioned", "already provisioned", False),
        ("a … b", "a x\n   b", True),
    ],
)
def test_a_quote_is_compared_with_what_is_printed(quote, printed, same):
    assert said(quote, printed) is same


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        ("4 recordings at 10:15", "17 recordings at 09:00", []),
        ("one\n…\nthree", "one\ntwo\nthree", []),
        ("Sync  done; …", "x\n  Sync   done; 3 delivered", []),
        ("three\none", "one\nthree", ["one"]),
        ("│ a b │ c │", "│ a │ c │\n│ d │ e │", ["│a b│c│"]),
        ("│ 1 │ a │\n│   │ b │", "│ 1 │ a b │", []),
    ],
)
def test_shown_output_is_compared_loosely(shown, printed, missing):
    assert resembles(shown, printed) == missing


def code_spans(text: str) -> list[str]:
    """What stands in backquotes outside of blocks."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def wrong_in(command: str, application: Any) -> str:
    """Why there is no such command; empty if there is."""
    try:
        words = shlex.split(command.split(" | ")[0])[1:]
    except ValueError:
        words = command.split()[1:]
    at = application
    while hasattr(at, "commands") and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        if words[0] not in at.commands:
            return f"no command {words[0]!r}"
        at = at.commands[words.pop(0)]
    options = {option for parameter in at.params for option in parameter.opts + parameter.secondary_opts} | {"--help"}
    unknown = [word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word) and word not in options]
    if unknown and not hasattr(at, "commands"):
        return f"no option {', '.join(unknown)}"
    return ""


def test_every_command_named_in_a_sentence_exists():
    application = get_command(assemble())
    wrong = []
    for page in pages():
        if name(page).startswith(PAST):
            continue
        for span in code_spans(page.read_text(encoding="utf-8")):
            if span.startswith("testigo ") and (why := wrong_in(span, application)):
                wrong.append(f"{name(page)}: `{span}`: {why}")
    assert not wrong, "\n".join(wrong)


def named_paths(text: str) -> set[str]:
    """Paths of this tree: modules and documents with a folder or an ending that only they have, and folders."""
    found = set()
    for span in code_spans(text):
        for word in span.split():
            word = word.strip(",;()").rstrip(".")
            if re.fullmatch(r"[\w./-]+\.py(::\w+)?", word):
                found.add(word.partition("::")[0])
            elif re.fullmatch(r"(firmware|host|tools|tests|boards|docs)(/[\w.-]+)*/?", word) and "/" in word:
                found.add(word)
    return found


def test_every_path_named_exists():
    tree = {name(path) for path in files()}
    folders = {str(parent) for path in files() for parent in path.relative_to(ROOT).parents}
    starts = ("", "firmware/", "host/", "tools/", "docs/", "boards/")
    # Files of a device or of other projects, which the pages name too.
    elsewhere = {"main.py", "boot.py", "board.py", "asyncio/core.py", "modules/_boot.py"}
    wrong = []
    for page in pages():
        if name(page).startswith(PAST):
            continue
        for path in sorted(named_paths(page.read_text(encoding="utf-8")) - elsewhere):
            plain = path.rstrip("/")  # a module is often named from its package on
            here = any(start + plain in folders for start in starts)
            if not here and not any(f"/{known}".endswith(f"/{plain}") for known in tree):
                wrong.append(f"{name(page)}: `{path}`")
    assert not wrong, "these do not exist:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("testigo nothing", "no command 'nothing'"),
        ("testigo policy nothing", "no command 'nothing'"),
        ("testigo diag --nothing", "no option --nothing"),
        ("testigo diag --port PORT", ""),
        ("testigo consent export branch-1/17 --pdf FILE", ""),
    ],
)
def test_a_command_that_does_not_exist_is_found(command, why):
    assert wrong_in(command, get_command(assemble())) == why


def test_a_path_that_does_not_exist_is_found():
    assert named_paths("`recorder/conduct.py` and `docs/formats/` but not `a / b` nor `x.toml`") == {
        "recorder/conduct.py",
        "docs/formats/",
    }
