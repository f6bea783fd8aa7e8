"""The Markdown of a template -> the blocks of a report.

What a template may use (CommonMark 0.31, with the tables of GitHub):

    # Title                     first line; the paragraph after it is the subtitle
    ## Heading, ### , ####      levels 1 to 3
    text with `code`            a paragraph
    *text*                      the whole paragraph in asterisks: an explanation, set smaller
    **text**                    the whole paragraph in double asterisks: the verdict
    > text                      words that were spoken
    - item                      a list
    - **Label:** value          a list of labels and values, if every item begins so
    | a | b |                   a table; the dashes under the head give the shares of the columns
    ---                         the paragraph after it is the footer

Anything else in Markdown is either plain text (links, HTML) or an error that names the template. Values arrive marked by
`values.mark` and are put back here, after the Markdown was read: no value is ever read as markup.
"""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from testigo_vault.reports.blocks import (
    CALM,
    Block,
    Bullets,
    Code,
    Facts,
    Heading,
    Paragraph,
    Piece,
    Quote,
    Table,
    Text,
    Verdict,
)
from testigo_vault.reports.values import unmark

_MARKDOWN = MarkdownIt("zero").enable(
    ["heading", "list", "blockquote", "hr", "table", "emphasis", "escape", "backticks"]
)


class TemplateError(ValueError):
    """A template has Markdown that no report has. The message names the line of the rendered text."""


@dataclass
class Parsed:
    """title, subtitle, footer: empty where the text has none."""

    title: str
    subtitle: str
    blocks: list[Block]
    footer: str


def parse(markdown: str, verdict: str = CALM) -> Parsed:
    """verdict: the kind of the verdict in the text, GOOD, CALM or BAD. Raises TemplateError."""
    lines = markdown.split("\n")
    nodes = list(SyntaxTreeNode(_MARKDOWN.parse(markdown)).children)
    title = subtitle = footer = ""
    if nodes and nodes[0].type == "heading" and nodes[0].tag == "h1":
        title = _plain(nodes.pop(0))
        if nodes and nodes[0].type == "paragraph":
            subtitle = _plain(nodes.pop(0))
    if len(nodes) > 1 and nodes[-2].type == "hr":
        footer = _plain(nodes[-1])
        del nodes[-2:]
    return Parsed(title, subtitle, [_block(node, lines, verdict) for node in nodes], footer)


def _block(node: SyntaxTreeNode, lines: list[str], verdict: str) -> Block:
    if node.type == "heading" and node.tag in ("h2", "h3", "h4"):
        return Heading(_plain(node), int(node.tag[1]) - 1)
    if node.type == "paragraph":
        whole = _whole(node)
        if whole is not None and whole.type == "strong":
            return Verdict(_joined(whole), verdict)
        if whole is not None:
            return Paragraph(_text(whole.children), quiet=True)
        return Paragraph(_text(_inline(node)))
    if node.type == "blockquote":
        return Quote(_plain(node.children[0]))
    if node.type == "bullet_list":
        return _list(node)
    if node.type == "table":
        return _table(node, lines)
    raise TemplateError(f"line {_line(node)}: a report has no {node.type.replace('_', ' ')}")


def _list(node: SyntaxTreeNode) -> Block:
    items = [_inline(item.children[0]) for item in node.children]
    if any(len(item.children) != 1 for item in node.children):
        raise TemplateError(f"line {_line(node)}: an item of a list is one paragraph")
    labels = [item[0] if item and item[0].type == "strong" else None for item in items]
    if not all(label is not None and _joined(label).endswith(":") for label in labels):
        return Bullets([_text(item) for item in items])
    pairs: list[tuple[str, Text]] = []
    for label, item in zip(labels, items, strict=True):
        assert label is not None
        pairs.append((_joined(label)[:-1], _text(item[1:])))
    return Facts(pairs)


def _table(node: SyntaxTreeNode, lines: list[str]) -> Table:
    head, *body = node.children
    assert node.map is not None
    dashes = lines[node.map[0] + 1].strip().strip("|").split("|")
    rows = [[_text(_inline(cell)) for cell in row.children] for part in body for row in part.children]
    return Table([_plain(cell) for cell in head.children[0].children], rows, [cell.count("-") for cell in dashes])


def _inline(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    """The parts of a paragraph, a heading or a cell, without the empty ones that the parser leaves."""
    found = [part for child in node.children for part in child.children]
    return [part for part in found if part.type != "text" or part.content]


def _whole(node: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The emphasis that is all of a paragraph."""
    parts = _inline(node)
    return parts[0] if len(parts) == 1 and parts[0].type in ("em", "strong") else None


def _text(nodes: list[SyntaxTreeNode]) -> Text:
    """Pieces in their order, neighbouring texts as one; a bare text where there is nothing else."""
    found: list[Piece] = []
    for piece in (piece for node in nodes for piece in _pieces(node)):
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip(" ")
    found = [piece for piece in found if piece != ""]
    if not found:
        return ""
    return found[0] if len(found) == 1 and isinstance(found[0], str) else found


def _pieces(node: SyntaxTreeNode) -> list[Piece]:
    if node.type == "text":
        return unmark(node.content.replace("\n", " "))
    if node.type == "code_inline":
        return [Code("".join(str(piece) for piece in unmark(node.content)))]
    raise TemplateError(f"emphasis stands for a whole paragraph, or for the label of an item: {_joined(node)!r}")


def _plain(node: SyntaxTreeNode) -> str:
    return _only_text(_text(_inline(node)))


def _joined(node: SyntaxTreeNode) -> str:
    return _only_text(_text([child for child in node.children if child.type != "text" or child.content]))


def _only_text(text: Text) -> str:
    if not isinstance(text, str):
        raise TemplateError(f"titles, headings, labels and quotes are plain text: {text!r}")
    return text


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 0
