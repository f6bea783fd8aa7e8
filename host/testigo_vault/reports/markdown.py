"""A report as Markdown (CommonMark with the tables of GitHub).

Text is escaped, so that whatever stands in a name or a number is read as it is written: no emphasis, link, image, HTML,
table cell or list begins in it, nor does a bare address become a link (the autolinks of GitHub).
"""

import re

from testigo_vault.printable import visible
from testigo_vault.reports.blocks import (
    FILL_IN,
    Block,
    Bullets,
    Code,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Piece,
    Quote,
    Report,
    Table,
    Text,
    Verdict,
    pieces,
)

# CommonMark section 2.4: any ASCII punctuation may be escaped. These are the ones that could begin something.
_ACTIVE = re.compile(r"([\\`*_\[\]<>&#|~$!@{}^=])")
_LINKED = re.compile(r"(?i)(www)\.|(https?|ftp|mailto|xmpp)(:)")
_AT_THE_START = re.compile(r"^([-+]|\d{1,9}[.)])")


def render(report: Report) -> str:
    parts = [f"# {_escaped(report.title)}", _escaped(report.subtitle)]
    parts += [_block(block, report.language) for block in report.blocks]
    if report.footer:
        parts += ["---", _escaped(report.footer)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, language: str) -> str:
    if isinstance(block, Heading):
        return "#" * (block.level + 1) + " " + _escaped(block.text)
    if isinstance(block, Paragraph):
        return _inline(block.text, language)
    if isinstance(block, Quote):
        return "> " + _escaped(block.text)
    if isinstance(block, Verdict):
        return f"**{_escaped(block.text)}**"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item, language)}" for item in block.items)
    if isinstance(block, Facts):
        return "\n".join(f"- **{_escaped(label)}:** {_inline(value, language)}" for label, value in block.pairs)
    return _table(block, language)


def _table(table: Table, language: str) -> str:
    rows = [[_escaped(cell) for cell in table.head], ["---"] * len(table.head)]
    rows += [[_inline(cell, language) for cell in row] for row in table.rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _inline(text: Text, language: str) -> str:
    return _at_start("".join(_piece(piece, language) for piece in pieces(text)))


def _piece(piece: Piece, language: str) -> str:
    if isinstance(piece, Code):
        return _code(piece.text)
    if isinstance(piece, Gap):
        return f"**⟨{FILL_IN[language]}: {_within(piece.what)}⟩**"
    return _within(piece)


def _escaped(text: str) -> str:
    """Plain text that may stand at the start of a line."""
    return _at_start(_within(text))


def _within(text: str) -> str:
    """One line of plain text."""
    return _LINKED.sub(_before_its_end, _ACTIVE.sub(r"\\\1", _line(text)))


def _at_start(escaped: str) -> str:
    """Spaces there would make code of it, and what follows them begin a list."""
    return _AT_THE_START.sub(_before_its_end, escaped.lstrip())


def _before_its_end(found: re.Match[str]) -> str:
    return found[0][:-1] + "\\" + found[0][-1]


def _line(text: str) -> str:
    """Line ends become spaces, control characters a mark (printable.visible)."""
    return visible(re.sub(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", text))


def _code(text: str) -> str:
    """A code span whose fence is longer than any in the text (CommonMark section 6.1); the bar would end a table's cell."""
    line = _line(text).replace("|", "¦")
    if not line.strip():
        return ""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or (line.startswith(" ") and line.endswith(" ")) else ""
    return f"{fence}{space}{line}{space}{fence}"
