"""What notices say, and by which words a notice is recognised: one TOML file a language, for translators.

A language is added by a file here and in `vocabulary/`; its tests are in tests/vault/notice/test_texts.py.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testigo_vault.vocabulary.translator import LANGUAGES


@dataclass(frozen=True)
class NoticeTexts:
    """One language. Cues are small letters without accents; `*` stands for any letters of a word."""

    sentences: dict[str, str]
    purposes: dict[str, str]  # what stands before the first purpose, each further one, the last, and in the worker's
    digits: list[str]  # as they are spoken, from zero to nine
    marks: dict[str, str]  # as they are spoken, of an address or a telephone number
    keys: dict[str, dict[str, str]]  # BCP 47 tag -> the names of * and #
    rights_cues: tuple[str, ...]
    information_cues: tuple[str, ...]
    press_cues: tuple[str, ...]
    connectors: tuple[str, ...]
    purpose_cues: dict[str, tuple[str, ...]]  # code of a purpose -> cues


@cache
def notice_texts(language: str) -> NoticeTexts:
    """language: one of LANGUAGES, without a region."""
    if language not in LANGUAGES:
        raise KeyError(language)
    read = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    cues = read["cues"]
    return NoticeTexts(
        sentences=read["sentences"],
        purposes=read["purposes"],
        digits=read["spoken"]["digits"],
        marks=read["spoken"]["marks"],
        keys=read["keys"],
        rights_cues=tuple(cues["rights"]),
        information_cues=tuple(cues["information"]),
        press_cues=tuple(cues["press"]),
        connectors=tuple(cues["connectors"]),
        purpose_cues={code: tuple(words) for code, words in cues["purposes"].items()},
    )
