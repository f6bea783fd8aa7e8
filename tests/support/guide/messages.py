"""The messages that the pages quote: the first column of the tables headed `message | what it means | what to do`.

In a quote `…` stands for any words, a number for any number, and a name in capitals for what the reader has there.
"""

import re
from collections.abc import Callable
from pathlib import Path

from support.micropython_runner import ROOT

HEADING = "| message | what it means | what to do |"


def messages(page: Path) -> list[str]:
    """The quotes of a page, each once, in their order."""
    found: dict[str, None] = {}
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        row = line.strip()
        if row == HEADING:
            inside = True
        elif inside and row.startswith("| `"):
            found[row.split("`")[1]] = None
        elif inside and not row.startswith("| ---"):
            inside = False
    return list(found)


def said(quote: str, printed: str) -> bool:
    """Whether what was printed has the message that is quoted, however it is wrapped."""
    pattern = re.escape(" ".join(quote.split()))
    pattern = re.sub(r"(?<![\w-])\d+", r"\\d+", pattern)
    pattern = re.sub(r"\b(PORT|HOST|ADDRESS|IMAGE)\b", r"\\S+", pattern.replace("…", ".*"))
    return re.search(pattern, " ".join(printed.split())) is not None


class Causes:
    """For each message of a page, what brings it about: a function that gives what the product then prints."""

    def __init__(self, page: str) -> None:
        self.page = ROOT / page
        self._causes: dict[str, Callable[..., str]] = {}

    def of(self, *quotes: str) -> Callable:
        def keep(cause: Callable[..., str]) -> Callable[..., str]:
            for quote in quotes:
                assert quote not in self._causes
                self._causes[quote] = cause
            return cause

        return keep

    def differences(self) -> list[str]:
        """Messages without a cause, and causes without a message."""
        on_page, known = set(messages(self.page)), set(self._causes)
        return [
            *(f"no cause for: {quote}" for quote in sorted(on_page - known)),
            *(f"not on the page: {quote}" for quote in sorted(known - on_page)),
        ]

    def check(self, quote: str, *given: object) -> None:
        """The cause, with what it is given, brings about the message."""
        printed = self._causes[quote](*given)
        assert said(quote, printed), f"the page says\n  {quote}\nbut the product\n  {printed}"

    def __iter__(self):
        return iter(self._causes)
