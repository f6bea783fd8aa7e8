"""Which calls are recorded, in parts, at which hours, of which numbers, and in which language callers are told."""

import time
from datetime import UTC, datetime

import pytest

from support.branch import NOTICE_MS, events, names, sound
from support.items import audio
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import Caller, Worker, answering, calling

ON_DEMAND = {"mode": "on-demand", "rule": "notify", "keys": ["*1", "*0", "*2", "*3"], "pause_limit_ms": 60000}


def keys(scenario, sequence: str):
    for key in sequence:
        scenario.info(key)
    return scenario


def test_on_demand_keeps_the_requested_parts(branch):
    """Two parts in one call, each after its notice; what was said before, between and after is nowhere."""
    branch.policy(**ON_DEMAND)
    worker = Worker().incoming().ring().answer().talk().pause(600)
    for _ in range(2):
        keys(worker, "*1").pause(NOTICE_MS + 900)
        keys(worker, "*0").pause(500)
    branch.call(calling().notice().notice().pause(3000).bye(), worker.expect_bye())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert events(recording, "started") == [["key"]] * 2 and events(recording, "stopped") == [["key"]] * 2
    assert [notice[6] for notice in events(recording, "notice")] == [True, True]
    assert [consent[1] for consent in events(recording, "consent")] == [True, True]
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    assert heard.count(branch.notice_audio["PCMU"]) == 2
    for leg, kept in enumerate(branch.vault.raw(recording)):
        said = b"".join(packet.payload for packet in branch.captures[leg].calls[0].said_audio())
        # two stretches of what was said, and nothing between them
        first = next(n for n in range(len(kept), 0, -160) if said.find(kept[:n]) >= 0)
        assert first and kept[first:] in said
        assert said.find(kept[first:]) > said.find(kept[:first]) + first


def test_on_demand_without_a_request_keeps_nothing(branch):
    branch.policy(**ON_DEMAND)
    branch.call(calling().pause(900).bye(), answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("unrecorded", "none")
    assert events(recording, "unrecorded") == [["on demand, and nobody wanted it"]]
    assert not any(audio(copy) for copy in branch.vault.copies(recording))


def test_an_objection_between_two_parts_destroys_the_first(branch):
    branch.policy(**ON_DEMAND)
    worker = Worker().incoming().ring().answer().talk().pause(300)
    keys(worker, "*1").pause(NOTICE_MS + 600)
    keys(worker, "*0").pause(1500)
    keys(worker, "*1").pause(800)
    branch.call(calling().notice().pause(1300).info("9").pause(2200).bye(), worker.expect_bye())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("objection", "erased")
    assert events(recording, "started") == [["key"]], "after an objection nothing is asked again"
    assert not any(audio(copy) for copy in branch.vault.copies(recording))


def test_on_demand_stopped_during_the_notice(branch):
    """Start, and stop before the notice is over: no part begins; a later start begins with its notice."""
    branch.policy(**ON_DEMAND)
    worker = Worker().incoming().ring().answer().talk().pause(400)
    keys(worker, "*1").pause(100)
    keys(worker, "*0").pause(900)
    keys(worker, "*1").pause(NOTICE_MS + 700)
    branch.call(calling().notice().pause(2000).bye(), worker.expect_bye())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert [notice[6] for notice in events(recording, "notice")] == [False, True]
    assert [consent[1] for consent in events(recording, "consent")] == [True]
    began = [event.t_ms for event in recording.events if event.name == "started"]
    for kept in branch.vault.raw(recording):
        assert 0 < len(kept) / 8 < recording.events[-1].t_ms - began[1]


def test_on_demand_by_the_host(branch):
    branch.policy(**ON_DEMAND)
    ends = [branch.worker(answering()), branch.caller(calling().pause(3000).bye())]
    wait_for(lambda: branch.near.calls and len(branch.near.calls[0].heard_audio()) > 10, 10, "talk")
    assert branch.port.request("record", "start", 0) == branch.first_number
    for end in ends:
        end.succeeded()
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert events(recording, "started") == [["host"]]


@pytest.mark.parametrize("inside", [True, False])
def test_schedule(branch, inside):
    """A line that is recorded at this hour, or at any other, of a place two hours east of Greenwich."""
    now = datetime.now(UTC)
    minute = (now.hour * 60 + now.minute + 120) % 1440
    day = (now.weekday() + (now.hour * 60 + now.minute + 120) // 1440) % 7
    hour = [1 << day, max(0, minute - 5), min(1440, minute + 30)]
    others = [[1 << day, 0, hour[1]], [127 - (1 << day), 0, 1440]]
    spans = [hour] if inside else [span for span in others if span[1] < span[2]]
    branch.policy(rule="notify", schedule=spans, offsets=[[0, 1440 + 120]])
    caller = calling().notice() if inside else calling()
    branch.call(caller.pause(600).bye(), answering())
    recording = branch.recording()
    if inside:
        assert (recording.reason, recording.audio) == ("hang-up", "present")
    else:
        assert (recording.reason, recording.audio) == ("unrecorded", "none")
        assert events(recording, "unrecorded") == [["outside the schedule"]]


@pytest.mark.parametrize(
    ("lists", "caller", "why"),
    [
        ({"only": ["+346"]}, "600000001", ""),
        ({"only": ["+346"]}, "911000001", "not of the numbers to be recorded"),
        ({"only": ["+346"]}, "anonymous", "not of the numbers to be recorded"),
        ({"except": ["+34600000001"]}, "0034600000001", "of the numbers not to be recorded"),
        ({"except": ["+34600000001"]}, "+34600000002", ""),
    ],
)
def test_number_lists(branch, lists, caller, why):
    branch.policy(rule="notify", **lists)
    scenario = Caller(caller=caller).invite().answered().talk()
    branch.call((scenario if why else scenario.notice()).pause(600).bye(), answering())
    recording = branch.recording()
    assert recording.audio == ("none" if why else "present")
    assert events(recording, "unrecorded") == ([[why]] if why else [])


def test_withheld_number_that_the_trunk_asserts(branch):
    """RFC 3325: who calls anonymously is known to the trunk, and the list is matched all the same."""
    branch.policy(rule="notify", **{"except": ["+34600000001"]})
    caller = Caller(caller="anonymous").invite(extra="P-Asserted-Identity: <sip:+34600000001@example.net>\n")
    branch.call(caller.answered().talk().pause(600).bye(), answering())
    assert events(branch.recording(), "unrecorded") == [["of the numbers not to be recorded"]]


def test_line_by_direction(branch):
    """The same line says otherwise for calls that the worker makes."""
    branch.policy(rule="notify", direction="in")
    branch.call(calling().notice().pause(600).bye(), answering())
    ends = [branch.worker(answering(), side=FAR)]
    ends.append(branch.caller(Caller(callee="+34600000009").invite().answered().talk().pause(900).bye(), side=NEAR))
    for end in ends:
        end.succeeded()
    assert branch.recording(0).audio == "present"
    out = branch.recording(1)
    assert out.audio == "none" and events(out, "unrecorded") == [["no line in the policy"]]


VOICES = [["en-GB", "welcome", "", []], ["en", "english", "3", ["+44", "+34911"]]]


@pytest.fixture
def languages(branch):
    audio_of = {"english": {"PCMU": sound(31, NOTICE_MS), "PCMA": sound(32, NOTICE_MS)}, "welcome": branch.notice_audio}
    branch.sign_notice("english", audio_of["english"])
    return audio_of


def test_language_by_called_number(branch, languages):
    branch.policy(rule="notify", voices=VOICES)
    branch.call(Caller(callee="911000000").invite().answered().talk().notice().pause(600).bye(), answering())
    branch.call(Caller(callee="100").invite().answered().talk().notice().pause(600).bye(), answering())
    english, spanish = branch.recording(0), branch.recording(1)
    assert [notice[1:3] for notice in events(english, "notice")] == [["en", "english"]]
    assert [notice[1:3] for notice in events(spanish, "notice")] == [["en", "welcome"]]
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    assert heard.startswith(languages["english"]["PCMU"])


@pytest.mark.parametrize("complete", [False, True])
def test_language_by_key(branch, languages, complete):
    """During the notice or after it: the other notice is played from its beginning, and answered."""
    branch.policy(rule="opt-in", voices=VOICES, key_timeout_ms=3000)
    caller = calling().notice().pause(200) if complete else calling().pause(150)
    caller.info("3").notice().pause(200).info("1").pause(800).bye()
    branch.call(caller, answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    told = events(recording, "notice")
    assert [notice[1:3] for notice in told] == [["en", "welcome"], ["en", "english"]]
    assert [notice[6] for notice in told] == [complete, True]
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    assert languages["english"]["PCMU"] in heard
    assert events(recording, "consent") == [["opt-in", True, "key", "1", "info"]]


def test_duty_to_record(branch):
    """Who objects to the notice ends the call; who presses the key later ends it too, and what was said is kept."""
    branch.policy(rule="notify", objection="end-call", impossible="refuse-call", basis="legal-obligation")
    branch.call(calling().pause(150).info("9").expect_bye())
    worker = answering()
    branch.call(calling().notice().pause(900).info("9").expect_bye(), worker)
    before, late = branch.recording(0), branch.recording(1)
    assert (before.reason, before.audio) == ("refused", "none")
    assert events(before, "objection") == [[FAR, "9", "info"]]
    assert events(before, "hang_up")[0][2] == "objection: recording is a duty"
    assert (late.reason, late.audio) == ("hang-up", "present")
    assert (
        "objection" not in names(late) and events(late, "hang_up")[0][2] == "key to end the call: recording is a duty"
    )


def test_duty_and_a_later_participant(branch):
    """The key of who joined ends the call; what the first party was told of, and said, is kept."""
    branch.policy(rule="notify", objection="end-call", basis="legal-obligation")
    caller = calling().notice().pause(700).transfer("other 7").pause(150).info("9").expect_bye()
    branch.call(caller, answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert "objection" not in names(recording) and events(recording, "joined")[0][2] == "session"


def test_duty_that_cannot_be_met_refuses_the_call(branch):
    branch.policy(rule="notify", impossible="refuse-call", voices=[["en", "missing", "", []]])
    branch.call(Caller().invite().answered().expect_bye())
    recording = branch.recording()
    assert recording.audio == "none" and recording.reason == "failed"
    assert events(recording, "hang_up")[0][1:] == [503, "recording impossible"]
    assert not branch.near.calls, "the worker's telephone rang"


def test_numbers_of_a_call_that_was_refused(branch):
    """As little as the policy says; in full only where the call is recorded."""
    branch.policy(rule="opt-in", unrecorded_numbers="last-3")
    branch.call(calling().pause(150).info("9").pause(400).bye(), answering())
    branch.call(calling().notice().pause(200).info("1").pause(500).bye(), answering())
    refused, recorded = branch.recording(0), branch.recording(1)
    assert refused.caller == "*001" and events(refused, "parties") == []
    assert "+34600000001" in recorded.caller
    copies = b"".join(branch.vault.copies(refused))
    assert b"600000001" not in copies
    log = "\n".join(branch.log())
    assert "600000001" not in log


def test_another_worker_is_informed_too(branch):
    branch.policy(rule="notify", worker="notice", worker_reference="welcome")
    worker = Worker().incoming().ring().answer().talk().notice().pause(800).transfer("colleague 5").pause(1000)
    branch.call(calling().pause(2 * NOTICE_MS + 4500).bye(), worker.expect_bye())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert events(recording, "joined") == [[NEAR, recording_party(recording), "session"]]
    assert events(recording, "worker") == [["notice", "welcome"]] * 2
    near = b"".join(packet.payload for packet in branch.near.calls[0].heard_audio())
    assert near.count(branch.notice_audio["PCMU"]) == 2
    assert len([notice for notice in events(recording, "notice") if notice[0] == FAR]) == 1


def recording_party(recording) -> str:
    return events(recording, "joined")[0][1]


def test_a_conference_hears_the_notice(branch):
    branch.policy(rule="notify")
    caller = calling().notice().pause(700).transfer("peer 1", focus=True).notice().pause(900).bye()
    branch.call(caller, answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    assert events(recording, "joined")[0][2] == "conference"
    assert [notice[6] for notice in events(recording, "notice")] == [True, True]


def test_a_telephone_that_objects_by_recordpref(branch):
    """a=recordpref:off (RFC 7866 section 6.3) is an objection."""
    branch.policy(rule="notify")
    branch.call(Caller().invite(more=("recordpref:off",)).answered().talk().pause(900).bye(), answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("refused", "none")
    assert events(recording, "objection") == [[FAR, "", "sdp"]] and "notice" not in names(recording)


def test_a_policy_that_expires_during_a_session(branch):
    """The next call is not recorded any more, and the appliance says why."""
    branch.policy(valid_until=int(time.time() * 1000) + 1500, rule="notify")
    wait_for(lambda: branch.diagnose()["policy"][1] == "policy expired", 10, "the end of the policy")
    branch.call(calling().pause(700).bye(), answering())
    assert events(branch.recording(), "unrecorded") == [["policy expired"]]
