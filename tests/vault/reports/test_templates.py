"""Templates of reports: sentences as Markdown, values that are never read as markup."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from testigo_vault.reports.blocks import (
    BAD,
    Bullets,
    Code,
    Facts,
    Gap,
    Heading,
    Paragraph,
    Quote,
    Table,
    Verdict,
)
from testigo_vault.reports.parser import TemplateError, parse
from testigo_vault.reports.templates import Templates
from testigo_vault.reports.values import mark, unmark

HOSTILE = [
    "**bold**",
    "- item\n- item",
    "| a | b |",
    "# title\n\ntext",
    "`code`",
    "{{ x }}",
    "{% x %}",
    "<b>&amp;</b>",
    "1. one",
]


@pytest.fixture
def written(tmp_path):
    """written(text, **values): the blocks of a template with that text."""
    (tmp_path / "en").mkdir()

    def blocks(text, **values):
        (tmp_path / "en" / "page.md.j2").write_text(text, encoding="utf-8")
        return Templates(tmp_path, "en", {"upper": str.upper}).blocks("page", **values)

    return blocks


def test_each_block_of_markdown_becomes_a_block_of_the_report(tmp_path):
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / "page.md.j2").write_text(
        "# Title\n\nSubtitle\n\n**Outcome**\n\n## One\n### Two\n\nA line\nand `code`.\n\n*Small.*\n\n> Spoken\n\n"
        "- a\n- b {{ gap('what') }}\n\n### Three\n\n- **A:** x\n- **B:**\n  y\n\n"
        "| h | i |\n| - | --- |\n| 1 | {{ x | code }} |\n\n---\n\nFooter\n"
    )
    report = Templates(tmp_path, "es", {}).report("page", verdict=BAD, x="a|b")
    assert (report.title, report.subtitle, report.language, report.footer) == ("Title", "Subtitle", "es", "Footer")
    assert report.blocks == [
        Verdict("Outcome", BAD),
        Heading("One", 1),
        Heading("Two", 2),
        Paragraph(["A line and ", Code("code"), "."]),
        Paragraph("Small.", quiet=True),
        Quote("Spoken"),
        Bullets(["a", ["b ", Gap("what")]]),
        Heading("Three", 2),
        Facts([("A", "x"), ("B", "y")]),
        Table(["h", "i"], [["1", [Code("a|b")]]], [1, 3]),
    ]
    assert report.gaps() == ["what"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_text_wherever_it_stands(written, text):
    found = written(
        "## {{ x }}\n\n{{ x }}\n\n*{{ x }}*\n\n> {{ x }}\n\n- {{ x }}\n\n| h |\n| - |\n| {{ x }} |\n\n"
        "{% macro part(v) %}({{ v }}){% endmacro %}{{ part(x) }}\n",
        x=text,
    )
    assert found == [
        Heading(text, 1),
        Paragraph(text),
        Paragraph(text, quiet=True),
        Quote(text),
        Bullets([text]),
        Table(["h"], [[text]], [1]),
        Paragraph(f"({text})"),
    ]


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_through_markdown_unchanged(text):
    for piece in (text, Code(text), Gap(text)):
        expected = [piece] if text or not isinstance(piece, str) else []
        assert unmark(mark(piece)) == expected
        parsed = parse(f"- x {mark(piece)} y\n").blocks[0]
        whole = f"x {text} y" if isinstance(piece, str) else ["x ", piece, " y"]
        assert parsed == Bullets([whole])


def test_a_label_may_be_a_value(written):
    assert written("- **{{ x }}:** {{ x }}\n", x="a*b:") == [Facts([("a*b:", "a*b:")])]


def test_a_gap_may_name_a_value(written):
    assert written("- {{ gap('who has {key}', key=x) }}\n", x="{a} *") == [Bullets([[Gap("who has {a} *")]])]


def test_filters_get_the_value_itself(written):
    assert written("{{ x | upper }} {{ x ~ '!' }} {{ n }}\n", x="a & b", n=3) == [Paragraph("A & B a & b! 3")]


@pytest.mark.parametrize("text", ["{{ there_is_none }}", "{{ x.there_is_none }}", "{{ y.a.b }}"])
def test_a_name_that_is_not_there_is_an_error(written, text):
    with pytest.raises(UndefinedError):
        written(text, x="a", y={})


@pytest.mark.parametrize("value", [None, True])
def test_what_is_no_text_is_an_error(written, value):
    with pytest.raises(TypeError, match="no text"):
        written("{{ x }}", x=value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("text **bold** text", "emphasis stands for a whole paragraph"),
        ("##### Deep", "line 1: a report has no heading"),
        ("a\n\n---\n\nb\n\nc", "line 3: a report has no hr"),
        ("- a\n\n  b", "an item of a list is one paragraph"),
        ("1. a", "line 1: a report has no ordered list"),
        ("## {{ gap('x') }}", "plain text"),
    ],
)
def test_markdown_that_no_report_has_is_an_error(written, text, says):
    with pytest.raises(TemplateError, match=says):
        written(text)


def test_links_and_html_in_a_template_are_plain_text(written):
    assert written("[a](b) <b>x</b> &amp;\n") == [Paragraph("[a](b) <b>x</b> &amp;")]
