"""The presets: every one loads, is refused while something is left to fill in, and is signed once nothing is."""

import datetime
import re

import pytest

from support.vault_fixtures import FILLED, filled
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.policy import checks, parser, presets, warnings

NOW = datetime.datetime.now(datetime.UTC)
NAMES = ("eu", "germany", "mifid", "spain", "uk", "us-two-party")
OWN = FILLED | {
    "name": '"Example"',
    "address": '"1 Example Street"',
    "tax_id": '"X1234567"',
    "dpo": '"dpo@example.com"',
    "authority": '"The authority"',
    "timezone": '"Europe/Brussels"',
    "country_code": '"32"',
    "national_prefix": '"0"',
}


def complete(name):
    return filled(presets.text(name), OWN)


@pytest.fixture(params=NAMES)
def preset(request):
    return request.param


@pytest.fixture
def notices(vault, preset):
    source = parser.parse(complete(preset), vault.folder / "policy.toml")
    for voice in source.lines[0].notices:
        sign_notice(vault.organisation, voice.notice, voice.language, "Words", NoticeAudio(bytes(800), bytes(800)))
    return vault


def test_there_are_presets_of_six_laws(testigo):
    assert tuple(presets.names()) == NAMES
    said = testigo("policy", "presets")
    for name in NAMES:
        assert f"{name:<13} {presets.sentence(name)}" in said
        assert re.fullmatch(r"[A-Z][^\n]{40,130}\.", presets.sentence(name))


def test_a_preset_is_signed_once_it_is_filled_in(notices, preset, testigo):
    path = notices.folder / f"policy-{preset}.toml"
    assert "FILL IN, then" in testigo("policy", "new", preset, "--controller", 'Example "A\\B" Ltd')
    said = testigo("policy", "sign", path, status=1)
    rows = path.read_text().splitlines()
    left = [i + 1 for i, row in enumerate(rows) if '"FILL IN' in row]
    assert len(left) >= 3 and [int(found) for found in re.findall(r"toml line (\d+):", said)] == left
    assert said.count("is still to be filled in: ") == len(left)
    assert f"{len(left)} errors, 0 warnings." in testigo("policy", "check", path, status=1)
    path.write_text(filled(path.read_text(), OWN))
    assert "0 errors, 0 warnings." in testigo("policy", "check", path)
    assert "Policy version 1 signed." in testigo("policy", "sign", path)
    folder = notices.documents
    document = folder.read(folder.policy_path())
    assert document.body[2] == 'Example "A\\B" Ltd'
    assert folder.archived_policy(1)[1] == path.read_text()


def test_a_new_policy_overwrites_no_file(testigo, folder, preset):
    (folder / f"policy-{preset}.toml").write_text("mine")
    assert "exists already" in testigo("policy", "new", preset, status=1)
    assert (folder / f"policy-{preset}.toml").read_text() == "mine"
    testigo("policy", "new", preset, "--out", folder / "other.toml")
    assert (folder / "other.toml").read_text() == presets.text(preset)
    assert "cannot be written" in testigo("policy", "new", preset, "--out", folder / "no" / "x.toml", status=1)


def test_an_unknown_preset(testigo):
    said = testigo("policy", "new", "mars", status=1)
    assert "No preset is called 'mars'" in said and "eu, germany, mifid" in said


def test_a_preset_can_be_tried_before_it_is_filled_in(testigo, tmp_path, preset):
    testigo("policy", "new", preset, "--out", tmp_path / "p.toml")
    said = testigo("policy", "try", "--from", "+32470111222", "--to", "+3220000000", tmp_path / "p.toml")
    assert "What may come" in said


def test_each_preset_follows_its_law(tmp_path):
    lines = {name: parser.parse(complete(name), tmp_path / "p.toml") for name in NAMES}
    rules = {name: (source.lines[0].rule, source.lines[0].basis) for name, source in lines.items()}
    assert rules == {
        "eu": ("opt-out", "legitimate-interest"),
        "germany": ("opt-in", "consent"),
        "mifid": ("notify", "legal-obligation"),
        "spain": ("opt-in", "consent"),
        "uk": ("notify", "legitimate-interest"),
        "us-two-party": ("notify", "legitimate-interest"),
    }
    for name, source in lines.items():
        line = source.lines[0]
        assert line.object_key and line.high_level == (name == "spain")
        assert (line.objection == "end-call") == (line.impossible == "refuse-call") == (name == "mifid")
        assert checks.unfinished(source, NOW) == [] and warnings.warnings(source, NOW) == []
    tone = lines["us-two-party"].lines[0].tone
    assert (tone.hertz, tone.length_ms, tone.interval_ms) == (1400, 500, 15_000)
    assert lines["mifid"].processing.retention_days >= 5 * 365


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("spain", 'rule = "opt-in"', 'rule = "notify"', "rule is notify with basis consent: consent needs an act"),
        ("spain", 'rule = "opt-in"', 'rule = "opt-out"', "rule is opt-out with basis consent"),
        ("spain", 'rule = "opt-in"', 'rule = "opt-out"', "rule is opt-out with high_level"),
        ("spain", 'basis = "consent"', 'basis = "contract"', "basis is contract with rule opt-in"),
        ("spain", 'object_key = "9"', "", "object_key is missing: consent is as easy to withdraw"),
        ("spain", 'dpo = "dpo@example.com"', "", "controller.dpo is missing"),
        ("spain", 'objection = "connect"', 'objection = "end-call"', "objection is end-call without a duty"),
        ("uk", 'object_key = "9"', "", "object_key is missing: with basis legitimate-interest people have the right"),
        ("uk", 'rule = "notify"', 'rule = "notify"\naccept_key = "1"', "accept_key means nothing with rule notify"),
        ("uk", 'country_code = "44"', "", "numbering.country_code is missing"),
        ("uk", "longest_minutes = 120", "", "longest_minutes is missing"),
        ("uk", "longest_minutes = 120", "longest_minutes = 1000", "longest_minutes is 1000: the vault takes"),
        ("uk", 'mode = "all"', 'mode = "on-demand"', "keys.start is missing: on demand"),
        ("uk", 'pause = "*1"', 'start = "#1", stop = "#2", pause = "*1"', "keys.start means nothing with mode all"),
        ("uk", 'mode = "all"', 'mode = "all"\nonly = ["943"]', "only[0] is '943': it fits short numbers"),
        ("uk", 'mode = "all"', 'mode = "all"\nworker_notice = "x"', "worker_notice means nothing"),
        ("us-two-party", 'order = "answer-first"', "", "notice_legs is both with order notice-first"),
        ("eu", "key_timeout_s = 5", "repeats = 1", "repeats means nothing with rule opt-out"),
        ("mifid", 'rule = "notify"', 'rule = "opt-out"', "rule is opt-out with basis legal-obligation"),
        ("mifid", 'objection = "end-call"', "", "objection is connect with basis legal-obligation"),
        ("mifid", 'impossible = "refuse-call"', "", "impossible is connect-unrecorded with basis legal-obligation"),
        ("mifid", 'mode = "all"', 'mode = "on-demand"', "mode is on-demand with basis legal-obligation"),
        ("germany", 'rule = "opt-in"', 'rule = "notify"', "in jurisdiction DE: recording the spoken word"),
        (
            "germany",
            "timezone =",
            f"valid_until = {NOW.date() + datetime.timedelta(5)}\ntimezone =",
            "from the next day on",
        ),
        (
            "germany",
            "timezone =",
            f"valid_from = {NOW.date() + datetime.timedelta(5)}\ntimezone =",
            "until then appliances",
        ),
    ],
)
def test_settings_against_the_law_cause_a_warning(tmp_path, name, old, new, said):
    text = complete(name)
    assert re.search(f"^.*{re.escape(old)}", text, re.MULTILINE)
    text = text.replace(old, new, 1)
    found = warnings.warnings(parser.parse(text, tmp_path / "p.toml"), NOW)
    assert any(said in problem.text for problem in found), found


def test_a_notice_that_is_never_played_causes_a_warning(tmp_path):
    text = complete("spain") + '\n[[lines.notices]]\nlanguage = "eu"\nnotice = "aviso-eu"\n'
    found = warnings.warnings(parser.parse(text, tmp_path / "p.toml"), NOW)
    assert [problem.text for problem in found] == [
        "lines[0].notices[1] is never played: give it a key, or prefixes of called numbers"
    ]
    assert found[0].line == text[: text.rindex("[[lines.notices]]")].count("\n") + 1


def test_a_schedule_in_utc_causes_a_warning(tmp_path):
    text = complete("uk").replace('timezone = "Europe/London"', "") + '\n[[lines.schedule]]\ndays = "mon-fri"\n'
    found = warnings.warnings(parser.parse(text, tmp_path / "p.toml"), NOW)
    assert [problem.text for problem in found] == ["timezone is UTC, and there are schedules: are they meant in UTC?"]


def test_signing_prints_the_warnings(vault, testigo):
    sign_notice(vault.organisation, "welcome", "en", "Hello", NoticeAudio(bytes(800), bytes(800)))
    assert "warning: policy.toml line" in testigo("policy", "sign")
