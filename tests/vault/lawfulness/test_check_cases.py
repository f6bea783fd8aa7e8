"""Findings that depend on the policy, on who may open a recording, or on how it ended."""

import pytest

from support import policy_calls as calls
from support.fake_appliance import speech
from support.intake import take
from support.lawfulness.unlawful import END, STRANGER, destroyed, record, replaced, sealed_to
from support.policy_calls import POLICY
from testigo_vault.documents.archive import documents_of
from testigo_vault.documents.signing import sign_document
from testigo_vault.identity.keys import key_id
from testigo_vault.lawfulness import obligations
from testigo_vault.lawfulness.case import EVENT, FRAMES, Case, Step
from testigo_vault.lawfulness.course import course_of
from testigo_vault.policy import parser
from testigo_vault.policy.compiler import policy_body
from testigo_vault.primitives import public_bytes
from testigo_vault.recordings.reader import erase_audio
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies

OPT_OUT = POLICY.replace('rule = "opt-in"', 'rule = "opt-out"\nkey_timeout_s = 5')
YEAR_2025 = 1_740_000_000_000


def findings(vault, number=1):
    return {found.code: found.severity for found in RecordingIndex(vault.database).get(f"branch-1/{number}").findings}


def opt_out(by, key="", t_ms=10_500):
    def change(events):
        events = replaced("policy", None, None, None, "opt-out")(events)
        return [
            ("consent", t_ms, "opt-out", True, by, key, "rfc4733" if key else "") if event[0] == "consent" else event
            for event in events
        ]

    return lambda events: [
        (event[0], max(event[1], t_ms), *event[2:]) if event[0] in ("worker", "tone") else event
        for event in change(events)
    ]


def test_how_consent_was_given(vault, appliance):
    """Under opt-out: by a key, or because no objection came in all the time that the policy gives for it."""
    for way, expected in (
        (opt_out("key", "1"), set()),
        (opt_out("timeout"), set()),
        (opt_out("timeout", t_ms=10_000), {"consent-too-early"}),
        (opt_out("notice"), {"consent-way"}),
        (opt_out("key", "9"), {"consent-key"}),
    ):
        take(vault, record(vault, appliance, way, OPT_OUT, packets=speech(0.5, start_ms=11_000)))
        assert set(findings(vault, len(appliance.made))) == expected, expected


def test_an_objection_by_another_key(vault, appliance):
    digest = calls.signed(vault)
    after = [("objection", 3000, 1, "5", "info"), END]
    take(vault, appliance.record(events=calls.opening(digest), after=after, reason="refused", seconds=20))
    assert findings(vault) == {"objection-key": "irregular"}


def test_a_call_outside_the_dates_of_the_policy(vault, appliance):
    take(vault, record(vault, appliance, opened_ms=YEAR_2025))
    assert findings(vault) == {"policy-dates": "irregular"}
    take(vault, record(vault, appliance, opened_ms=YEAR_2025, clock=1))
    assert "policy-dates" not in findings(vault, 2)


def test_sound_between_a_stop_and_the_next_consent(vault, appliance, audio_key):
    events = [
        *calls.honest(calls.signed(vault)),
        ("stopped", 8000, "key"),
        calls.played(30_000),
        calls.answered(31_000),
    ]
    made = appliance.record(
        events=events, packets=speech(0.5, start_ms=12_000), after=[("hang_up", 40_000, 1, 200, "BYE")]
    )
    assert take(vault, made).state == "good"
    check_copies(vault, RecordingIndex(vault.database).get("branch-1/1"), 1, audio_key)
    assert findings(vault) == {"sound-outside-consent": "unlawful"}


@pytest.mark.parametrize(("version", "reason"), [(1, "power-loss"), (2, "erased")])
def test_audio_gone_after_a_power_cut(vault, appliance, version, reason):
    made = record(vault, appliance, reason=reason, after=None, version=version)
    made.data = erase_audio(made.data)
    assert take(vault, made).state == "good"
    assert findings(vault) == {"destroyed-after-cut": "irregular"}


def test_a_power_cut_alone_excuses_nothing_in_version_2(vault, appliance):
    made = record(vault, appliance, reason="power-loss", after=None, version=2)
    made.data = erase_audio(made.data)
    assert take(vault, made).state == "quarantined"
    assert findings(vault)["audio-destroyed"] == "unlawful"


def test_an_objection_explains_what_is_gone(vault, appliance):
    """The appliance lost its power between the objection and the event that counts what was erased."""
    made = record(vault, appliance, reason="power-loss", after=[("objection", 9000, 1, "9", "rfc4733")])
    made.data = erase_audio(made.data)
    assert take(vault, made).state == "good"
    assert findings(vault) == {}


def test_an_event_that_counts_less_than_is_gone(vault, appliance):
    after = [("objection", 9000, 1, "9", "rfc4733"), ("erased", 9100, 2), END]
    made = record(vault, appliance, reason="objection", after=after)
    made.data = erase_audio(made.data)
    assert take(vault, made).state == "quarantined"
    assert findings(vault) == {"audio-destroyed": "unlawful"}


def sign_for(vault, *strangers):
    """A policy that names further keys for the audio; its version."""
    source = parser.load(vault.folder / "policy.toml")
    more = [[1, key_id(public_bytes(key.public_key())), public_bytes(key.public_key())] for key in strangers]
    body = policy_body(source, [*vault.organisation.recipients(), *more])
    path = documents_of(vault.organisation).policy_path()
    return sign_document(vault.organisation, path, "policy", body, "policy.toml", text=source.text)


def test_a_change_of_recipients_is_explained(vault, appliance):
    calls.signed(vault)
    assert sign_for(vault, STRANGER) == 2
    change = vault.archive.key_changes()
    assert [(one.version, len(one.added), len(one.removed)) for one in change] == [(2, 1, 0)]
    make = sealed_to(STRANGER, own=True)
    # The events name version 2, whose document is the present one.
    import hashlib

    digest = hashlib.sha256(vault.documents.policy_path().read_bytes()).digest()
    events = calls.honest(digest, version=2)
    make(vault, appliance)  # from now on the appliance seals to both
    made = appliance.record(events=events, packets=speech(0.5, start_ms=7000), seconds=20)
    sign_for(vault, STRANGER)
    assert take(vault, made).state == "good"
    (found,) = RecordingIndex(vault.database).get(f"branch-1/{made.number}").findings
    assert (found.code, found.severity) == ("recipients-changed", "irregular")
    assert "policy version 2 says since 2025-12-31" in found.text
    del appliance.wrap
    made = appliance.record(events=events, packets=speech(0.5, start_ms=7000), seconds=20)
    take(vault, made)
    assert findings(vault, made.number) == {"recipient-missing": "irregular"}


def test_a_key_of_an_archived_policy_is_known(vault, appliance):
    """Sealed under the policy before, to a key that was the vault's then: not to a stranger."""
    calls.signed(vault)
    sign_for(vault, STRANGER)
    assert (1, key_id(public_bytes(STRANGER.public_key()))) in vault.archive.known_recipients()
    made = sealed_to(STRANGER, own=False)(vault, appliance)
    assert take(vault, made).receipt
    assert findings(vault) == {"policy-missing": "unchecked"}, "the events name another version 1"


def test_media_that_was_not_confirmed():
    header = ["testigo", 2, bytes(16), "branch-1", 1, bytes(32), 1, 2, 1, "0.3", bytes(8), 2, bytes(32), []]
    seal = ["seal", 9, bytes(32), 1, "hang-up", bytes(64)]

    def found(*confirmed):
        events = [["call", 0, "main", "in", "", "", "", "sip"], *(["confirmed", 5, leg, how] for leg, how in confirmed)]
        steps = [Step(EVENT, i, 1, event) for i, event in enumerate(events)] + [Step(FRAMES, 9, 3)]
        case = Case(header, seal, steps, {})
        return [one.code for one in obligations.check(case, course_of(case)) if one.code.startswith("leg-")]

    assert found((0, "rtp"), (1, "key")) == []
    assert found((0, "rtp"), (1, "none")) == ["leg-silent"]
    assert found((0, "rtp")) == ["leg-unconfirmed"]


def test_destroyed_audio_comes_first(vault, appliance):
    outcome = take(vault, destroyed(vault, appliance))
    assert outcome.receipt and outcome.reason.startswith("audio-destroyed (item")
