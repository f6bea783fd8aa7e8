"""How calls end: each as a person would expect, and each accounted for."""

import pytest

from support.branch import NOTICE_MS, events, names
from support.rig import FAR, NEAR
from support.sip.sipp import Caller, Worker, answering, calling, sdp


def ended(recording) -> list:
    """(leg, status) of the hang-up."""
    [fields] = events(recording, "hang_up")
    return fields[:2]


def nobody_heard(recording) -> None:
    assert recording.audio == "none" and "consent" not in names(recording)


def test_caller_hangs_up_during_the_notice(branch):
    """The worker's telephone never rings."""
    branch.policy(rule="notify")
    branch.call(calling().pause(200).bye())
    recording = branch.recording()
    nobody_heard(recording)
    assert recording.reason == "cancelled" and ended(recording) == [FAR, 200]
    [notice] = events(recording, "notice")
    assert 100 <= notice[4] < NOTICE_MS and notice[6] is False
    assert branch.near.messages == []


def test_caller_hangs_up_while_it_rings(branch):
    branch.policy(rule="notify")
    worker = Worker().incoming().ring().expect_request("CANCEL").reply("200 OK").request_terminated()
    branch.call(calling().notice().pause(500).bye(), worker)
    recording = branch.recording()
    assert recording.reason == "cancelled" and recording.audio == "none" and ended(recording) == [FAR, 200]
    assert events(recording, "consent") == [["notify", True, "notice", "", ""]]


def test_caller_cancels_while_it_rings(branch):
    branch.policy(rule="notify", order="answer-first")
    worker = Worker().incoming().ring().expect_request("CANCEL").reply("200 OK").request_terminated()
    branch.call(Caller().invite().cancel().cancelled(), worker)
    recording = branch.recording()
    nobody_heard(recording)
    assert recording.reason == "cancelled" and ended(recording) == [FAR, 487]
    assert events(recording, "notice") == []


@pytest.mark.parametrize("status", [486, 480, 603])
def test_worker_refuses(branch, status):
    """Before the caller was answered, he gets the worker's own reason."""
    branch.policy(rule="notify", order="answer-first")
    branch.call(Caller().invite().refused(status), Worker().incoming().ring().refuse(f"{status} No"))
    recording = branch.recording()
    nobody_heard(recording)
    assert recording.reason == "failed" and ended(recording) == [NEAR, status]


def test_worker_is_busy_after_the_notice(branch):
    branch.policy(rule="notify")
    branch.call(calling().expect_bye(), Worker().incoming().refuse("486 Busy Here"))
    recording = branch.recording()
    assert recording.reason == "failed" and recording.audio == "none" and ended(recording) == [NEAR, 486]


def test_worker_hangs_up(branch):
    branch.policy(rule="notify")
    worker = Worker().incoming().ring().answer().talk().pause(900).bye()
    branch.call(calling().expect_bye(), worker)
    recording = branch.recording()
    assert recording.reason == "hang-up" and recording.audio == "present" and ended(recording) == [NEAR, 200]


def test_invite_without_offer(branch):
    """The caller answers our offer in his ACK (RFC 3264 section 4, RFC 3261 section 13.2.1)."""
    branch.policy(rule="notify")
    caller = Caller().invite(offer=False).answered(body=sdp((0,))).talk().notice().pause(900).bye()
    branch.call(caller, answering())
    recording = branch.recording()
    assert recording.reason == "hang-up" and recording.audio == "present"
    near, far = branch.vault.raw(recording)
    assert len(near) > 4000 and len(far) > 4000


@pytest.mark.parametrize("order", ["notice-first", "answer-first"])
def test_no_common_codec(branch, order):
    branch.policy(rule="notify", order=order)
    branch.call(Caller((3,)).invite().refused(488))
    recording = branch.recording()
    nobody_heard(recording)
    assert recording.reason == "failed" and ended(recording)[1] == 488
    assert branch.near.messages == []


def test_worker_answers_in_another_codec(branch):
    """Nothing is transcoded: who answers with what was not offered is hung up on."""
    branch.policy(rule="notify")
    worker = Worker((8,)).incoming().ring().answer().expect_bye()
    branch.call(calling((0,)).expect_bye(), worker)
    recording = branch.recording()
    assert recording.reason == "failed" and recording.audio == "none" and ended(recording) == [NEAR, 488]


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_hold_and_resume_by_the_worker(branch, direction):
    branch.policy(rule="notify")
    worker = Worker().incoming().ring().answer().talk().pause(600)
    worker.silent().reinvite(direction).pause(500).reinvite("sendrecv").resume().pause(600).bye()
    branch.call(calling().expect_bye(), worker)
    recording = branch.recording()
    assert recording.reason == "hang-up" and recording.audio == "present"
    assert events(recording, "on_hold") == [[NEAR, True], [NEAR, False]]
    near, far = branch.vault.raw(recording)
    assert len(near) > 6000 and len(far) > len(near)
