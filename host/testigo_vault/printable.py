"""Text from outside, such as a SIP header, made safe to show on a terminal or a page."""

import unicodedata

# Unicode general categories: controls, format characters (direction marks among them), surrogates, line and paragraph ends.
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """The text with U+FFFD in place of each character that a terminal or a browser acts on instead of showing it."""
    return "".join("\ufffd" if unicodedata.category(c) in _UNSAFE else c for c in text)
