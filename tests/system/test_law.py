"""What the law requires before and during the call, row by row (docs/law.md), with real telephones, under two presets.

spain: opt-in before ringing, worker's acknowledgement on file. us-two-party: a notice to both after answering, warning tone.
"""

import json
import math
import re
from array import array
from itertools import pairwise

import pytest

from support.branch import NOTICE_MS, events, names
from support.items import audio
from support.presets import InstalledPreset
from support.rig import FAR, NEAR, wait_for
from support.serial_line import verb
from support.sip.sipp import Caller, Worker, answering, calling
from testigo_vault import g711
from testigo_vault.notice import check as notice_check
from testigo_vault.policy import purposes
from testigo_wire.policy import fields

PRESETS = ("spain", "us-two-party")


@pytest.fixture(params=PRESETS)
def preset(request, branch):
    made = InstalledPreset(branch, request.param)
    made.install()
    return made


def raw(branch, recording):
    return branch.vault.raw(recording)


def recorded(branch, index: int = 0):
    recording = branch.recording(index)
    assert (recording.reason, recording.audio) == ("hang-up", "present")
    return recording


def test_identity_purpose_rights_and_where_to_read_more_are_spoken_before_capture(preset, branch):
    """The notice that the caller heard, to its end, is the signed one, and says all four; no sound is older."""
    branch.call(preset.caller().pause(700).bye(), answering())
    recording = recorded(branch)
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    voice = preset.line.notices[0]
    document = branch.documents.read(branch.documents.notice_path(voice.notice))
    assert heard.startswith(preset.audio(voice.notice).pcmu)
    name, language, text, total_ms, _ = document.body
    controller = preset.source.controller
    words = purposes.purpose_words(preset.line.purposes, language, preset.source.purposes)
    assert notice_check.check(text, language, controller.name, words, controller.information) == []
    assert (
        notice_check.check_keys(text, preset.line.rule, preset.line.accept_key, preset.line.object_key, language) == []
    )
    told = [event for event in recording.events if event.name == "notice" and event.fields[0] == FAR]
    consent = next(event for event in recording.events if event.name == "consent")
    assert told[0].fields[1:3] == [language, name] and told[0].fields[4:] == [total_ms, total_ms, True]
    assert told[0].position < consent.position
    # No sound was kept from before the notice had begun to be heard; from when on exactly, its own times say (findings).
    began = branch.far.calls[0].heard_audio()[0].at
    for side, kept in enumerate(raw(branch, recording)):
        said = branch.captures[side].calls[0].said_audio()
        unaltered = [kept[at : at + 160] for at in range(0, len(kept), 160)]  # by a warning tone
        first = next(packet for packet in said if packet.payload in unaltered)
        assert first.at > began


def test_legal_basis_and_purpose_of_the_line(preset, branch):
    branch.call(preset.caller().pause(500).bye(), answering())
    recording = recorded(branch)
    [[basis, worker, objection, high_level]] = events(recording, "terms")
    assert (basis, worker) == (preset.line.basis, preset.line.worker)
    assert (objection, high_level) == (preset.line.objection, preset.line.high_level)
    [[version, _, _, rule]] = events(recording, "policy")
    document, text = branch.documents.archived_policy(version)
    line = document.body[9][0]
    assert line[fields.BASIS] == preset.line.basis and line[fields.PURPOSES] == preset.line.purposes
    assert rule == preset.line.rule and preset.name.split("-")[0] in ("spain", "us")
    assert preset.line.basis in text


def test_consent_can_be_proved(preset, branch, tmp_path, micropython, monkeypatch):
    """A receipt that stands alone holds against the recording; a changed one does not."""
    branch.call(preset.caller().pause(500).bye(), answering())
    recording = recorded(branch)
    name = f"{branch.device_id}/{recording.number}"
    receipt = tmp_path / "receipt.json"
    vault = ("--vault", branch.vault.folder)
    done = verb(micropython, "consent", "export", name, "--out", receipt, *vault)
    assert done.returncode == 0, done.stderr
    done = verb(micropython, "consent", "verify", receipt, *vault)
    assert done.returncode == 0, done.stdout + done.stderr
    text = receipt.read_text()
    assert preset.audio(preset.line.notices[0].notice) and preset.source.controller.name in json.dumps(
        json.loads(text), ensure_ascii=False
    )
    receipt.write_text(re.sub(r'("given"\s*:\s*)true', r"\1false", text, count=1))
    assert receipt.read_text() != text
    done = verb(micropython, "consent", "verify", receipt, *vault)
    assert done.returncode == 1


def test_objection_is_free_and_simple(preset, branch, virtual):
    """One key, at any moment. Nothing is kept, nothing is left in any copy, and the call goes on."""
    key = preset.line.object_key
    branch.call(calling().pause(150).info(key).pause(800).bye(), answering())
    branch.call(preset.caller().pause(900).info(key).pause(900).bye(), answering())
    before, late = branch.recording(0), branch.recording(1)
    assert (before.reason, before.audio) == ("refused", "none")
    assert (late.reason, late.audio) == ("objection", "erased")
    for recording in (before, late):
        assert events(recording, "objection") == [[FAR, key, "info"]]
        assert not any(audio(copy) for copy in branch.vault.copies(recording))
    assert events(late, "erased")[0][0] > 2
    # They talked on: the other party heard the worker to the end.
    end = next(m.at for m in branch.far.messages if m.first_line.startswith("BYE") and m.at > 0)
    for call in branch.far.calls:
        assert call.heard_audio()[-1].at > end - 5


def test_objection_once_for_all(preset, branch, micropython):
    """A number on the list of objections is never recorded, in whatever way it is written; the record says why."""
    vault = ("--vault", branch.vault.folder)
    number = "+34600000001" if preset.source.numbering.country_code == "34" else "+16505550123"
    dialled = number.removeprefix("+34").removeprefix("+")
    done = verb(micropython, "objections", "add", number, "--reason", "asked by letter", *vault)
    assert done.returncode == 0, done.stderr
    try:
        branch.provision()
        caller = Caller(caller=dialled).invite().answered().talk().pause(900).bye()
        branch.call(caller, answering())
    finally:
        assert verb(micropython, "objections", "remove", number, *vault).returncode == 0
        branch.provision()
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("unrecorded", "none")
    assert events(recording, "unrecorded") == [["objection list"]]
    assert "notice" not in names(recording)
    branch.call(preset.caller(dialled).pause(500).bye(), answering())
    assert recorded(branch, 1)


def test_the_worker_is_informed_too(preset, branch):
    branch.call(preset.caller().pause(500).bye(), answering())
    recording = recorded(branch)
    [[way, reference]] = events(recording, "worker")
    assert way == preset.line.worker
    if way == "acknowledgement":
        assert "2026-01-31" in reference and "as written" in reference
    else:
        assert events(recording, "tone") == [[1400, 500, 15000, 20]]
        assert [notice[0] for notice in events(recording, "notice")] == [FAR, NEAR]
    order = [event.name for event in recording.events]
    assert order.index("worker") > order.index("consent")


def test_the_worker_hears_a_notice_of_its_own(branch):
    """The third way: the worker's telephone hears a short notice before anything is taken."""
    preset = InstalledPreset(branch, "spain")
    preset.install(worker='"notice"\nworker_notice = "worker"')
    branch.call(preset.caller().pause(1300).bye(), answering())
    recording = recorded(branch)
    near = [notice for notice in events(recording, "notice") if notice[0] == NEAR]
    assert [notice[2] for notice in near] == ["worker"] and near[0][6] is True
    assert events(recording, "worker") == [["notice", "worker"]]
    heard = b"".join(packet.payload for packet in branch.near.calls[0].heard_audio())
    assert heard.startswith(preset.audio("worker").pcmu)


def test_a_later_participant_hears_the_notice_and_the_others_do_not_hear_it_again(preset, branch):
    """The exchange puts somebody else in, then the first one back, then only a hold: one more notice, not three."""
    caller = preset.caller().pause(700).transfer("other 7", "+34600000077")
    caller = preset.answer_notice(caller).pause(700).transfer("peer 1", "+34600000001").pause(700)
    caller.reinvite("sendonly").pause(300).reinvite("sendrecv").pause(400).bye()
    branch.call(caller, answering())
    recording = recorded(branch)
    far = [notice for notice in events(recording, "notice") if notice[0] == FAR]
    assert [notice[6] for notice in far] == [True, True]
    [[leg, party, how]] = events(recording, "joined")
    assert (leg, how) == (FAR, "identity") and party.endswith("077")
    assert [consent[1] for consent in events(recording, "consent")] == [True, True]
    heard = b"".join(packet.payload for packet in branch.far.calls[0].heard_audio())
    assert heard.count(preset.audio(preset.line.notices[0].notice).pcmu) == 2
    # Nobody's sound was taken while the second notice was played.
    order = [event.name for event in recording.events]
    assert order.index("joined") < len(order) - 1 - order[::-1].index("notice")


def test_an_objection_by_a_later_participant_ends_the_recording(preset, branch):
    caller = preset.caller().pause(700).transfer("other 7").pause(150).info(preset.line.object_key).pause(700).bye()
    branch.call(caller, answering())
    recording = branch.recording()
    assert (recording.reason, recording.audio) == ("objection", "erased")
    assert events(recording, "joined")[0][2] == "session"


def test_telephones_are_notified_of_the_recording(preset, branch):
    """a=record by an offer of our own, to the telephone that understands it, when recording begins."""
    caller = Caller().invite(extra="Supported: record-aware\n").answered().talk()
    if preset.line.rule == "opt-in":
        caller.notice().pause(200).info(preset.line.accept_key)
    worker = Worker().incoming().ring().answer().talk().pause(NOTICE_MS + 2000).bye()
    branch.call(caller.told_by_offer().expect_bye(), worker)
    recorded(branch)
    offers = [m.data for m in branch.far.messages if not m.from_peer and m.first_line.startswith("INVITE")]
    assert len(offers) == 1 and b"a=record:on" in offers[0]
    assert not [m for m in branch.near.messages[3:] if not m.from_peer and m.first_line.startswith("INVITE")]


def call_on_time(branch, preset) -> int:
    """The index of a call in which every packet was on time: into a gap of two ticks the appliance puts packets of its own."""
    for call in range(12):
        branch.call(preset.caller().pause(1600).bye(), answering())
        streams = [branch.captures[leg].calls[call].said_audio() for leg in (NEAR, FAR)]
        streams += [branch.captures[leg].calls[call].heard_audio()[NOTICE_MS // 20 :] for leg in (NEAR, FAR)]
        if all(later.at - earlier.at < 0.05 for stream in streams for earlier, later in pairwise(stream)):
            return call
    raise AssertionError("in 12 calls no party was heard without a gap of 50 ms")


def test_warning_tone(branch):
    """Both hear 1400 Hz, it is in the recording as it was heard, and nothing else of the sound is changed."""
    preset = InstalledPreset(branch, "us-two-party")
    preset.install()
    call = call_on_time(branch, preset)
    kept = raw(branch, recorded(branch, call))
    for leg in (NEAR, FAR):
        said = b"".join(packet.payload for packet in branch.captures[leg].calls[call].said_audio())
        heard = b"".join(
            packet.payload for packet in branch.captures[1 - leg].calls[call].heard_audio()[NOTICE_MS // 20 :]
        )
        assert kept[leg] == heard
        tail = heard[-1600:]  # after the tone: as it was said
        begin = said.find(tail) + len(tail) - len(heard)
        assert begin >= 0
        before = samples(said[begin : begin + len(heard)])
        after = samples(heard)
        changed = [i for i in range(len(heard)) if said[begin + i] != heard[i]]
        assert changed[-1] < 8 * 500 + 160 and len(changed) > 3600
        assert said[begin + 4160 :][: len(heard) - 4160] == heard[4160:]
        quiet = [i for i in range(4000) if abs(before[i]) < 8000]
        power = sum((after[i] - before[i]) * math.sin(2 * math.pi * 1400 * i / 8000) for i in quiet)
        level = 2 * abs(power) / len(quiet)
        expected = 32124 * 10 ** ((-20 - 3.17) / 20)
        assert abs(20 * math.log10(level / expected)) < 1


def samples(data: bytes) -> array:
    return array("h", g711.decode("PCMU", data))


def test_card_data_is_not_kept(preset, branch):
    """While the worker has it paused nothing is written, neither sound nor digits; then it goes on."""
    keys = preset.line.keys
    worker = Worker().incoming().ring().answer().talk().pause(1300)
    if preset.line.order == "answer-first":
        worker.pause(NOTICE_MS)
    for key in keys.pause:
        worker.info(key)
    worker.pause(3000)
    for key in keys.resume:
        worker.info(key)
    caller = (
        preset.caller()
        .pause(2600 if preset.line.order == "notice-first" else 2400)
        .info("4")
        .info("9")
        .info("7")
        .pause(3500)
    )
    branch.call(caller.bye(), worker.expect_bye())
    recording = recorded(branch)
    order = names(recording)
    assert events(recording, "pause") == [["key"]] and events(recording, "resume") == [["key"]]
    begin, end = order.index("pause"), order.index("resume")
    assert [name for name in order[begin + 1 : end] if name != "gap"] == []
    gaps = [gap for gap in events(recording, "gap") if gap[3] == "paused"]
    assert [gap[0] for gap in gaps] == [NEAR, FAR]
    at = {event.name: event.t_ms for event in recording.events}
    paused_ms = at["resume"] - at["pause"]
    assert all(ms > 2900 and abs(ms - paused_ms) <= 100 and count > 100 for _, count, ms, _ in gaps)
    assert not [digit for digit in events(recording, "dtmf") if digit[0] == FAR and digit[1] in "497"]
    assert "objection" not in order  # 9 was a digit of the card
    for leg, sound_kept in enumerate(raw(branch, recording)):
        said = b"".join(packet.payload for packet in branch.captures[leg].calls[0].said_audio())
        assert len(sound_kept) < len(said) - 8 * paused_ms + 4000


@pytest.mark.parametrize("name", PRESETS)
def test_card_data_pause_by_the_host_ends_by_itself(branch, micropython, name):
    preset = InstalledPreset(branch, name)
    preset.install(pause_limit_s="1")
    ends = [branch.worker(answering()), branch.caller(preset.caller().pause(5000).bye())]
    try:
        wait_for(lambda: len(branch.near.calls) == 1 and len(branch.near.calls[0].heard_audio()) > 40, 10, "talk")
        number = branch.port.request("record", "pause", 0)
        assert number == branch.first_number
        with pytest.raises(Exception, match="paused already"):
            branch.port.request("record", "pause", number)
    finally:
        for end in ends:
            end.succeeded()
    recording = recorded(branch)
    assert events(recording, "pause") == [["host"]] and events(recording, "resume") == [["limit"]]
    at = {event.name: event.t_ms for event in recording.events}
    assert 950 < at["resume"] - at["pause"] < 3000
