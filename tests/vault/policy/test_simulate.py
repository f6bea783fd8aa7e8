"""`testigo policy try`: what would happen to a call, decided by the appliance's code."""

import itertools
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.policy import parser
from testigo_vault.policy.consent_paths import OUTCOMES, paths
from testigo_wire.policy import consent

POLICY = """\
valid_from = 2026-01-01
valid_until = 2026-12-31
timezone = "Europe/Madrid"
[controller]
name = "Example"
contact = "privacy@example.com"
information = "www.example.com/calls"
[processing]
retention_days = 30
[numbering]
country_code = "34"

[[lines]]
name = "main"
direction = "in"
mode = "all"
basis = "consent"
purposes = ["proof"]
rule = "opt-in"
accept_key = "1"
object_key = "9"
repeats = 1
except = ["+34900"]
unrecorded_numbers = "last-3"
longest_minutes = 60
[lines.tone]
[lines.keys]
pause = "*1"
resume = "*2"
[[lines.notices]]
language = "es"
notice = "aviso"
key = "3"
[[lines.notices]]
language = "eu"
notice = "oharra"
key = "2"
called = ["+34943"]
[[lines.schedule]]
days = "mon-fri"
from = "08:00"
to = "18:00"
[[lines.schedule]]
days = "fri"
from = "22:00"
to = "02:00"
[[lines.acknowledgements]]
worker = "Ane"
date = 2026-01-15
text = "2"

[[lines]]
name = "main"
direction = "out"
mode = "on-demand"
basis = "contract"
purposes = ["proof"]
rule = "notify"
worker = "notice"
worker_notice = "staff"
notice_legs = "both"
only = ["+346"]
[[lines.notices]]
language = "es"
notice = "aviso"
[lines.keys]
start = "#1"
stop = "#2"

[[lines]]
name = "private"
mode = "never"
"""
CALL = {"from": "600 111 222", "to": "943 000 001", "line": "main", "at": "2026-11-25 10:00"}  # a Wednesday


@pytest.fixture
def attempt(testigo, folder):
    (folder / "policy.toml").write_text(POLICY)

    def run(**changes):
        options = [part for name, value in (CALL | changes).items() for part in (f"--{name}", value)]
        return json.loads(testigo("policy", "try", *options, "--json")), testigo("policy", "try", *options)

    return run


def step(found, what):
    return next(step["says"] for step in found["steps"] if step["what"] == what)


def outcomes(found):
    return {path["name"]: path["outcome"] for path in found["paths"]}


def test_a_call_that_needs_consent(attempt):
    found, shown = attempt()
    assert (found["caller"], found["callee"], found["outcome"], found["why"]) == (
        "+34600111222",
        "+34943000001",
        "asked",
        "",
    )
    assert found["at"] == "2026-11-25T10:00:00+01:00"
    assert step(found, "Caller") == "600 111 222: +34600111222"
    assert step(found, "Time") == "Wednesday 2026-11-25 10:00 (Europe/Madrid)"
    assert step(found, "Policy") == "valid from 2026-01-01 to 2026-12-31: in force"
    assert step(found, "Signed") == "no policy is signed yet"
    assert step(found, "Objections") == "not on the list"
    # The language of the number that was called, and the key of the other.
    assert step(found, "Notice").startswith("oharra (eu) to the other party, before the worker's telephone rings")
    assert step(found, "Notice").endswith("key 3 gives aviso (es)")
    assert step(found, "Worker") == "acknowledgements: 1 on file, 2026-01-15, text 2"
    assert step(found, "Tone").startswith("1400 Hz for 500 ms each 15 s, -20 dBm0")
    assert step(found, "Keys") == "pause *1, resume *2, a pause ends by itself after 120 s"
    assert step(found, "Longest") == "60 minutes"
    assert "the last three digits" in step(found, "Kept of numbers")
    assert outcomes(found) == {
        "No key": "unrecorded",
        "Key 1, to agree, after the notice": "recorded",
        "Key 1, to agree, while the notice is played": "recorded",
        "Key 9, to object, while the notice is played": "unrecorded",
        "Key 9, to object, after the notice": "unrecorded",
        "Key 9, to object, while it is recorded": "destroyed",
        "Another party joins while it is recorded": "recorded",
        "The notice is missing or cut short": "unrecorded",
        "Key 3, for es, while the notice is played": "recorded",
    }
    moves = {path["name"]: [move["does"] for move in path["moves"]] for path in found["paths"]}
    wait = "waits 10 s for a key"
    assert moves["No key"] == ["plays oharra", wait, "plays oharra", wait, "connects, unrecorded"]
    assert moves["Key 3, for es, while the notice is played"] == ["plays oharra", "plays aviso", wait, "records"]
    for text in ("+34600111222", "oharra", "What may come", "destroys what it holds", "[refused]"):
        assert text in shown


def test_another_language_is_chosen_by_its_key(attempt):
    found, _ = attempt(to="910000001")
    assert step(found, "Notice").startswith("aviso (es)") and step(found, "Notice").endswith("key 2 gives oharra (eu)")


@pytest.mark.parametrize(
    ("changes", "why", "says"),
    [
        ({"at": "2027-01-01 00:00"}, "policy expired", "valid from 2026-01-01 to 2026-12-31: policy expired"),
        ({"at": "2025-12-31 23:59"}, "policy not yet valid", "policy not yet valid"),
        (
            {"line": "other"},
            "no line in the policy",
            "no line other for incoming calls; there are main (in), main (out)",
        ),
        ({"line": "private", "direction": "out"}, "mode never", "no: this line is never recorded"),
        ({"at": "2026-11-28 10:00"}, "outside the schedule", "no: the line is not recorded at this time"),
        ({"at": "2026-11-25 18:00"}, "outside the schedule", "not recorded at this time"),
        ({"from": "900 123 123"}, "of the numbers not to be recorded", "one of those in `except`"),
        ({"direction": "out", "to": "943000001"}, "not of the numbers to be recorded", "none of those in `only`"),
        (
            {"direction": "out", "to": "anonymous"},
            "not of the numbers to be recorded",
            "anonymous: no telephone number",
        ),
    ],
)
def test_a_call_that_is_connected_unrecorded(attempt, changes, why, says):
    found, shown = attempt(**changes)
    assert (found["outcome"], found["why"], found["paths"]) == ("connected-unrecorded", why, [])
    assert says in shown and "connected and not recorded" in step(found, "Then")
    assert sum(step["stops"] for step in found["steps"]) == 1


@pytest.mark.parametrize(
    ("at", "recorded"),
    [
        ("2026-12-31 10:00", True),  # the last day counts
        ("2026-11-25 07:59", False),
        ("2026-11-25 08:00", True),
        ("2026-07-01 08:00", True),  # summer time
        ("2026-07-01 07:59", False),
        ("2026-07-01T06:00:00+00:00", True),
        ("2026-11-27 22:30", True),  # over midnight
        ("2026-11-28 01:59", True),
        ("2026-11-28 02:00", False),
        ("2026-11-27 01:00", False),
    ],
)
def test_the_schedule_uses_local_time(attempt, at, recorded):
    assert (attempt(at=at)[0]["outcome"] == "asked") == recorded


def test_the_default_time_is_now(testigo, folder):
    (folder / "policy.toml").write_text(POLICY)
    before = datetime.now(ZoneInfo("Europe/Madrid"))
    found = json.loads(testigo("policy", "try", "--from", "600111222", "--to", "943000001", "--json"))
    assert before <= datetime.fromisoformat(found["at"]) <= datetime.now(ZoneInfo("Europe/Madrid"))
    assert "is no time" in testigo("policy", "try", "--from", "1", "--to", "2", "--at", "soon", status=1)


@pytest.mark.parametrize("party", ["from", "to"])
def test_a_number_on_the_list_of_objections(attempt, testigo, vault, party):
    testigo("objections", "add", "+34600999888")
    found, shown = attempt(**{party: "600 999 888"})
    assert (found["outcome"], found["why"]) == ("connected-unrecorded", "objection list")
    assert "one of the two numbers is on the list of objections" in shown
    assert "the last three digits of the other party's number" in step(found, "Then")
    looked = [entry for entry in vault.log.entries() if entry.kind == "objections-check"]
    assert len(looked) == 2 and looked[0].detail == "by policy try"
    assert attempt()[0]["outcome"] == "asked"


def test_on_demand(attempt):
    found, _ = attempt(direction="out", **{"from": "101", "to": "600111222"})
    assert step(found, "Caller") == "101: a short number, taken as it stands"
    assert step(found, "Recorded") == "if the rule of consent is met, once the worker asks for it"
    assert step(found, "Notice") == "aviso (es) to both parties, when it is asked for"
    assert step(found, "Worker") == "hears the notice staff" and step(found, "Keys") == "start #1, stop #2"
    assert found["paths"][0]["moves"][0]["happens"] == "the worker wants it recorded"
    assert outcomes(found)["No key"] == "recorded"
    assert outcomes(found)["The worker wants no more of it recorded"] == "part-kept"
    assert outcomes(found)["Objection by the telephone (SIP) while it is recorded"] == "destroyed"


def test_whether_this_text_is_the_signed_one(attempt, testigo, vault, folder):
    for name, language in (("aviso", "es"), ("oharra", "eu"), ("staff", "es")):
        sign_notice(vault.organisation, name, language, "Words", NoticeAudio(bytes(800), bytes(800)))
    testigo("policy", "sign")
    assert step(attempt()[0], "Signed") == "as version 1"
    (folder / "policy.toml").write_text(POLICY + "# changed\n")
    found = json.loads(testigo("policy", "try", "--from", "600111222", "--to", "943000001", "--json"))
    assert step(found, "Signed") == "not yet: version 1 is of another text"


def test_without_a_vault(testigo, tmp_path, monkeypatch):
    monkeypatch.delenv("TESTIGO_VAULT")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY.replace('country_code = "34"', ""))
    said = testigo("policy", "try", "--from", "600111222", "--to", "943000001", "--at", "2026-11-25 10:00")
    assert "no vault here: the list was not looked at" in said
    assert "600111222: no E.164, since [numbering] has no country_code" in said


@pytest.mark.parametrize(
    ("objection", "impossible", "rule"),
    [*itertools.product(consent.OBJECTIONS, ("connect-unrecorded", "refuse-call"), consent.RULES)],
)
def test_every_path_ends_as_the_consent_table_says(tmp_path, objection, impossible, rule):
    text = POLICY.replace(
        'rule = "opt-in"', f'rule = "{rule}"\nobjection = "{objection}"\nimpossible = "{impossible}"', 1
    )
    line = parser.parse(text, tmp_path / "p.toml").lines[0]
    found = {path.name: path for path in paths(line, 0)}
    ends = objection == "end-call"
    assert found["No key"].outcome == ("unrecorded" if rule == "opt-in" else "recorded")
    early = found["Key 9, to object, while the notice is played"]
    assert early.outcome == ("ended" if ends else "unrecorded")
    late = found["Key 9, to object, while it is recorded"]
    assert late.outcome == ("ended-and-kept" if ends else "destroyed")
    assert [move.state for move in late.moves][-1] == ("given" if ends else "refused")
    missing = found["The notice is missing or cut short"]
    assert missing.outcome == ("ended" if impossible == "refuse-call" else "unrecorded")
    for path in found.values():
        # Nothing is recorded before the notice was heard to its end.
        happened = [move.happens for move in path.moves]
        for i, move in enumerate(path.moves):
            assert move.does != "records" or "it is heard to its end" in happened[: i + 1]
        assert path.words == OUTCOMES[path.outcome]


def test_a_call_to_an_emergency_number(attempt, testigo, folder):
    """Said first, and the same with a policy that is over, on a line that there is not, and behind a prefix."""
    for changes in (
        {"to": "112"},
        {"to": "0112"},
        {"to": "sip:+34112@example.net"},
        {"to": "urn:service:sos"},
        {"to": "016", "at": "2030-01-01 10:00"},
        {"to": "112", "line": "none"},
    ):
        found, shown = attempt(**{"direction": "out", "from": "200", **changes})
        assert (found["outcome"], found["why"]) == ("connected-unrecorded", "emergency"), changes
        steps = [each for each in found["steps"] if each["what"] != "Signed"]
        assert steps[0] == {
            "what": "Emergency",
            "says": "emergency call: connected at once, not recorded",
            "stops": True,
        }
        assert found["paths"] == [] and "emergency call: connected at once, not recorded" in shown
        assert step(found, "Call back") == "incoming calls are connected at once too for 30 minutes"
    found, _ = attempt(direction="in", to="112")
    assert found["why"] != "emergency", "a number of this side is none of an emergency centre"
    text = POLICY.replace("[[lines]]", "[emergency]\ncallback_minutes = 0\nnumbers = '5555'\n[[lines]]", 1)
    (folder / "policy.toml").write_text(text)
    found, _ = attempt(direction="out", to="5555", **{"from": "200"})
    assert step(found, "Call back") == "is announced as usual"
