"""No audio byte reaches spool, wire or vault before the consent event; after an objection none is left in any of them."""

import time
from pathlib import Path

import pytest

from support.branch import NOTICE_MS, events
from support.items import audio
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import answering, calling
from testigo_vault.recordings.reader import read
from testigo_wire.recording.items import AUDIO

LOADED_S = 3  # how late something may be done on a machine with much to do


def watch(branch, virtual, ends) -> list[tuple[float, bytes]]:
    """(moment, bytes) of every state of the call's file in the spool that could be seen until the ends were done."""
    states: dict[str, bytes] = {}
    seen = []
    while any(end.process.poll() is None for end in ends):
        for name, data in virtual.spool().items():
            if name.startswith(f"{branch.first_number:08d}.") and states.get(name) != data:
                states[name] = data
                seen.append((time.monotonic(), data))
        time.sleep(0.01)
    for end in ends:
        end.succeeded()
    return seen


def holding(pieces: list[bytes], *folders: Path) -> list[Path]:
    """Files that hold one of the pieces."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if any(piece in data for data in (path.read_bytes(),) for piece in pieces)]


def pieces_of(items: list[bytes]) -> list[bytes]:
    """A stretch of ciphertext from the middle of each item."""
    return [item[len(item) // 2 :][:64] for item in items]


@pytest.mark.parametrize("order", ["notice-first", "answer-first"])
def test_no_audio_before_consent(branch, virtual, order):
    """Both talk from their first moment on; the worker's side already while the caller is being asked."""
    branch.policy(rule="opt-in", order=order, key_timeout_ms=3000)
    ends = [branch.worker(answering()), branch.caller(calling().pause(1500).info("1").pause(1200).bye())]
    states = watch(branch, virtual, ends)
    key = next(message.at for message in branch.far.messages if message.first_line.startswith("INFO"))
    before = [data for at, data in states if at < key]
    assert before and not any(audio(data) for data in before)
    assert any(audio(data) for at, data in states if at > key)

    recording = branch.recording()
    with branch.vault.opened() as vault:
        data = vault.store.places[0].get(recording.path)
        order_of_items: list[str] = []

        def on_item(item) -> None:
            if item.stream == AUDIO:
                order_of_items.append("audio")
            elif item.event:
                order_of_items.append(item.event[0])

        read(data, vault.organisation.devices.get(recording.device_id).publics(), vault.index_key, on_item=on_item)
    assert order_of_items.index("consent") < order_of_items.index("audio")

    raws = branch.vault.raw(recording)
    for leg in (NEAR, FAR):
        said = branch.captures[leg].calls[0].said_audio()
        early = [packet.payload for packet in said if packet.at < key]
        assert early or (leg, order) == (NEAR, "notice-first")
        assert not any(payload in raws[leg] for payload in early)


def test_early_objection_leaves_nothing(branch, virtual):
    branch.policy(rule="notify")
    ends = [branch.worker(answering()), branch.caller(calling().pause(150).info("9").pause(1000).bye())]
    states = watch(branch, virtual, ends)
    recording = branch.recording()
    assert recording.reason == "refused"
    assert not any(audio(data) for _, data in states)
    assert not any(audio(copy) for copy in branch.vault.copies(recording))


@pytest.mark.parametrize("rule", ["notify", "opt-out", "opt-in"])
def test_a_late_objection_destroys_the_recorded_audio(branch, virtual, rule):
    branch.policy(rule=rule, key_timeout_ms=400)
    caller = calling().pause(300).info("1").pause(1900).info("9").pause(900).bye()
    ends = [branch.worker(answering()), branch.caller(caller)]
    states = watch(branch, virtual, ends)
    held = {item for _, data in states for item in audio(data)}
    assert len(held) > 3, "nothing was recorded before the objection"
    heard = len(branch.far.calls[0].heard_audio())
    assert heard > (NOTICE_MS + 2000) // 20, "the call did not go on after the objection"

    objected = [message.at for message in branch.far.messages if message.first_line.startswith("INFO")][-1]
    assert all(not audio(data) for at, data in states if at > objected + LOADED_S), "audio stayed on flash"

    recording = branch.recording()
    assert recording.reason == "objection" and recording.audio == "erased"
    [[turned]] = events(recording, "erased")
    assert turned >= len(held)
    assert events(recording, "objection") == [[FAR, "9", "info"]]
    assert all(not audio(copy) for copy in branch.vault.copies(recording))
    wait_for(lambda: not virtual.spool(), 10, "the receipt")
    assert holding(pieces_of(list(held)), virtual.root, branch.vault.folder) == []


def test_the_search_finds_audio_where_there_is_some(branch, virtual):
    """The searches above find audio where there is some."""
    branch.policy(rule="notify")
    ends = [branch.worker(answering()), branch.caller(calling().notice().pause(1200).bye())]
    states = watch(branch, virtual, ends)
    held = [item for _, data in states for item in audio(data)]
    recording = branch.recording()
    wait_for(lambda: not virtual.spool(), 10, "the receipt")
    found = holding(pieces_of(held[:3]), virtual.root, branch.vault.folder)
    assert len([path for path in found if "copies" in path.parts]) == 2
    assert all(audio(copy) for copy in branch.vault.copies(recording))
