"""The code blocks of a Markdown page, and the pages that there are."""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from support.micropython_runner import ROOT
from support.tree import files

# What a fence may be tagged with. `sh` is typed into a shell, `output` is what the commands above it print.
COMMANDS, OUTPUT = "sh", "output"
KINDS = {COMMANDS, OUTPUT, "toml", "ini", "python", "json", "cddl", "abnf", "mermaid", "text"}


@dataclass(frozen=True)
class Block:
    """kind: the tag of the fence, empty for a block that has none or is only indented. line: of the page, from 1."""

    kind: str
    text: str
    line: int

    @property
    def lines(self) -> list[str]:
        """The lines of a command block that do something: without comments, continued lines joined."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        lines = [re.sub(r"(^|\s+)# .*$", "", line).rstrip() for line in joined.splitlines()]
        return [line for line in lines if line]


def blocks(path: Path) -> list[Block]:
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    return [
        Block(token.info.strip(), token.content, token.map[0] + 1)
        for token in tokens
        if token.type in ("fence", "code_block") and token.map
    ]


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    return [path for path in files(".md") if path.parent == ROOT or path.is_relative_to(ROOT / "docs")]


def resembles(shown: str, printed: str) -> list[str]:
    """The lines of `shown` that do not come, in this order, in `printed`.

    A number, an identifier or a time is equal to any other, white space to any white space. `…` stands for anything: in a
    line for other words, alone on a line for other lines.
    """
    missing = []
    rest = [_loose(line) for line in _rows(printed)]
    for line in _rows(shown):
        if not line.strip(" …"):
            continue
        wanted = re.compile(".*".join(re.escape(_loose(part)) for part in line.split("…")))
        at = next((i for i, got in enumerate(rest) if wanted.fullmatch(got)), -1)
        if at < 0:
            missing.append(line)
        else:
            rest = rest[at + 1 :]
    return missing


def _rows(text: str) -> list[str]:
    """The lines; of a table with borders, which may be wrapped at another width, the rows."""
    rows: list[str] = []
    for line in text.splitlines():
        cells = re.split("[│┃]", line)[1:-1]
        if cells and not cells[0].strip() and rows and rows[-1].startswith("│"):
            old = rows[-1].split("│")[1:-1]
            cells = [f"{a.strip()} {b.strip()}" for a, b in zip(old, cells, strict=True)]
            rows[-1] = f"│{'│'.join(cells)}│"
        elif cells:
            rows.append(f"│{'│'.join(cell.strip() for cell in cells)}│")
        elif not line.startswith(("┏", "┡", "├", "└")):
            rows.append(line)
    return rows


def _loose(line: str) -> str:
    line = re.sub(r"\b[0-9a-f]{8,}\b", "#", line)
    line = re.sub(r"\d+([.:,-]\d+)*", "#", line)
    return " ".join(line.replace("│", " │ ").split())
