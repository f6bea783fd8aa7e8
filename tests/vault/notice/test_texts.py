"""The files of notices: every language has every sentence with the same names in braces, and every word an engine needs."""

import tomllib
from pathlib import Path
from string import Formatter

import pytest

from testigo_vault.notice import texts as package
from testigo_vault.notice.check import tokens
from testigo_vault.notice.cues import PRESS_CUES
from testigo_vault.notice.texts import notice_texts
from testigo_vault.policy.purposes import PURPOSES
from testigo_vault.vocabulary.translator import LANGUAGES

FOLDER = Path(package.__file__).parent


def names_in(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def keys_of(table):
    return {key: keys_of(value) if isinstance(value, dict) else None for key, value in table.items() if key != "keys"}


def test_there_is_one_file_for_each_language():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(LANGUAGES)
    with pytest.raises(KeyError):
        notice_texts("xx")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_placeholders(language):
    spanish, found = notice_texts("es").sentences, notice_texts(language).sentences
    assert set(found) == set(spanish)
    for name, sentence in found.items():
        assert names_in(sentence) == names_in(spanish[name]), name
        assert sentence == sentence.strip() and sentence.endswith("."), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_has_the_same_settings(language):
    spanish, found = (tomllib.loads((FOLDER / f"{name}.toml").read_text()) for name in ("es", language))
    assert keys_of(found) == keys_of(spanish)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_spoken_has_words(language):
    texts = notice_texts(language)
    assert len(texts.digits) == 10 == len(set(texts.digits))
    assert set(texts.marks) == set("./-_@+") and all(texts.marks.values())
    assert language in texts.keys and all(set(names) == {"*", "#"} for names in texts.keys.values())
    assert all(tag.split("-")[0] == language for tag in texts.keys)
    assert set(texts.purposes) == {"first", "further", "last", "worker"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_cues_can_be_found(language):
    """A capital letter or an accent is taken out of the text before a cue is looked for."""
    texts = notice_texts(language)
    assert set(texts.purpose_cues) == set(PURPOSES)
    for cues in (texts.rights_cues, texts.information_cues, texts.press_cues, *texts.purpose_cues.values()):
        assert cues
        for cue in cues:
            plain = cue.replace("*", "")
            assert " ".join(tokens(plain)) == plain.strip(), cue
    assert set(texts.press_cues) <= set(PRESS_CUES)
