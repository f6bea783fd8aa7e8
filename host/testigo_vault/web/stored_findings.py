"""Findings of the check of lawfulness in the English words in which alarms and reasons store them.

Their words are in the vocabularies, so they need no gettext: code and values are found again, and said in another language.
"""

import re
from functools import cache

from testigo_vault.lawfulness.findings import sentence
from testigo_vault.vocabulary.translator import translator

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def said_in(language: str, text: str) -> str | None:
    """The sentence in that language; None for a text that is no finding."""
    for code, pattern in _patterns():
        match = pattern.fullmatch(text)
        if match:
            codes = {words: value for value, words in translator("en").table("lawfulness-values").items()}
            values: dict[str, str | int] = {name: codes.get(value, value) for name, value in match.groupdict().items()}
            return sentence(code, values, language)
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Those with most words of their own first."""
    sentences = translator("en").table("lawfulness").items()
    longest_first = sorted(sentences, key=lambda entry: len(_PLACEHOLDER.sub("", entry[1])), reverse=True)
    return [(code, _pattern(words)) for code, words in longest_first]


def _pattern(words: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(words)
    expression = "".join(f"(?P<{part}>.*?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile(expression, re.DOTALL)
