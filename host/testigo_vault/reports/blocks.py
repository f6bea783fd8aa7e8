"""A report for people: receipts, records and agreements are built once, as blocks, and written as Markdown or as PDF.

Blocks hold plain text only. Text from outside (a name, a number, a notice) is escaped by `markdown` and never parsed by
`pdf`. A `Gap` stands where only people know the answer; `Report.gaps` finds them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

LANGUAGES = ("es", "en")
FILL_IN = {"es": "a rellenar", "en": "to be filled in"}  # how a Gap begins

GOOD, CALM, BAD = "good", "calm", "bad"


@dataclass(frozen=True)
class Code:
    """A digest, an id, a command: set in a fixed width."""

    text: str


@dataclass(frozen=True)
class Gap:
    """What people have to write there, in a few words."""

    what: str


Piece = str | Code | Gap
Text = Piece | list[Piece]


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1  # 1 to 3, below the title


@dataclass(frozen=True)
class Paragraph:
    text: Text
    quiet: bool = False  # an explanation, set smaller


@dataclass(frozen=True)
class Quote:
    """Words that were spoken."""

    text: str


@dataclass(frozen=True)
class Verdict:
    """The outcome, first on the page. kind: GOOD, CALM, BAD."""

    text: str
    kind: str = CALM


@dataclass(frozen=True)
class Bullets:
    items: list[Text]


@dataclass(frozen=True)
class Facts:
    """Labels and values."""

    pairs: list[tuple[str, Text]]


@dataclass(frozen=True)
class Table:
    """widths: shares of the columns; none: all alike."""

    head: list[str]
    rows: list[list[Text]]
    widths: list[int] = field(default_factory=list)


Block = Heading | Paragraph | Quote | Verdict | Bullets | Facts | Table


@dataclass
class Report:
    """language: one of LANGUAGES. attachment: (file name, media type, content), which the PDF carries in itself."""

    title: str
    subtitle: str
    language: str
    blocks: list[Block]
    footer: str = ""
    attachment: tuple[str, str, bytes] | None = None

    def gaps(self) -> list[str]:
        """What is left to fill in, in order, each once."""
        texts = [text for block in self.blocks for text in _texts(block)]
        found = [piece.what for text in texts for piece in pieces(text) if isinstance(piece, Gap)]
        return list(dict.fromkeys(found))


def pieces(text: Text) -> list[Piece]:
    return text if isinstance(text, list) else [text]


def _texts(block: Block) -> Iterator[Text]:
    if isinstance(block, Facts):
        yield from (value for _, value in block.pairs)
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row
    elif isinstance(block, Bullets):
        yield from block.items
    else:
        yield block.text
