"""Words for codes: what a policy or a recording names by a code, in the language of a reader.

Purposes and legal bases have words in every language of LANGUAGES, since notices speak them. The other tables are
complete in those of READERS, the languages of reports and pages.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

LANGUAGES = ("es", "ca", "eu", "gl", "en", "fr", "de", "pt", "it")
READERS = ("es", "en")


def base_language(tag: str) -> str:
    """The language of a BCP 47 tag without region or script: "pt" of "pt-BR"."""
    return tag.replace("_", "-").split("-")[0].lower()


class Translator:
    """The tables of one language, and how it joins the parts of a list. Make it by `translator`, which keeps it."""

    def __init__(self, language: str, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._tables = tables

    def table(self, name: str) -> Mapping[str, str]:
        """{code: words}. KeyError for a table that this language does not have."""
        return self._tables[name]

    def term(self, table: str, code: object) -> str:
        """The words for `code`; the code itself where there are none, such as one of a later version."""
        return self._tables[table].get(str(code), str(code))

    def decimal(self, number: str) -> str:
        """A number such as "3.5" with the decimal sign of this language."""
        return number.replace(".", self.term("numbers", "decimal"))

    def join_list(self, items: list[str]) -> str:
        """a, b and c"""
        if len(items) < 2:
            return "".join(items)
        return ", ".join(items[:-1]) + self.term("lists", "last") + items[-1]

    def day(self, at: datetime) -> str:
        return at.strftime(self.term("dates", "day"))


def join_semicolons(items: list[str]) -> str:
    """a; b; c: for items that have commas."""
    return "; ".join(items)


@cache
def translator(language: str) -> Translator:
    """language: one of LANGUAGES; of READERS for more than purposes and bases."""
    if language not in LANGUAGES:
        raise KeyError(language)
    text = (Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8")
    return Translator(language, tomllib.loads(text))
