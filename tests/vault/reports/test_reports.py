"""Reports as Markdown and as PDF: text from outside is never read as markup."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from support import policy_calls as calls
from support.report_text import plain, text_of, words_of
from testigo_vault.printable import visible
from testigo_vault.recordings.wording import event
from testigo_vault.reports import markdown, pdf
from testigo_vault.reports.blocks import (
    Bullets,
    Code,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Quote,
    Report,
    Table,
    Verdict,
)
from testigo_vault.reports.parser import parse

MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HOSTILE = [
    '#read("policy.toml")',
    "#sys.inputs.paper",
    "$ sum $ *bold* _under_ `raw` = heading",
    "<label> @ref \\u{41} // comment /* more */",
    "[link](http://example.com) ![image](x.png) <b>html</b> &amp; &#65;",
    "| cell | cell |",
    "1. one",
    "- item",
    "# title",
    "> quote",
    "http://example.com www.example.com a@example.com",
    "***",
    "~~~",
    "``` `` `",
    "\\",
]


def report(*blocks, title="Title", language="en", **more):
    return Report(title, "Subtitle", language, list(blocks), **more)


def reader(data):
    import io

    return io.BytesIO(data)


# Markdown


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.text("`|\\*_#-+>.1)[]<&~= \n", max_size=12)))
@settings(max_examples=400, deadline=None)
def test_markdown_shows_what_stands_in_the_text(text):
    seen = plain(visible(re.sub(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", text)))
    blocks = (
        Paragraph(text),
        Heading(text, 2),
        Quote(text),
        Bullets([text]),
        Facts([("label", text)]),
        Table(["head"], [[text]]),
    )
    for block in blocks:
        found = words_of(markdown.render(report(block)))[2:]
        assert plain(found[-1] if found else "").removeprefix("label:") == seen, block


@given(st.text("`|\\* ax", max_size=12))
@settings(max_examples=300, deadline=None)
def test_code_in_markdown_is_whole(text):
    seen = plain(text).replace("|", "¦")
    for block in (Paragraph([Code(text)]), Table(["head"], [[["see ", Code(text)]]])):
        found = words_of(markdown.render(report(block)))[2:]
        assert plain("".join(found[-1:])).removeprefix("see") == seen, block


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_begins_no_link_by_itself(text):
    """As the autolinks of GitHub do, which a plain parser does not show."""
    assert not re.search(r"(?<!\\)(?:www\.|https?:|@)", markdown.render(report(Paragraph(text))))


def test_gaps_are_marked_and_listed():
    made = report(
        Facts([("a", Gap("one"))]), Table(["x"], [[["see ", Gap("two")]]]), Bullets([Gap("one")]), language="es"
    )
    assert made.gaps() == ["one", "two"]
    assert markdown.render(made).count("a rellenar") == 3
    assert text_of(reader(pdf.render(made, MADE))).count("arellenar") == 3


def test_backquotes_in_a_template_become_code():
    assert parse("see `testigo verify` now").blocks == [Paragraph(["see ", Code("testigo verify"), " now"])]


# PDF


@pytest.mark.parametrize("text", HOSTILE)
def test_pdf_shows_what_stands_in_the_text(text):
    made = report(
        Paragraph([text, Code(text), Gap(text)]),
        Quote(text),
        Verdict(text),
        Bullets([text]),
        Facts([(text, text)]),
        Table([text], [[text]]),
        Heading(text),
        title=text,
        footer=text,
    )
    data = pdf.render(made, MADE)
    assert text_of(reader(data)).count(plain(text)) >= 10
    assert not any("/Annots" in page for page in PdfReader(reader(data)).pages)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_set(text):
    assert pdf.render(report(Paragraph(text), Facts([(text, Code(text))]), Table(["x"], [[text]])), MADE)


def test_letters_that_no_font_has_are_named():
    text = text_of(reader(pdf.render(report(Paragraph("Ane 中 \u202eevil ñçßΩЖ\u0301")), MADE)))
    assert "Ane[U+4E2D]" in text and "\ufffdevil" in text and "ñçßΩЖ[U+0301]" in text


def test_long_words_stay_on_the_page():
    made = report(Table(["a", "b"], [["x" * 300, "y"]]), Facts([("label", Code("0" * 300))]))
    for page in PdfReader(reader(pdf.render(made, MADE))).pages:
        right = []
        page.extract_text(visitor_text=lambda text, cm, tm, font, size, right=right: right.append(tm[4]))
        assert max(right) < float(page.mediabox.width)


def test_the_same_report_is_the_same_bytes():
    made = report(Paragraph("text"), attachment=("x.json", "application/json", b"{}"))
    assert pdf.render(made, MADE) == pdf.render(made, MADE)
    assert pdf.render(made, MADE) != pdf.render(made, MADE.replace(year=2027))


# The page of a receipt


@pytest.fixture
def page(testigo, vault, appliance, tmp_path):
    def export(make, *options):
        make(vault, appliance)
        testigo("consent", "export", "branch-1/1", "--out", tmp_path / "r.json", "--pdf", tmp_path / "r.pdf", *options)
        return PdfReader(tmp_path / "r.pdf"), (tmp_path / "r.json").read_bytes()

    return export


def test_a_receipt_is_one_page_that_carries_the_receipt(page):
    pdf, file = page(calls.rich, "--language", "es")
    assert len(pdf.pages) == 1
    assert pdf.attachments["r.json"] == [file]
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"] and pdf.trailer["/Root"]["/Lang"] == "es"
    metadata = pdf.xmp_metadata
    assert metadata is not None and "pdfaid" in metadata.stream.get_data().decode()
    text = plain(pdf.pages[0].extract_text())
    for words in (
        "Justificante de consentimiento", "+34600111222", "17:13:21.900", calls.TEXTS["es"], calls.TEXTS["en"],
        "pulsando la tecla 1", calls.WORKER, "31.5 s", "1400 Hz", "+34600999888", "seguir la incidencia", "365 días",
        "RGPD, artículo 6.1.a", "branch-1, número 1", "Ejemplo e Hijos, S.L.", "privacidad@example.com",
    ):  # fmt: skip
        assert plain(words) in text, words
    head = json.loads(file)["testigo"]["recording"]["head"]
    assert head in text


@pytest.mark.parametrize(
    ("make", "title", "says"),
    [
        (calls.plain, "Consent receipt", "Consent was given before the first sound"),
        (calls.withdrawn, "Receipt of refusal or objection", "No audio is kept"),
        (calls.refused, "Receipt of refusal or objection", "objected before recording began"),
        (calls.listed, "Receipt of a call that was not recorded", "a number of the call is on the objection list"),
    ],
)
def test_the_page_says_how_it_came_out(page, make, title, says):
    pdf, _ = page(make, "--language", "en")
    text = plain(pdf.pages[0].extract_text())
    assert plain(title) in text and plain(says) in text and len(pdf.pages) == 1


@pytest.mark.parametrize(
    ("rule", "by", "says"),
    [
        ("notify", "notice", "by hearing the notice to its end"),
        ("opt-out", "timeout", "no key having been pressed in time"),
    ],
)
def test_neither_hearing_a_notice_nor_silence_is_reported_as_consent(page, rule, by, says):
    """GDPR article 4(11): consent is a clear affirmative act."""
    answer = ("consent", 6600, rule, True, by, "", "")

    def told(vault, appliance):
        policy = calls.POLICY.replace('rule = "opt-in"', f'rule = "{rule}"\nkey_timeout_s = 1')
        opening = calls.opening(calls.signed(vault, policy))
        opening[1] = (*opening[1][:-1], rule)
        events = [*opening, calls.played(5400), answer, calls.worker(6600), calls.tone(6600)]
        made = appliance.record(events=events, packets=calls.speech(0.5, start_ms=7000), seconds=20)
        assert calls.take(vault, made).state == "good"

    pdf, _ = page(told, "--language", "en")
    text = plain(pdf.pages[0].extract_text())
    assert plain("Receipt of notice") in text and plain(f"May be recorded: {says}") in text
    assert plain("Consent:") not in text and plain("Consent receipt") not in text.partition(plain("What was heard"))[0]
    sentence = event(answer[0], list(answer[2:]))
    assert sentence.startswith("Recording may begin: ") and "onsent" not in sentence


def test_a_hostile_name_on_the_page(page, vault):
    pdf, _ = page(
        lambda vault, appliance: calls.plain(vault, appliance, caller='sip:#read("x")*b*\u202e中@example.net')
    )
    assert '#read("x")*b*\ufffd[U+4E2D]' in plain(pdf.pages[0].extract_text())
