"""Evidence of consent from events: several requests in one call, the worker, pauses, objections."""

import pytest

from support.fake_appliance import NOTICE_DIGEST, call, speech
from support.intake import take
from support.pages import signed_in
from testigo_vault.recordings import wording
from testigo_vault.recordings.evidence import evidence_from, evidence_of
from testigo_vault.recordings.search import RecordingIndex

POLICY = ("policy", 0, 3, bytes(32), "all", "opt-in")
TERMS = ("terms", 0, "consent", "acknowledgement", "connect", True)


def notice(t_ms, language="es", leg=1, completed=True, name=None):
    played = 3500 if completed else 1200
    return ("notice", t_ms, leg, language, name or f"welcome-{language}", NOTICE_DIGEST, played, 3500, completed)


def agreed(t_ms, given=True, by="key", key="1"):
    return ("consent", t_ms, "opt-in", given, by, key, "rfc4733" if by == "key" else "")


def test_a_notice_in_another_language_is_the_same_request():
    events = [call(), POLICY, notice(2000, "es", completed=False), notice(6000, "en"), agreed(7000)]
    evidence = evidence_from(events)
    (request,) = evidence.consent_requests
    assert [one.language for one in request.notices] == ["es", "en"]
    assert (request.why, request.answer.at_ms, evidence.outcome) == ("call", 7000, "given")
    assert (request.notices[1].from_ms, request.notices[1].at_ms) == (2500, 6000)


def test_each_part_on_demand_has_its_own_request():
    events = [
        call(), ("policy", 0, 3, bytes(32), "on-demand", "opt-in"), ("started", 1000, "key"), notice(5000), agreed(5500),
        ("stopped", 20_000, "key"), ("started", 30_000, "host"), notice(35_000), agreed(36_000, False),
        ("hang_up", 40_000, 1, 200, "BYE"),
    ]  # fmt: skip
    evidence = evidence_from(events)
    assert [(one.why, one.answer.given) for one in evidence.consent_requests] == [("part", True), ("part", False)]
    assert [(one.from_ms, one.end_ms, one.ended_by) for one in evidence.parts] == [
        (1000, 20_000, "key"),
        (30_000, -1, ""),
    ]
    assert evidence.outcome == "given-in-part"
    assert (evidence.given, evidence.at_ms) == (True, 5500)


def test_a_party_that_joins_is_asked_again():
    events = [
        call(),
        POLICY,
        notice(4000),
        agreed(5000),
        ("joined", 9000, 1, "+34600999888", "identity"),
        notice(13_000),
    ]
    evidence = evidence_from(events)
    assert [(one.why, one.answer is None) for one in evidence.consent_requests] == [("call", False), ("joined", True)]
    assert evidence.joined[0].party == "+34600999888"


def test_a_party_on_the_workers_side_causes_no_request():
    evidence = evidence_from([call(), POLICY, notice(4000), agreed(5000), ("joined", 9000, 0, "101", "identity")])
    assert len(evidence.consent_requests) == 1


def test_the_workers_own_notice_is_no_request():
    events = [
        call(),
        POLICY,
        TERMS,
        notice(3000, leg=0, name="staff"),
        ("worker", 3000, "notice", "staff"),
        notice(8000),
    ]
    evidence = evidence_from(events)
    assert [one.name for one in evidence.other_notices] == ["staff"]
    assert [one.name for one in evidence.consent_requests[0].notices] == ["welcome-es"]
    assert (evidence.worker[0].by, evidence.worker[0].reference) == ("notice", "staff")
    assert (evidence.basis, evidence.high_level) == ("consent", True)


def test_pauses_have_their_length():
    pauses = [("pause", 9000, "key"), ("resume", 21_500, "limit"), ("pause", 30_000, "host")]
    evidence = evidence_from([call(), POLICY, notice(4000), agreed(5000), *pauses])
    assert [(one.length_ms, one.by, one.ended_by) for one in evidence.pauses] == [
        (12_500, "key", "limit"),
        (-1, "host", ""),
    ]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([notice(4000), agreed(5000), ("objection", 9000, 1, "9", "info"), ("erased", 9100, 7)], "withdrawn"),
        (
            [("objection", 3000, 1, "9", "info"), notice(3000, completed=False), agreed(3000, False, key="9")],
            "objected",
        ),
        ([("objection", 10, 1, "", "sdp")], "objected"),
        ([notice(4000), agreed(14_000, False, "timeout", "")], "unanswered"),
        ([notice(4000), agreed(5000, False, "sdp", "")], "refused"),
        ([("unrecorded", 5, "objection list")], "not-asked"),
    ],
)
def test_outcomes(events, outcome):
    evidence = evidence_from([call(), POLICY, *events])
    assert evidence.outcome == outcome
    assert evidence.verdict == wording.VERDICTS[outcome]
    assert evidence.kind == "calm"


@pytest.mark.parametrize(("by", "outcome"), [("key", "given"), ("notice", "informed"), ("timeout", "not-objected")])
def test_outcome_when_recording_may_begin(by, outcome):
    evidence = evidence_from([call(), POLICY, notice(4000), agreed(5000, by=by)])
    assert (evidence.outcome, evidence.kind) == (outcome, "good")


def test_the_index_has_the_numbers_in_full(vault, appliance):
    parties = ("parties", 4000, "+34600111222", "+34943123456")
    events = [call("*222", "+34943123456"), POLICY, notice(4000), parties, agreed(5000)]
    take(vault, appliance.record(events=events, packets=speech(0.2)))
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert (row.caller, row.callee) == ("+34600111222", "+34943123456")


def test_a_call_without_a_requested_part_is_unrecorded(vault, appliance):
    take(vault, appliance.record(events=[call(), ("policy", 0, 3, bytes(32), "on-demand", "opt-in")]))
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert row.outcome == "unrecorded"
    assert evidence_of(row).outcome == "not-asked"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (("unrecorded", "objection list"), "on the objection list"),
        (("unrecorded", "outside the schedule"), "not recorded at that time"),
        (("unrecorded", "emergency"), "an emergency call, which is never recorded"),
        (("unrecorded", "emergency call-back"), "this may have been the call back"),
        (("unrecorded", "gave way to an emergency call"), "so that an emergency call had its place"),
        (("unrecorded", "something new"), "something new"),
        (("pause", "key"), "Recording paused, by a key"),
        (("resume", "limit"), "Recording resumed, by the time limit"),
        (("started", "host"), "from here on, by command"),
        (("stopped", "sdp"), "no more of it recorded, by the telephone"),
        (("worker", "notice", "staff"), "by the notice 'staff'"),
        (("worker", "tone", ""), "by the warning tone"),
        (("parties", "", "+34943123456"), "unknown to +34943123456"),
        (
            ("terms", "contract", "tone", "end-call", True),
            "steps before it (GDPR article 6(1)(b)). An objection ends the call.",
        ),
        (("tone", 1400, 500, 15_000, 20), "1400 Hz for 500 ms every 15 s, at -20 dBm0"),
        (("joined", 1, "+34600999888", "conference"), "became a conference (+34600999888)"),
        (("objection", 1, "", "sdp"), "in the SDP of its telephone"),
        (("consent", "opt-in", False, "timeout", "", ""), "not given as no key came in time"),
    ],
)
def test_events_in_words(event, says):
    assert says in wording.event(event[0], list(event[1:]))


def test_the_page_shows_all_of_the_evidence(address, vault, appliance):
    worker = ("worker", 5000, "acknowledgement", "Ane 2026-01-02")
    tone = ("tone", 5000, 1400, 500, 15_000, 20)
    events = [call(), POLICY, TERMS, ("started", 500, "key"), notice(4000), agreed(5000), worker, tone]
    after = [
        ("pause", 7000, "key"), ("resume", 9500, "limit"), ("joined", 10_000, 1, "<b>\u202e", "identity"), notice(14_000),
        ("unrecorded", 14_000, "limit"), ("hang_up", 15_000, 1, 200, "BYE"),
    ]  # fmt: skip
    made = appliance.record(events=events, packets=speech(0.2, start_ms=5200), after=after, seconds=15)
    assert take(vault, made).state == "good"
    client = signed_in(address, "auditor")
    page = client.get(f"/recordings/{made.recording_id.hex()}").text
    for text in (
        "consent of the data subject (GDPR article 6(1)(a))", "High level", "for a part that the worker wanted",
        "because a party joined",
        "by an acknowledgement on file (Ane 2026-01-02)", "1400 Hz", "for 2.5 s, ended by the time limit",
        "&lt;b&gt;\ufffd", "the longest allowed time was reached", "from 0:00.500 to 0:04.000",
    ):  # fmt: skip
        assert text in page, text
