"""Every finding has words in each language, a row in docs/lawfulness.md, and a test that makes it."""

import re
from string import Formatter

from support.micropython_runner import ROOT
from support.tree import below, text
from testigo_vault.lawfulness.findings import IRREGULAR, SEVERITIES, finding, sentence
from testigo_vault.vocabulary.translator import translator
from testigo_vault.web.stored_findings import said_in

_ROW = re.compile(r"^\| `([a-z-]+)` \| (unlawful|irregular|unchecked) \|", re.MULTILINE)


def test_every_finding_has_words_in_each_language():
    for language in ("en", "es"):
        assert set(translator(language).table("lawfulness")) == set(SEVERITIES)
        assert set(translator(language).table("severities")) == set(SEVERITIES.values())
        # Alarms join findings by semicolons, and pages take them apart again.
        assert not [words for words in translator(language).table("lawfulness").values() if "; " in words]


def test_a_finding_that_is_stored_in_english_is_said_in_spanish():
    for code, words in translator("en").table("lawfulness").items():
        values = {name: "near" if name == "leg" else "7" for _, name, _, _ in Formatter().parse(words) if name}
        assert said_in("es", sentence(code, values)) == sentence(code, values, "es"), code
    assert said_in("es", "none of them") is None


def test_the_page_lists_every_finding_with_its_severity():
    assert dict(_ROW.findall(text(ROOT / "docs/lawfulness.md"))) == SEVERITIES | {"clock": IRREGULAR}


def test_every_finding_is_made_by_a_check_and_expected_by_a_test():
    sources = "".join(
        text(path) for path in below("host/testigo_vault/lawfulness", ".py") if path.name != "findings.py"
    )
    tests = "".join(
        text(path)
        for folder in ("tests/vault", "tests/support")
        for path in below(folder, ".py")
        if path.name != "test_findings.py"
    )
    for code in SEVERITIES:
        assert f'"{code}"' in sources, code
        assert f'"{code}"' in tests, code


def test_values_are_said_in_the_language_and_made_visible():
    found = finding("sealed-stranger", stream="audio", keys="ab\x1bcd")
    assert found.text == "audio: sealed only to keys that no policy names: ab\ufffdcd"
    assert sentence(found.code, found.values, "es").startswith("sonido: sellado solo")
    assert sentence("of-a-later-version", {"x": 1}) == "of-a-later-version"
    assert sentence("consent-key", {}) == "consent-key"
