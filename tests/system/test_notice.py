"""The notice that a caller hears is complete and gapless, or the call is not recorded and its record says so."""

from hashlib import sha256
from itertools import pairwise

import pytest

from support.branch import NOTICE_MS, events, names
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import answering, calling
from support.sip.traffic_capture import Media

PACKETS = NOTICE_MS // 20


def check_continuous(media: Media) -> None:
    """One stream for the listener (RFC 3550): one SSRC, no number missing, no time that stands still or runs away."""
    heard = media.heard
    assert len({packet.ssrc for packet in heard}) == 1
    for before, after in pairwise(heard):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
        assert step == 160 or after.marker, f"{step} without the marker of a new talkspurt"


def check_heard(media: Media, notice: bytes, first: int = 0) -> None:
    """The notice as one talkspurt. Its pace is a matter of tests/recorder/consent/test_player.py."""
    packets = media.heard_audio()[first : first + PACKETS]
    assert b"".join(packet.payload for packet in packets) == notice
    assert packets[0].marker and not any(packet.marker for packet in packets[1:])


@pytest.mark.parametrize(("codec", "encoding"), [(0, "PCMU"), (8, "PCMA")])
def test_notice_is_complete_and_followed_by_every_packet_of_the_worker(branch, codec, encoding):
    branch.policy(rule="notify")
    branch.call(calling((codec,)).notice().pause(1500).bye(), answering((codec,)))
    caller, worker = branch.far.calls[0], branch.near.calls[0]
    check_heard(caller, branch.notice_audio[encoding])
    check_continuous(caller)
    check_continuous(worker)
    heard = [packet.payload for packet in caller.heard_audio()[PACKETS:]]
    said = worker.said_audio()
    assert len(heard) > 50 and heard == [packet.payload for packet in said[: len(heard)]]
    quality = {leg: counts for leg, *counts in events(branch.recording(), "quality")}
    assert quality[NEAR][:2] == [len(heard), 0], "packets before the end are missing"


def test_a_repeated_notice_is_complete(branch):
    branch.policy(rule="opt-in", repeats=1, key_timeout_ms=500)
    branch.call(calling().notice().notice().pause(200).info("1").pause(900).bye(), answering())
    caller = branch.far.calls[0]
    for first in (0, PACKETS):
        check_heard(caller, branch.notice_audio["PCMU"], first)
    check_continuous(caller)
    branch.recording()


def test_notice_to_both_legs_after_the_answer(branch):
    branch.policy(rule="notify", order="answer-first", notice_legs="both")
    branch.call(calling().notice().pause(900).bye(), answering())
    for leg in (NEAR, FAR):
        media = branch.captures[leg].calls[0]
        check_heard(media, branch.notice_audio["PCMU"])
        check_continuous(media)
    recording = branch.recording()
    assert sorted(notice[0] for notice in events(recording, "notice")) == [NEAR, FAR]
    assert recording.audio == "present"


# What stops a notice. The files are those of a virtual appliance: flash that went bad, or a hand that changed it.


def audio_file(virtual, branch, encoding="PCMU"):
    digest = sha256(branch.notice_audio[encoding]).digest()
    return virtual.root / "notices" / f"{digest[:8].hex()}.{encoding}"


@pytest.fixture
def notice_file(virtual, branch):
    branch.policy(rule="notify")  # first: provisioning and sync replace what is missing
    path = audio_file(virtual, branch)
    whole = path.read_bytes()
    yield path
    path.write_bytes(whole)


def check_unrecorded(branch, why: str):
    recording = branch.recording()
    assert recording.audio == "none" and recording.reason == "unrecorded"
    assert events(recording, "unrecorded") == [[why]]
    assert events(recording, "consent") == []
    assert "quality" in names(recording)
    assert len(branch.far.calls[0].heard_audio()) > 30, "the parties do not hear each other"
    return recording


def unrecorded_call(branch, why: str):
    branch.call(calling().pause(NOTICE_MS + 2500).bye(), answering())
    return check_unrecorded(branch, why)


def test_with_a_missing_notice_the_call_is_not_recorded(branch, notice_file):
    notice_file.unlink()
    recording = unrecorded_call(branch, "notice missing")
    assert events(recording, "notice") == []


def test_with_a_truncated_notice_the_call_is_not_recorded(branch, notice_file):
    notice_file.write_bytes(notice_file.read_bytes()[:-160])
    unrecorded_call(branch, "notice missing")


def test_with_one_changed_byte_in_the_notice_the_call_is_not_recorded(branch, notice_file):
    changed = bytearray(notice_file.read_bytes())
    changed[1000] ^= 1
    notice_file.write_bytes(changed)
    recording = unrecorded_call(branch, "notice incomplete or not the signed one")
    assert events(recording, "notice")[0][6] is False


def test_a_notice_truncated_while_it_plays(branch, notice_file):
    ends = [branch.worker(answering()), branch.caller(calling().pause(NOTICE_MS + 2500).bye())]
    wait_for(lambda: branch.far.calls and len(branch.far.calls[0].heard) > 3, 10, "the notice")
    notice_file.write_bytes(notice_file.read_bytes()[:1600])
    for end in ends:
        end.succeeded()
    recording = check_unrecorded(branch, "notice incomplete or not the signed one")
    [[_, _, _, _, played_ms, total_ms, completed]] = events(recording, "notice")
    assert played_ms <= 200 and total_ms == NOTICE_MS and completed is False


def test_a_notice_of_the_policy_that_does_not_exist(branch):
    branch.policy(rule="notify", voices=[["en", "other", "", []]])
    unrecorded_call(branch, "notice missing")
