"""The page on notices shows the texts that the program composes, in every language that it has."""

import runpy

from support.micropython_runner import ROOT
from testigo_vault.vocabulary.translator import LANGUAGES


def test_texts_on_the_page_are_those_of_the_program():
    maker = runpy.run_path(str(ROOT / "docs" / "make_notices.py"))
    assert maker["PAGE"].read_text(encoding="utf-8") == maker["page"](), "run: python docs/make_notices.py"
    assert list(maker["TITLES"]) == list(LANGUAGES)
    assert maker["texts"]().count("| opt-in | ") == len(LANGUAGES)
