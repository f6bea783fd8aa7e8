"""Each line that the firmware writes into its log stands in a table of messages of a page, where its reader finds it."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from support.guide.blocks import pages
from support.guide.messages import messages
from support.tree import below, check, place, syntax

ANY, NUMBER = "\0", "\1"  # in a template, for what is known when the line is written
KNOWN = ("words", "emergency call")  # what may stand there
FORMATS = re.compile(r"%[-0-9.]*([a-z])")
# What writes a line, by the last name of the call: how the line is made of the arguments, by their place.
WRITERS = {
    "log": ("{0}",),
    "_log": ("{0}",),
    "traceback": ("{0}", ANY),
    "failed": ("{0}", " failed: ", ANY),
    "_refuse": ("call refused: ", "{3}"),
    "_problem": ("{1}", " ", "{2}"),
}
FAULT = {2: ("{0}", ": ", ANY), 3: ("start: ", "{1}", ": ", "{2}")}  # of Log, and of start.py


def texts(node: ast.expr) -> list[str]:
    """The templates that an expression may give."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        return [FORMATS.sub(lambda found: NUMBER if found[1] == "d" else ANY, str(node.left.value))]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ["".join(pair) for pair in product(texts(node.left), texts(node.right))]
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "strip":
        return texts(node.func.value)
    return [ANY]


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line of the source, template) of what a file writes into the log. What is not known before it is written is left out."""
    for node in ast.walk(syntax(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        parts = FAULT.get(len(node.args)) if name == "fault" else WRITERS.get(name)
        if parts is None or (name == "log" and isinstance(node.func, ast.Attribute) and not node.args):
            continue
        choices = [texts(node.args[int(part[1])]) if part.startswith("{") else [part] for part in parts]
        for choice in product(*choices):
            template = "".join(choice)
            if re.search("[a-z]", template):
                yield node.lineno, template


def quoted(template: str, quotes: list[str]) -> bool:
    """Whether one of the quotes shows such a line; `…` in a quote stands for any words."""
    line = re.escape(template).replace(ANY, ".+").replace(NUMBER, r"\d+")
    samples = [template.replace(ANY, known).replace(NUMBER, "17") for known in KNOWN]
    for quote in quotes:
        if re.fullmatch(line, quote):
            return True
        shown = re.sub(r"\d+", r"\\d+", re.escape(quote).replace("…", ".*"))
        if "…" in quote and any(re.fullmatch(shown, sample) for sample in samples):
            return True
    return False


def test_each_line_of_the_log_is_on_a_page():
    quotes = [quote for page in pages() for quote in messages(page)]
    found = [
        f"{place(path, line)}: {template.replace(ANY, '…').replace(NUMBER, '17')}"
        for path in below("firmware", ".py")
        for line, template in lines(path)
        if not quoted(template, quotes)
    ]
    check(
        found,
        "each line of the log has a row in a table of messages of docs/technician.md or docs/log.md, with its cause",
    )


def test_the_lines_are_found():
    path = next(path for path in below("firmware", ".py") if path.name == "running.py")
    found = {template for _, template in lines(path)}
    assert {"no SIP: " + ANY, f"settings {NUMBER} not in force: {ANY}", "network: " + ANY} <= found
    assert quoted("a call", ["a call"]) and quoted("a " + ANY, ["a …"]) and quoted("17 of HOST: no way", ["4 of …"])
    assert not quoted("a call ends", ["a call"]) and not quoted(f"call {NUMBER} ends", ["call … begins"])
