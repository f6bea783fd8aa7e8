"""Calls for help through the appliance, with sipp and baresip: the worker's first word is heard at once, in every preset."""

import pytest

from support.branch import Branch, events, names
from support.presets import InstalledPreset
from support.rig import FAR, NEAR, Appliance, wait_for
from support.sip.sipp import Caller, answering
from testigo_vault.policy import presets

FIRST_PACKETS = 25  # of the worker's: half a second, in which a busy machine may begin to pass them on


def help_call(branch, callee: str = "112") -> None:
    """The worker calls for help, and hangs up after a while."""
    worker = Caller(caller="200", callee=callee).invite().answered().talk().pause(900).bye()
    ends = [branch.worker(answering(), side=FAR), branch.caller(worker, side=NEAR)]
    for end in reversed(ends):
        end.succeeded()


def heard_at_once(branch, call: int = 0) -> None:
    """What the emergency centre heard is what the worker said, from the first packets on; nothing came before."""
    said = [packet.payload for packet in branch.near.calls[call].said_audio()]
    heard = [packet.payload for packet in branch.far.calls[call].heard_audio()]
    assert heard and heard[0] in said[:FIRST_PACKETS]
    assert all(payload in said for payload in heard), "a notice or a tone"
    assert all(packet.payload for packet in branch.near.calls[call].heard_audio())


@pytest.fixture(scope="module")
def office(tmp_path_factory, vault, micropython):
    """An appliance of its own: for a while after an emergency call no incoming call is announced."""
    folder = tmp_path_factory.mktemp("emergency")
    appliance = Appliance(folder / "root", micropython)
    branch = Branch(folder, vault, "help-1")
    branch.sign_notice()
    branch.sign_policy()
    branch.sign_settings()
    try:
        appliance.start()
        branch.connect(appliance.port)
        branch.provision()
        yield branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


@pytest.fixture
def branch(office):
    office.ready()
    yield office
    office.reset()


@pytest.mark.parametrize("name", presets.names())
def test_the_first_word_is_heard_in_every_preset(branch, name):
    preset = InstalledPreset(branch, name)
    preset.install()
    help_call(branch)
    heard_at_once(branch)
    recording = branch.recording()
    assert (recording.reason, recording.audio, recording.outcome) == ("unrecorded", "none", "unrecorded")
    assert events(recording, "unrecorded") == [["emergency"]]
    assert [name for name in names(recording) if name != "no_recording"] == ["call", "policy", "unrecorded", "hang_up"]
    kept = events(recording, "call")[0][3]
    assert ("112" in kept) == (preset.line.unrecorded_numbers == "full"), kept


def test_a_call_back_is_connected_at_once(branch):
    branch.policy(rule="opt-in")
    help_call(branch, "0112")
    heard_at_once(branch)
    branch.near.reset()
    branch.far.reset()
    centre = Caller(caller="+34943000000").invite().answered().talk().pause(900).bye()
    branch.call(centre, answering())
    assert branch.near.calls[0].heard_audio(), "the worker hears the centre, without a key"
    said = [packet.payload for packet in branch.near.calls[0].said_audio()]
    assert all(packet.payload in said for packet in branch.far.calls[0].heard_audio())
    assert events(branch.recording(1), "unrecorded") == [["emergency call-back"]]


def test_when_all_places_are_taken(branch):
    """Two recorded calls are all that the settings allow. Both go on to their end."""
    branch.policy(rule="notify")
    branch.settings(max_calls=2)
    caller = Caller(callee="943000001").invite().answered().talk().pause(9000).bye()
    ends = [branch.worker(answering(), side=FAR, calls=2), branch.caller(caller, side=NEAR, calls=2)]
    wait_for(lambda: branch.diagnose()["calls"] == 2, 20, "two calls")
    help_call(branch)
    assert branch.diagnose()["calls"] == 2
    for end in reversed(ends):
        end.succeeded()
    found = [branch.recording(index) for index in range(3)]
    assert sorted(recording.reason for recording in found) == ["hang-up", "hang-up", "unrecorded"]
    assert sorted(recording.audio for recording in found) == ["none", "present", "present"]


def test_with_baresip(branch):
    """A telephone with ideas of its own about SSRC, sequence numbers and time."""
    branch.policy(rule="opt-in")
    centre = branch.worker(answering(), side=FAR)
    phone = branch.phone(NEAR)
    phone.command("dial", f"sip:112@{branch.near.back[0]}:{branch.near.back[1]}")
    wait_for(lambda: branch.far.calls and len(branch.far.calls[0].heard_audio()) > 25, 15, "the talk")
    phone.command("hangup")
    centre.succeeded()
    heard_at_once(branch)
    assert events(branch.recording(), "unrecorded") == [["emergency"]]
