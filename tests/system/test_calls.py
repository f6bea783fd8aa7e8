"""Calls in both directions, several at once, and the ones that the appliance does not record or does not take."""

import pytest

from support.branch import NOTICE_MS, Branch, events, names, sound
from support.rig import FAR, NEAR, Appliance, wait_for
from support.sip.sipp import Caller, Worker, answering, calling
from support.sip.sipp_process import Sipp


def audio_packets(media) -> list[bytes]:
    return [packet.payload for packet in media.said_audio()]


def test_on_an_outbound_call_the_called_party_consents(branch):
    """The worker calls; whoever answers hears the notice first, then both talk."""
    branch.policy(rule="opt-in", key_timeout_ms=2000)
    called = Worker().incoming().ring().answer().talk().notice().pause(300).info("1").expect_bye()
    ends = [branch.worker(called, side=FAR)]
    caller = Caller(caller="100", callee="+34600000009").invite().answered().talk().pause(NOTICE_MS + 3500).bye()
    ends.append(branch.caller(caller, side=NEAR))
    for end in ends:
        end.succeeded()
    recording = branch.recording()
    assert recording.direction == "out" and "+34600000009" in recording.callee
    assert recording.reason == "hang-up" and recording.audio == "present"
    assert events(recording, "consent") == [["opt-in", True, "key", "1", "info"]]
    assert [notice[0] for notice in events(recording, "notice")] == [FAR]
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    assert heard.startswith(branch.notice_audio["PCMU"])
    near, far = branch.vault.raw(recording)
    assert near in b"".join(audio_packets(branch.near.calls[0])) and far in b"".join(audio_packets(branch.far.calls[0]))


def test_outbound_notice_to_both(branch):
    branch.policy(rule="notify", notice_legs="both")
    ends = [branch.worker(answering(), side=FAR)]
    ends.append(branch.caller(Caller(callee="200").invite().answered().talk().notice().pause(900).bye(), side=NEAR))
    for end in ends:
        end.succeeded()
    recording = branch.recording()
    assert sorted(notice[0] for notice in events(recording, "notice")) == [NEAR, FAR]
    for capture in branch.captures:
        heard = b"".join(packet.payload for packet in capture.calls[0].heard_audio())
        assert heard.startswith(branch.notice_audio["PCMU"])


def two_calls(branch) -> tuple[list, list]:
    """Two calls up, as many as the settings allow -> their ends, and what the two ends of each say."""
    ends, speeches = [], []
    for number in (1, 2):
        speeches.append((sound(1000 + number, 12000), sound(2000 + number, 12000)))
        ends += begin_call(branch, speeches[-1], NOTICE_MS + 6000)
        wait_for(lambda: len(branch.near.calls) == number, 30, "the call")  # noqa: B023
    return ends, speeches


def begin_call(branch, speech, talk_ms: int) -> list:
    worker = branch.end(answering(), NEAR, speech=speech[NEAR])
    branch.near.callee = worker.address
    caller = calling().pause(talk_ms).bye()
    return [worker, branch.end(caller, FAR, branch.far.back, speech=speech[FAR])]


def check_two_calls(branch, speeches) -> None:
    """Each call's audio is in its own recording, without a gap."""
    for index, speech in enumerate(speeches):
        recording = branch.recording(index)
        assert recording.reason == "hang-up" and recording.audio == "present"
        for leg, raw in enumerate(branch.vault.raw(recording)):
            assert len(raw) > 12000 and raw in speech[leg]
        assert all(lost == 0 for _, _, lost, *_ in events(recording, "quality"))


def test_two_calls_at_once_and_a_third_is_connected_without_recording(branch):
    """The third has no notice and a record that says why; the other two lose no packet."""
    branch.policy(rule="notify")
    ends, speeches = two_calls(branch)
    speech = (sound(1003, 5000), sound(2003, 5000))
    third = begin_call(branch, speech, 1500)
    for end in [*reversed(third), *ends]:
        end.succeeded()
    check_two_calls(branch, speeches)
    recording = branch.recording(2)
    assert (recording.reason, recording.audio) == ("unrecorded", "none")
    assert events(recording, "unrecorded") == [["all places taken"]] and events(recording, "notice") == []
    for capture, said in ((branch.near, speech[FAR]), (branch.far, speech[NEAR])):
        heard = b"".join(packet.payload for packet in capture.calls[2].heard_audio())
        assert len(heard) > 4000 and heard in said
    assert branch.diagnose()["recordings"][2] == branch.first_number + 3


def test_two_calls_at_once_and_a_third_is_refused_where_the_policy_says_so(branch):
    branch.policy(rule="notify", impossible="refuse-call")
    ends, speeches = two_calls(branch)
    third = branch.caller(Caller().invite().refused(486))
    for end in [third, *ends]:
        end.succeeded()
    check_two_calls(branch, speeches)
    recording = branch.recording(2)
    assert recording.audio == "none" and events(recording, "unrecorded") == [["all places taken"]]
    assert events(recording, "hang_up")[0][1] == 486 and len(branch.near.calls) == 2


def test_an_unknown_source_is_refused(branch, virtual, tmp_path):
    def unknown_sources() -> int:
        return dict(branch.diagnose()["refused"]).get("unknown source", 0)

    before = unknown_sources()
    stranger = Sipp(tmp_path / "stranger", "127.0.0.2", Caller().invite().refused(403), b"", branch.sip)
    try:
        stranger.succeeded()
    finally:
        stranger.kill()
    assert branch.diagnose()["recordings"][2] == branch.first_number
    assert unknown_sources() > before  # the log has a line a minute about them, whichever source was the last


@pytest.mark.parametrize(
    ("validity", "why"),
    [((1, 2), "policy expired"), ((4102444800000, 0), "policy not yet valid")],
)
def test_policy_that_is_not_in_force_makes_a_plain_gateway(branch, validity, why):
    branch.policy(*validity, rule="notify")
    branch.call(calling().pause(900).bye(), answering())
    recording = branch.recording()
    assert recording.audio == "none" and recording.reason == "unrecorded"
    assert events(recording, "unrecorded") == [[why]] and events(recording, "notice") == []
    assert len(branch.far.calls[0].heard_audio()) > 30


def test_line_that_is_not_to_be_recorded(branch):
    branch.policy(mode="never")
    branch.call(calling().pause(900).bye(), answering())
    recording = branch.recording()
    assert recording.audio == "none" and recording.reason == "unrecorded"
    assert events(recording, "unrecorded") == [["mode never"]]
    assert events(recording, "policy")[0][2] == "never"
    assert "notice" not in names(recording)


def test_a_line_missing_in_the_policy(branch):
    branch.policy(name="another")
    branch.call(calling().pause(900).bye(), answering())
    recording = branch.recording()
    assert recording.audio == "none"
    assert events(recording, "unrecorded") == [["no line in the policy"]]


def test_longest_recording(branch):
    """What goes beyond the policy's limit is talked, not recorded."""
    branch.policy(rule="notify", max_ms=NOTICE_MS + 1000)
    branch.call(calling().notice().pause(2200).bye(), answering())
    recording = branch.recording()
    assert recording.reason == "limit" and recording.audio == "present"
    for leg in branch.vault.raw(recording):
        assert 500 < len(leg) // 8 < 1300
    assert len(branch.far.calls[0].heard_audio()) > (NOTICE_MS + 1800) // 20


@pytest.fixture
def fresh(vault, micropython, tmp_path):
    """A second appliance: provisioned, with settings, and without a policy."""
    branch = Branch(tmp_path / "branch", vault, "branch-2")
    appliance = Appliance(tmp_path / "root", micropython)
    appliance.start()
    try:
        branch.connect(appliance.port)
        branch.certify()
        branch.sign_settings(sync=["serial"])
        settings = branch.documents.settings_path("branch-2").read_bytes()
        branch.port.request("document", settings)
        branch.ready()
        yield branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


def test_without_any_policy_it_is_a_plain_gateway(fresh):
    """There is no key yet that a record could be sealed for: the log says so."""
    fresh.call(calling().pause(900).bye(), answering())
    assert len(fresh.far.calls[0].heard_audio()) > 30
    assert any("call not recorded: recipients" in line for line in fresh.log())
    assert fresh.diagnose()["recordings"] == [0, 0, 1]
