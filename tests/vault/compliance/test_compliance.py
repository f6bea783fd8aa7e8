"""Reports on data protection: all that the system knows stands in them, and what only people know is a marked gap."""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from support import policy_calls as calls
from support.report_text import plain, tags_of, text_of, words_of
from testigo_vault.compliance import facts as compliance_facts
from testigo_vault.compliance import processor_agreement, ropa, security_document
from testigo_vault.reports.blocks import Bullets, Facts, Table
from testigo_vault.timestamps import now_ms

REPORTS = {"ropa": ropa, "processor-agreement": processor_agreement, "security-document": security_document}


TEMPLATES = Path(compliance_facts.__file__).parent / "templates"


@pytest.mark.parametrize("name", sorted(path.name for path in (TEMPLATES / "en").iterdir()))
def test_both_languages_use_the_same_facts(name):
    es, en = TEMPLATES / "es" / name, TEMPLATES / "en" / name
    assert tags_of(es) == tags_of(en)
    assert es.read_text().count("`") == en.read_text().count("`")


def test_there_is_a_template_in_each_language():
    names = {language.name: sorted(path.name for path in language.iterdir()) for language in TEMPLATES.iterdir()}
    assert set(names) == {"es", "en"} and names["es"] == names["en"]


@pytest.fixture
def filled(vault, appliance):
    calls.plain(vault, appliance)
    vault.users.add("maite", ["security-officer"], "a long enough password", now_ms(), "Maite Example")
    vault.users.add("jon", ["supervisor"], "a long enough password", now_ms(), "Jon Example")
    return vault


def printed(testigo, kind, language="en", **options):
    return testigo("law", kind, "--language", language, *options.get("more", ()))


@pytest.mark.parametrize("kind", REPORTS)
def test_both_languages_say_the_same(filled, kind):
    facts = compliance_facts.gather(filled)
    es, en = (REPORTS[kind].report(facts, language) for language in ("es", "en"))
    assert [type(block) for block in es.blocks] == [type(block) for block in en.blocks]
    assert len(es.gaps()) == len(en.gaps())
    assert set(es.gaps()) & set(en.gaps()) == set()
    for block, other in zip(es.blocks, en.blocks, strict=True):
        if isinstance(block, Table):
            assert len(block.rows) == len(other.rows) and all(len(row) == len(block.head) for row in block.rows)
        if isinstance(block, Facts | Bullets):
            assert len(block.__dict__[next(iter(block.__dict__))]) == len(other.__dict__[next(iter(other.__dict__))])


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("language", ["es", "en"])
def test_as_markdown_and_as_pdf(testigo, filled, tmp_path, kind, language):
    said = printed(testigo, kind, language)
    assert "Ejemplo e Hijos, S.L." in said and "{" not in said and "None" not in said
    testigo("law", kind, "--language", language, "--out", tmp_path / "report.md")
    shown = [line for line in (tmp_path / "report.md").read_text().splitlines() if "SHA-256" not in line]
    assert [line for line in said.splitlines() if "SHA-256" not in line] == shown
    told = testigo("law", kind, "--language", language, "--out", tmp_path / "report.pdf")
    assert "to be filled in" in told
    pdf = PdfReader(tmp_path / "report.pdf")
    assert pdf.trailer["/Root"]["/Lang"] == language
    text = plain("".join(page.extract_text() for page in pdf.pages)).replace(":", "")
    text = re.sub(
        r"Example&SonsLtd·Testigo[\d.]+·(?:\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d)\d/\d", "", text
    )  # the foot of each page
    for line in words_of(said)[:-1]:
        for part in re.split(r"SHA-256|[0-9a-f]{64}", line):
            assert plain(part).replace(":", "")[:40] in text, line


def test_the_record_of_activities_has_all_that_article_30_asks(testigo, filled):
    said = printed(testigo, "ropa")
    for words in (
        "Calle Mayor 1, 31001 Pamplona", "B31000000", "dpd\\@example.com", "keep proof of what is agreed; follow up the incident",
        "GDPR article 6(1)(a)", "clientes and personas trabajadoras", "datos de contratos", "juzgados y tribunales",
        "365 days", "Grabaciones Norte, S.A.", "Alojamiento Sur, S.L.", "1 calls on record, 1 with audio", calls.TEXTS["en"],
        "by an acknowledgement on file: Ane Example 2026-01-31 version 1", "policy.toml, signed as version 1",
    ):  # fmt: skip
        assert words in said.replace("\\_", "_"), words


def test_what_the_system_knows_is_no_gap(filled):
    gaps = ropa.report(compliance_facts.gather(filled), "en").gaps()
    assert gaps == [
        "who else decides with the controller, if anybody",
        "which categories, and which exception of GDPR article 9(2)",
        "who deletes, when and how",
        "the processor's data protection officer",
    ]


def test_what_the_policy_leaves_open_is_a_gap(testigo, filled, tmp_path):
    policy = calls.POLICY.replace('address = "Calle Mayor 1, 31001 Pamplona"\n', "").replace(
        '"privacidad@example.com"', '"FILL IN: how people reach you"'
    )
    (tmp_path / "other.toml").write_text(policy)
    said = printed(testigo, "ropa", more=("--policy", tmp_path / "other.toml"))
    assert "⟨to be filled in: postal address⟩" in said and "⟨to be filled in: how people reach you⟩" in said
    assert "1 | who else" not in said and "| 1 | postal address |" in said
    assert "which was changed after it was signed as version 1" in said


def test_an_unsigned_policy(testigo, folder):
    said = printed(testigo, "ropa")
    assert "which is not signed yet" in said and "no calls" in said


def test_no_processor_no_agreement(testigo, filled, tmp_path):
    policy = re.sub(r"\[processor\].*?\n\n", "", calls.POLICY, flags=re.DOTALL)
    (tmp_path / "other.toml").write_text(policy)
    said = refused(testigo, tmp_path / "other.toml")
    assert "other.toml names no processor" in said and "add [processor]" in said
    assert "The processor's record" not in printed(testigo, "ropa", more=("--policy", tmp_path / "other.toml"))


def refused(testigo, policy):
    return testigo("law", "processor-agreement", "--policy", policy, status=1)


def test_the_agreement_has_every_letter_of_article_28(testigo, filled):
    said = printed(testigo, "processor-agreement")
    for letter in "abcdefgh":
        assert f"### {letter}) " in said
    for words in (
        "A48000000",
        "Calle Nueva 2, 48001 Bilbao",
        "May listen, by their role: Jon Example",
        "365 days after",
    ):
        assert words in said, words


def test_the_security_document_has_every_measure(testigo, filled):
    said = printed(testigo, "security-document")
    for article in (87, *range(89, 105)):
        assert f"### Article {article}." in said
    for words in (
        "Maite Example | maite | security officer | active", "Appliance branch-1 | certified on", "With that role in the system: "
        "Maite Example", "Copy first: the same disk as the vault", "A session ends after 480 minutes",
        "5 wrong passwords from one address lock a name for that address for 15 minutes", "50 from everywhere",
        "serves the machine itself only", "in organisation/service.secret",
    ):  # fmt: skip
        assert words.replace("_", "\\_") in said.replace("\\|", "|") or words in said, words


def test_the_security_document_follows_the_settings(testigo, filled, folder, monkeypatch, tmp_path):
    text = (folder / "vault.toml").read_text()
    text = text.replace("session_minutes = 480", "session_minutes = 60").replace(
        "unlock_minutes = 15", "unlock_minutes = 5"
    )
    text = text.replace("[web]                         # people", "[web]\n# people").replace(
        'host = "127.0.0.1"\nport = 0\nsecure', 'host = "0.0.0.0"\nport = 0\nsecure'
    )
    (folder / "vault.toml").write_text(text)
    folder.chmod(0o755)
    (tmp_path / "secret").write_text((folder / "organisation" / "service.secret").read_text())
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET_FILE", str(tmp_path / "secret"))
    testigo("user", "disable", "jon")
    testigo("vault", "revoke", "branch-1", "--reason", "stolen")
    testigo("verify")
    said = printed(testigo, "security-document")
    for words in (
        "A session ends after 60 minutes; the audio key is forgotten after 5", "serves other machines (0.0.0.0) without TLS",
        "is open to other users of the machine", "outside the vault's folder", "Jon Example | jon | supervisor | disabled on",
        "shut out on", "Inventory of appliances: none",
    ):  # fmt: skip
        assert words in said.replace("\\_", "_"), words


@pytest.mark.parametrize(
    ("keys", "limit", "says"),
    [
        ("*1", "120", "by \\*1, until \\*2 or 120 s: neither sound"),
        ("", "60", "by a command or the telephone, until another or 60 s"),
        ("", "", "none: this line cannot be paused"),
    ],
)
def test_the_reports_say_how_a_line_is_paused(testigo, filled, tmp_path, keys, limit, says):
    """As the appliance does it: without a limit there is no pause, not by a command either."""
    policy = re.sub(r"(?m)^keys = .*\n", "", calls.POLICY)
    settings = 'keys = { pause = "*1", resume = "*2" }\n' if keys else ""
    settings += f"pause_limit_s = {limit}\n" if limit else ""
    (tmp_path / "other.toml").write_text(policy.replace('rule = "opt-in"\n', 'rule = "opt-in"\n' + settings))
    for kind in ("ropa", "processor-agreement"):
        assert f"**Pause:** {says}" in printed(testigo, kind, more=("--policy", tmp_path / "other.toml"))


@pytest.mark.parametrize(
    ("kept", "says"), [("full", "in full"), ("last-3", "its last three digits"), ("none", "not kept")]
)
def test_the_record_of_activities_says_what_is_kept_of_numbers(testigo, filled, tmp_path, kept, says):
    policy = calls.POLICY.replace('rule = "opt-in"\n', f'rule = "opt-in"\nunrecorded_numbers = "{kept}"\n')
    (tmp_path / "other.toml").write_text(policy)
    assert f"**Number in unrecorded calls:** {says}" in printed(
        testigo, "ropa", more=("--policy", tmp_path / "other.toml")
    )


def test_the_level_is_a_gap_where_no_line_is_high(testigo, filled, tmp_path):
    (tmp_path / "other.toml").write_text(calls.POLICY.replace("high_level = true", "high_level = false"))
    said = printed(testigo, "security-document", more=("--policy", tmp_path / "other.toml"))
    assert "⟨to be filled in: the level that applies (article 81)⟩" in said


def test_the_language_follows_the_jurisdiction(testigo, filled, tmp_path):
    assert testigo("law", "ropa").startswith("# Registro de actividades")
    (tmp_path / "other.toml").write_text(calls.POLICY.replace('jurisdiction = "ES"', 'jurisdiction = "EU"'))
    assert testigo("law", "ropa", "--policy", tmp_path / "other.toml").startswith("# Record of processing")


def test_a_hostile_controller(testigo, filled, tmp_path):
    name = '#read(\\"x\\") <b> | [a](b) *c*'
    (tmp_path / "other.toml").write_text(calls.POLICY.replace("Ejemplo e Hijos, S.L.", name))
    for kind in REPORTS:
        said = printed(testigo, kind, more=("--policy", tmp_path / "other.toml"))
        assert any('#read("x") <b> | [a](b) *c*' in line for line in words_of(said)), kind
        testigo("law", kind, "--policy", tmp_path / "other.toml", "--out", tmp_path / f"{kind}.pdf")
        assert '#read("x")<b>|[a](b)*c*' in text_of(tmp_path / f"{kind}.pdf")


def test_reports_overwrite_nothing_and_a_pdf_needs_a_file(testigo, filled, tmp_path):
    (tmp_path / "report.md").write_text("edited by hand")
    assert "exists already" in testigo("law", "ropa", "--out", tmp_path / "report.md", status=1)
    assert "Add --out FILE.pdf" in testigo("law", "ropa", "--format", "pdf", status=1)
    testigo("law", "ropa", "--format", "pdf", "--out", tmp_path / "report")
    assert (tmp_path / "report").read_bytes().startswith(b"%PDF-")
    assert "no file" in testigo("law", "ropa", "--policy", tmp_path / "none.toml", status=1)
