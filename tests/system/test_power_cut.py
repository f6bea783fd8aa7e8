"""kill -9 of the appliance at random moments of a recorded call (design section 6: at most 500 ms of audio is lost)."""

import random

import pytest

from support.branch import NOTICE_MS, events, names
from support.power.cuts import ANSWERED, LATE_S, LOST_S, TALKING, arrived, cut, lost_s, powered, start_again
from support.rig import FAR, NEAR
from support.serial_line import verb
from support.sip.sipp import calling

SEED = 20
# What the caller does, the message after which the clock runs, and the moment of the cut in ms after it.
OBJECTING = calling().pause(NOTICE_MS + 1200).info("9").pause(20000)
HANGING_UP = calling().pause(NOTICE_MS + 1000).bye()
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
    with powered(tmp_path, micropython) as ends:
        yield ends


def numbers(appliance, suffix: str) -> set[int]:
    return {int(name[:8]) for name in appliance.spool() if name.endswith(suffix)}


def test_power_cut_at_any_moment(mains, micropython):
    appliance, branch = mains
    draw = random.Random(SEED)
    cuts = [(stage, draw.uniform(*of[2])) for stage, of in MOMENTS.items() for _ in range(of[3])]
    draw.shuffle(cuts)
    assert len(cuts) >= 12
    known = 0
    closed_by_boot = kept = erased = 0
    for stage, after_ms in cuts:
        scenario, message, _, _ = MOMENTS[stage]
        moment = cut(appliance, branch, after_ms, scenario, message, 2 if stage == "erasing" else 1)
        left_open = numbers(appliance, ".open")
        done = set(range(1, known + 1))
        start_again(appliance)
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
            assert recording.reason == ("erased" if recording.audio == "erased" else "power-loss"), what
        if stage == "erasing":
            assert recording.audio in ("erased", "none") and "objection" in names(recording), what
            assert recording.reason in ("erased", "power-loss", "objection")
            erased += 1
        elif stage == "talk":
            assert recording.audio == "present", what
            kept += 1
            for leg in (NEAR, FAR):
                assert lost_s(branch, recording, leg, moment) < LOST_S + LATE_S, what
        elif stage in ("setup", "notice"):
            assert recording.audio == "none", what
            assert [fields for fields in events(recording, "consent") if fields[1]] == []
        branch.reset()
    assert closed_by_boot >= 6 and kept == 4 and erased == 3
    said = verb(micropython, "verify", "--vault", branch.vault.folder)
    assert said.returncode == 0 and f"{known} recordings checked" in said.stdout, said.stdout + said.stderr
