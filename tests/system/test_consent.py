"""How a caller agrees, objects, or says nothing: each ends as a person would expect."""

import time

import pytest

from support.branch import NOTICE_MS, events, names
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import Worker, answering, calling


def consent(recording) -> list:
    [found] = events(recording, "consent")
    return found


def recorded(recording) -> None:
    assert recording.reason == "hang-up" and recording.audio == "present"
    assert [notice[-1] for notice in events(recording, "notice")][-1] is True


def not_recorded(recording, reason: str) -> None:
    assert recording.reason == reason and recording.audio == "none"
    assert "quality" in names(recording), "the parties were not connected"


def test_opt_in_by_info_is_recorded(branch):
    branch.policy(rule="opt-in")
    branch.call(calling().notice().pause(200).info("1").pause(800).bye(), answering())
    recording = branch.recording()
    recorded(recording)
    assert consent(recording) == ["opt-in", True, "key", "1", "info"]


def test_opt_in_key_during_notice_counts_and_notice_plays_to_its_end(branch):
    branch.policy(rule="opt-in")
    branch.call(calling().pause(150).info("1").pause(1100).bye(), answering())
    recording = branch.recording()
    recorded(recording)
    assert consent(recording) == ["opt-in", True, "key", "1", "info"]
    assert events(recording, "notice")[0][4:6] == [NOTICE_MS, NOTICE_MS]


def test_opt_in_wrong_key_is_no_consent(branch):
    branch.policy(rule="opt-in", key_timeout_ms=600)
    branch.call(calling().notice().pause(200).info("5").pause(2500).bye(), answering())
    recording = branch.recording()
    not_recorded(recording, "refused")
    assert consent(recording) == ["opt-in", False, "timeout", "", ""]
    assert events(recording, "dtmf") == [[FAR, "5", "info"]]


def test_opt_in_without_key_repeats_then_connects_unrecorded(branch):
    branch.policy(rule="opt-in", repeats=1, key_timeout_ms=500)
    branch.call(calling().notice().notice().pause(500 + 2000).bye(), answering())
    recording = branch.recording()
    not_recorded(recording, "refused")
    assert consent(recording) == ["opt-in", False, "timeout", "", ""]
    assert len(events(recording, "notice")) == 2


def test_opt_in_key_in_the_repetition(branch):
    branch.policy(rule="opt-in", repeats=1, key_timeout_ms=500)
    branch.call(calling().notice().pause(500 + 300).info("1").pause(1200).bye(), answering())
    recorded(branch.recording())


def test_opt_out_without_key_is_recorded(branch):
    branch.policy(rule="opt-out", key_timeout_ms=500)
    branch.call(calling().notice().pause(500 + 2000).bye(), answering())
    recording = branch.recording()
    recorded(recording)
    assert consent(recording) == ["opt-out", True, "timeout", "", ""]


def test_notify_is_recorded_after_the_notice(branch):
    branch.policy(rule="notify")
    branch.call(calling().notice().pause(800).bye(), answering())
    recording = branch.recording()
    recorded(recording)
    assert consent(recording) == ["notify", True, "notice", "", ""]


@pytest.mark.parametrize("rule", ["notify", "opt-out", "opt-in"])
def test_objection_during_notice(branch, rule):
    branch.policy(rule=rule)
    branch.call(calling().pause(150).info("9").pause(800).bye(), answering())
    recording = branch.recording()
    not_recorded(recording, "refused")
    assert consent(recording) == [rule, False, "key", "9", "info"]
    assert events(recording, "objection") == [[FAR, "9", "info"]]
    assert events(recording, "notice")[0][6] is False


def test_objection_instead_of_an_answer(branch):
    branch.policy(rule="opt-out")
    branch.call(calling().notice().pause(200).info("9").pause(800).bye(), answering())
    recording = branch.recording()
    not_recorded(recording, "refused")


def test_worker_cannot_answer_for_the_caller(branch):
    """Both legs are up before the question, so that the worker could."""
    branch.policy(rule="opt-in", order="answer-first", notice_legs="both", key_timeout_ms=1000)
    worker = Worker().incoming().ring().answer().talk().notice().pause(200).info("1").expect_bye()
    branch.call(calling().notice().pause(1000 + 2000).bye(), worker)
    recording = branch.recording()
    not_recorded(recording, "refused")
    assert events(recording, "dtmf") == [[NEAR, "1", "info"]]
    assert sorted(notice[0] for notice in events(recording, "notice")) == [NEAR, FAR]


@pytest.mark.parametrize("key", ["1", "9"])
def test_keys_by_rfc_4733(branch, key):
    """baresip sends telephone events: one agrees, the other objects to a call that is being recorded."""
    branch.policy(rule="opt-in", key_timeout_ms=3000)
    worker = branch.worker(answering())
    phone = branch.phone(FAR)
    phone.command("dial", f"sip:100@{branch.far.back[0]}:{branch.far.back[1]}")
    wait_for(lambda: branch.far.calls and len(branch.far.calls[0].heard) >= NOTICE_MS // 20, 10, "the notice")
    phone.key("1")
    wait_for(lambda: branch.near.calls and len(branch.near.calls[0].heard_audio()) > 30, 10, "the bridge")
    if key == "9":
        phone.key("9")
        time.sleep(0.3)
    phone.command("hangup")
    worker.succeeded()
    recording = branch.recording()
    assert consent(recording) == ["opt-in", True, "key", "1", "rfc4733"]
    if key == "9":
        assert recording.reason == "objection" and recording.audio == "erased"
        assert events(recording, "objection") == [[FAR, "9", "rfc4733"]]
    else:
        recorded(recording)
