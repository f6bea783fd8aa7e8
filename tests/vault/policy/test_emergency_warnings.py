"""Settings that could hide an emergency number, or that mean nothing for one, cause a warning that says what to do."""

from datetime import UTC, datetime

import pytest

from testigo_vault.policy import parser, warnings

NOW = datetime(2026, 6, 1, tzinfo=UTC)
POLICY = """\
[controller]
name = "Example"
contact = "privacy@example.com"
information = "www.example.com/calls"
[processing]
retention_days = 30
[numbering]
country_code = "34"
[emergency]
numbers = ["5555"]

[[lines]]
name = "main"
direction = "out"
mode = "all"
basis = "consent"
purposes = ["proof"]
rule = "opt-in"
accept_key = "1"
object_key = "9"
longest_minutes = 60
except = ["200"]
[[lines.notices]]
language = "es"
notice = "aviso"
[[lines.acknowledgements]]
worker = "Ane"
date = 2026-01-15
text = "2"
"""
SHORT = "lines[0].except[0] is '200': it fits short numbers dialled as they stand, such as extensions; for an area write +...200"


def found(tmp_path, old="", new=""):
    """The warnings, without the one about extensions."""
    assert old in POLICY
    source = parser.parse(POLICY.replace(old, new, 1) if old else POLICY, tmp_path / "policy.toml")
    return [problem.text for problem in warnings.warnings(source, NOW) if problem.text != SHORT]


def test_nothing_to_warn_about(tmp_path):
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('country_code = "34"', "", "of emergency numbers only 112, 911 and the like are known"),
        (
            'country_code = "34"\n[emergency]\nnumbers = ["5555"]',
            'country_code = "46"',
            "numbering.country_code is 46: no emergency number of that country is known here beside 112, 911 and the like; "
            "add the others to [emergency] numbers",
        ),
        (
            'country_code = "34"',
            'country_code = "34"\nnational_prefix = "01"',
            "numbering.national_prefix is 01: 016 begins with it; make sure that the exchange does not take it off, "
            "for of 016 it would dial 6",
        ),
        (
            "[emergency]",
            '[emergency]\noutside_prefix = "11"',
            "emergency.outside_prefix is 11: 112 begins with it; make sure that the exchange does not take it off, "
            "for of 112 it would dial 2",
        ),
        (
            '"5555"',
            '"943000001"',
            "emergency.numbers[0] is 943000001, an ordinary number: no call to it is announced or recorded, and it may "
            "end other calls",
        ),
        ('"5555"', '"+34943000001"', "is +34943000001, an ordinary number"),
        ('"5555"', '"016"', "emergency.numbers[0] is 016, which is an emergency number already"),
        (
            "[emergency]",
            "[emergency]\ncallback_minutes = 0",
            "emergency.callback_minutes is 0: when the emergency centre calls back, it hears the notice",
        ),
        (
            '"200"',
            '"112"',
            "lines[0].except[0] is 112, an emergency number: it means nothing for calls to it: they are connected at once "
            "and never recorded",
        ),
        ('except = ["200"]', 'only = ["091"]', "lines[0].only[0] is 091, an emergency number"),
        ('except = ["200"]', 'only = ["5555"]', "lines[0].only[0] is 5555, an emergency number"),
        ('except = ["200"]', 'except = ["+34112"]', "lines[0].except[0] is +34112, an emergency number"),
        (
            '"200"',
            '"8112"',
            "lines[0].except[0] is 8112: if 8 is dialled for an outside line, name it as outside_prefix of [emergency], "
            "so that 112 is recognised behind it",
        ),
    ],
)
def test_a_warning(tmp_path, old, new, said):
    texts = found(tmp_path, old, new)
    assert [said in text for text in texts] == [True], texts


def test_numbers_of_incoming_calls_have_an_effect(tmp_path):
    """An emergency centre may call with its short number."""
    text = POLICY.replace('"200"', '"112"').replace('direction = "out"', 'direction = "in"')
    assert warnings.warnings(parser.parse(text, tmp_path / "policy.toml"), NOW) == []


def test_signing_and_checking_print_them(testigo, folder):
    (folder / "policy.toml").write_text(POLICY.replace('"200"', '"112"'))
    shown = testigo("policy", "check", status=1)  # its notice is not made
    assert "except[0] is 112, an emergency number" in shown
    assert "Emergency calls: connected at once, never recorded; also to 5555" in " ".join(shown.split())
