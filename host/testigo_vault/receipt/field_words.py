"""What the fields of a receipt say in words: `fields/<language>.toml`. The page has its own template (page.py)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class FieldWords:
    """data_always, data_recorded: kinds of personal data of a call without audio, and of a recorded one."""

    data_always: list[str]
    data_recorded: list[str]
    collection: str
    processing: str
    withdrawal: str  # with {contact}
    rights: str
    other_party: str
    worker_side: str
    this_call: str


@cache
def field_words(language: str) -> FieldWords:
    """language: es or en."""
    text = (Path(__file__).parent / "fields" / f"{language}.toml").read_text(encoding="utf-8")
    return FieldWords(**tomllib.loads(text))
