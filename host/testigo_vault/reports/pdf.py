"""A report as PDF, by typst: PDF/A-3a for archives (ISO 19005-3) and PDF/UA-1 for screen readers (ISO 14289-1), with the
fonts that typst brings, so that the same report is the same bytes everywhere.

report.typ is the layout. The text goes there as JSON and is set as text: typst parses none of it. Its fonts have Latin,
Greek and Cyrillic letters; any other character is set as its code point, since PDF/A requires a glyph for each
character.
"""

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from testigo_vault.errors import VaultError
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

TEMPLATE = Path(__file__).parent / "report.typ"
_SCALES = ("1.06", "1.0", "0.94", "0.88", "0.82")
_LAST_LETTER = 0x500  # of the blocks that the fonts have whole
_OTHERS = frozenset(range(0x2010, 0x2028)) | frozenset(map(ord, "€←→✓✗⟨⟩�"))
_LONG = 66  # characters without a space that fit into a line of facts, set as code
_LONG_CELL = 22


def render(report: Report, made: datetime, pages: int = 0) -> bytes:
    """made: the date inside the file. pages: change the size of the type so that it fits on so many pages; 0: leave it."""
    content = json.dumps(_content(report))
    chosen = "1.0"
    try:
        for scale in _SCALES if pages else ():
            chosen = scale
            found = typst.query(TEMPLATE, "<pages>", field="value", one=True, **_settings(content, scale))
            if json.loads(found) <= pages:
                break
        return typst.compile(
            TEMPLATE,
            format="pdf",
            pdf_standards=["a-3a", "ua-1"],
            timestamp=made.astimezone(UTC).replace(microsecond=0),
            **_settings(content, chosen),
        )
    except typst.TypstError as error:
        raise VaultError(f"The PDF of {report.title!r} cannot be made: {error}.", "Take the other format.") from None


def _settings(content: str, scale: str) -> dict[str, Any]:
    return {"ignore_system_fonts": True, "sys_inputs": {"report": content, "scale": scale}}


def _content(report: Report) -> dict[str, Any]:
    attachment = None
    if report.attachment is not None:
        name, media, data = report.attachment
        attachment = {"name": name, "media": media, "text": data.decode()}
    return {
        "title": _shown(report.title),
        "subtitle": _shown(report.subtitle),
        "author": "Testigo",
        "language": report.language,
        "fill": FILL_IN[report.language],
        "footer": _shown(report.footer),
        "attachment": attachment,
        "blocks": [_block(block) for block in report.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": _shown(block.text)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": _inline(block.text), "quiet": block.quiet}
    if isinstance(block, Quote):
        return {"kind": "quote", "text": _shown(block.text)}
    if isinstance(block, Verdict):
        return {"kind": "verdict", "verdict": block.kind, "text": _shown(block.text)}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": [_inline(item) for item in block.items]}
    if isinstance(block, Facts):
        return {"kind": "facts", "pairs": [[_shown(label), _inline(value)] for label, value in block.pairs]}
    return _table(block)


def _table(table: Table) -> dict[str, Any]:
    rows = [[_inline(cell, _LONG_CELL) for cell in row] for row in table.rows]
    widths = table.widths or [1] * len(table.head)
    return {"kind": "table", "head": [_shown(cell) for cell in table.head], "rows": rows, "widths": widths}


def _inline(text: Text, longest: int = _LONG) -> list[dict[str, str]]:
    return [_piece(piece, longest) for piece in pieces(text)]


def _piece(piece: Piece, longest: int) -> dict[str, str]:
    if isinstance(piece, Code):
        return {"kind": "code", "text": _shown(piece.text, longest)}
    if isinstance(piece, Gap):
        return {"kind": "gap", "text": _shown(piece.what, longest)}
    return {"kind": "text", "text": _shown(piece, longest)}


def _shown(text: str, longest: int = _LONG) -> str:
    """The text as it can be set: no control characters, code points for what no font has, breaks in what fits no line."""
    line = visible(unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)))
    set_ = "".join(c if _has_glyph(c) else f"[U+{ord(c):04X}]" for c in line)
    return re.sub(rf"\S{{{longest}}}(?=\S)", lambda found: found[0] + "\u200b", set_)


def _has_glyph(c: str) -> bool:
    code = ord(c)
    return (code < _LAST_LETTER or code in _OTHERS) and unicodedata.category(c)[0] not in "CM"
