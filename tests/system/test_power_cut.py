"""kill -9 of the appliance at random moments of a recorded call (design section 6: at most 500 ms of audio is lost)."""

import random
import time

import pytest

from support.branch import NOTICE_MS, Branch, events, names
from support.rig import FAR, NEAR, Appliance, VaultProcess, make_organisation, wait_for
from support.serial_line import verb
from support.sip.sipp import answering, calling

LOST_S = 0.5
ON_THE_WAY_S = 0.08  # packets that were in a socket at the moment of the cut
SEED = 20
# What the caller does, the message after which the clock runs, and the moment of the cut in ms after it.
TALKING = calling().pause(20000)
OBJECTING = calling().pause(NOTICE_MS + 1200).info("9").pause(20000)
HANGING_UP = calling().pause(NOTICE_MS + 1000).bye()
ANSWERED = ("SIP/2.0 200", False)
MOMENTS = {
    "setup": (TALKING, ("INVITE", True), (0, 60), 2),
    "notice": (TALKING, ANSWERED, (50, NOTICE_MS), 2),
    "consent": (TALKING, ANSWERED, (NOTICE_MS, NOTICE_MS + 300), 2),
    "talk": (TALKING, ANSWERED, (NOTICE_MS + 500, NOTICE_MS + 2000), 4),
    "erasing": (OBJECTING, ("SIP/2.0 200", False), (0, 30), 3),
    "sealing": (HANGING_UP, ("BYE", True), (0, 60), 3),
}


@pytest.fixture
def mains(tmp_path, micropython):
    """(appliance, branch): an appliance of its own, which may die, with a vault of its own."""
    make_organisation(tmp_path / "vault")
    vault = VaultProcess(tmp_path / "vault", micropython)
    vault.start()
    appliance = Appliance(tmp_path / "root", micropython)
    branch = Branch(tmp_path, vault, "cut-1")
    branch.sign_notice()
    branch.sign_policy(rule="notify")
    branch.sign_settings()
    try:
        appliance.start()
        branch.connect(appliance.port)
        branch.provision()
        branch.ready()
        branch.disconnect()
        yield appliance, branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()
        vault.stop()


def boots(appliance) -> int:
    return appliance.log().count("SIP on ")


def numbers(appliance, suffix: str) -> set[int]:
    return {int(name[:8]) for name in appliance.spool() if name.endswith(suffix)}


def seen(branch, words: str, from_peer: bool, count: int) -> float:
    """When the message of that first line passed on the caller's side for the count-th time."""

    def found():
        of = [m for m in branch.far.messages if m.from_peer is from_peer and m.first_line.startswith(words)]
        return of[count - 1].at if len(of) >= count else None

    return wait_for(found, 10, words)


def cut(appliance, branch, stage: str, after_ms: float) -> float:
    """Runs a call up to the moment of the cut; when that was."""
    scenario, (words, from_peer), _, _ = MOMENTS[stage]
    branch.worker(answering())
    branch.caller(scenario)
    at = seen(branch, words, from_peer, 2 if stage == "erasing" else 1)
    time.sleep(max(0, at + after_ms / 1000 - time.monotonic()))
    moment = time.monotonic()
    appliance.kill()
    return moment


def lost_s(branch, recording, leg: int, moment: float) -> float:
    """How much of what a party said before the cut is missing, the beginning being where the recording begins."""
    capture = branch.captures[leg]
    said = capture.calls[-1].said_audio()
    raw = branch.vault.raw(recording)[leg]
    at = b"".join(packet.payload for packet in said).find(raw)
    assert raw and at >= 0 and at % 160 == 0, "not one stretch of what was said"
    after = [packet for packet in said[(at + len(raw)) // 160 :] if packet.at < moment]
    return moment - after[0].at if after else 0


def arrived(branch, number: int, what: str):
    return wait_for(lambda: branch.vault.find(branch.device_id, number), 10, f"recording {number} ({what})")


def test_power_cut_at_any_moment(mains, micropython):
    appliance, branch = mains
    draw = random.Random(SEED)
    cuts = [(stage, draw.uniform(*of[2])) for stage, of in MOMENTS.items() for _ in range(of[3])]
    draw.shuffle(cuts)
    assert len(cuts) >= 12
    known = 0
    closed_by_boot = kept = erased = 0
    for stage, after_ms in cuts:
        moment = cut(appliance, branch, stage, after_ms)
        left_open = numbers(appliance, ".open")
        done = set(range(1, known + 1))
        started = boots(appliance)
        appliance.start()
        wait_for(lambda before=started: boots(appliance) > before, 10, "SIP after the cut")
        assert numbers(appliance, ".open") == set() and numbers(appliance, ".bad") == set()
        what = f"{stage} + {after_ms:.0f} ms"
        if stage == "setup" and not numbers(appliance, ".tsg") - done:
            branch.reset()  # the cut came before the recording had its header
            continue
        known += 1
        recording = arrived(branch, known, what)
        assert recording.state == "good", (what, recording.why)
        assert recording.findings == [], what
        if left_open and f"recording {known} was cut by a power loss" in appliance.log():
            closed_by_boot += 1
            assert recording.reason == "power-loss", what
        if stage == "erasing":
            assert recording.audio in ("erased", "none") and "objection" in names(recording), what
            assert recording.reason in ("power-loss", "objection")
            erased += 1
        elif stage == "talk":
            assert recording.audio == "present", what
            kept += 1
            for leg in (NEAR, FAR):
                assert lost_s(branch, recording, leg, moment) < LOST_S + ON_THE_WAY_S, what
        elif stage in ("setup", "notice"):
            assert recording.audio == "none", what
            assert [fields for fields in events(recording, "consent") if fields[1]] == []
        branch.reset()
    assert closed_by_boot >= 6 and kept == 4 and erased == 3
    said = verb(micropython, "verify", "--vault", branch.vault.folder)
    assert said.returncode == 0 and f"{known} recordings checked" in said.stdout, said.stdout + said.stderr
