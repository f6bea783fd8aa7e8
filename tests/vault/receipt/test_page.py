"""The words of a receipt and of its page: the same facts in each language."""

from dataclasses import asdict
from pathlib import Path

import pytest

from support import policy_calls as calls
from support.report_text import tags_of
from testigo_vault.receipt import page
from testigo_vault.receipt.field_words import field_words
from testigo_vault.reports.blocks import Facts, Heading, Quote, Table

TEMPLATES = Path(page.__file__).parent / "templates"


def test_both_languages_use_the_same_facts():
    es, en = (TEMPLATES / language / "receipt.md.j2" for language in ("es", "en"))
    assert tags_of(es) == tags_of(en)
    assert es.read_text().count("`") == en.read_text().count("`")


def test_both_languages_have_every_field():
    spanish, english = asdict(field_words("es")), asdict(field_words("en"))
    assert {name: len(value) for name, value in spanish.items() if isinstance(value, list)} == {
        name: len(value) for name, value in english.items() if isinstance(value, list)
    }
    assert all(spanish[name] and english[name] and spanish[name] != english[name] for name in spanish)
    assert "{contact}" in spanish["withdrawal"] and "{contact}" in english["withdrawal"]


@pytest.mark.parametrize("make", [calls.rich, calls.plain, calls.withdrawn, calls.refused, calls.listed])
def test_both_languages_say_the_same(vault, appliance, make):
    make(vault, appliance)
    es, en = (page.receipt_page(calls.receipt_of(vault, language=one), "r.json", b"{}") for one in ("es", "en"))
    assert [type(block) for block in es.blocks] == [type(block) for block in en.blocks]
    for block, other in zip(es.blocks, en.blocks, strict=True):
        if isinstance(block, Table):
            assert len(block.rows) == len(other.rows)
        if isinstance(block, Facts):
            assert len(block.pairs) == len(other.pairs)
        if isinstance(block, Heading):
            assert block.text != other.text


def test_a_notice_is_quoted_once_and_a_long_one_is_cut(vault, appliance):
    digest = calls.signed(vault, texts={**calls.TEXTS, "es": "Aviso | *largo* " * 100})
    events = [
        *calls.opening(digest),
        calls.played(5400),
        calls.played(9000),
        calls.answered(9600),
        calls.worker(9600),
        calls.tone(9600),
    ]
    made = appliance.record(events=events, packets=calls.speech(0.5, start_ms=10_000), seconds=20)
    assert calls.take(vault, made).state == "good"
    report = page.receipt_page(calls.receipt_of(vault, language="es"), "r.json", b"{}")
    quotes = [block.text for block in report.blocks if isinstance(block, Quote)]
    assert len(quotes) == 1 and quotes[0].startswith("Aviso | *largo* Aviso")
    assert quotes[0].endswith(" … (sigue en el justificante adjunto)") and len(quotes[0]) < 1300


@pytest.mark.parametrize("opened_ms", [946_684_830_000, 4_000_000_000_000])
def test_a_date_that_cannot_be_is_not_stated_as_one(vault, appliance, opened_ms):
    """A clock that fell back to 2000, or ran years ahead, though the appliance took it for a clock that was set."""
    digest = calls.signed(vault)
    made = appliance.record(
        events=calls.honest(digest), packets=calls.speech(0.5, start_ms=7000), seconds=20, opened_ms=opened_ms, clock=2
    )
    assert calls.take(vault, made).state == "good"
    for language, unknown, wrong in (
        ("en", "date not known · the appliance's clock was wrong, at ", "0:05.400"),
        ("es", "fecha desconocida · el reloj del equipo estaba mal: ", "0:05.400"),
    ):
        report = page.receipt_page(calls.receipt_of(vault, language=language), "r.json", b"{}")
        assert any(unknown in str(pair) for block in report.blocks if isinstance(block, Facts) for pair in block.pairs)
        assert any(wrong in str(block.rows) for block in report.blocks if isinstance(block, Table))
