"""Values on their way through a template and its Markdown: written in characters that neither acts on.

A value from outside (a name, a number, the words of a notice) may hold anything: asterisks, bars, line ends. Each of its
UTF-8 bytes becomes one character of Unicode's private use area, between two marks; Markdown takes those for letters.
"""

import re

from testigo_vault.reports.blocks import Code, Gap, Piece, Text, pieces

_KINDS = {"\ue000": str, "\ue001": Code, "\ue002": Gap}
_END = "\ue003"
_FIRST = 0xE100  # of the 256 characters that stand for bytes
_MARKED = re.compile("([\ue000-\ue002])([\ue100-\ue1ff]*)\ue003")


def mark(text: Text) -> str:
    return "".join(_marked(piece) for piece in pieces(text))


def unmark(text: str) -> list[Piece]:
    """The pieces of a text with marked values in it."""
    found: list[Piece] = []
    at = 0
    for match in _MARKED.finditer(text):
        value = bytes(ord(c) - _FIRST for c in match[2]).decode("utf-8", "surrogatepass")
        found += [text[at : match.start()], _KINDS[match[1]](value)]
        at = match.end()
    return [piece for piece in [*found, text[at:]] if piece != ""]


def _marked(piece: Piece) -> str:
    if isinstance(piece, Code):
        kind, text = "\ue001", piece.text
    elif isinstance(piece, Gap):
        kind, text = "\ue002", piece.what
    else:
        kind, text = "\ue000", piece
    return kind + "".join(chr(_FIRST + byte) for byte in text.encode("utf-8", "surrogatepass")) + _END
