"""Cuts the power of a virtual appliance in a call, and says how much of the call its recording lacks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.branch import NOTICE_MS, Branch
from support.rig import Appliance, VaultProcess, make_organisation, wait_for
from support.sip.sipp import answering, calling

LOST_S = 0.5
LATE_S = 0.25  # the appliance's next step on a machine with much to do
TALKING = calling().pause(20000)
ANSWERED = ("SIP/2.0 200", False)


@contextmanager
def powered(folder: Path, micropython: Path, *options: str) -> Iterator[tuple[Appliance, Branch]]:
    """(appliance, branch): an appliance of its own, which may die, with a vault of its own. options: of `testigo virtual run`."""
    make_organisation(folder / "vault")
    vault = VaultProcess(folder / "vault", micropython)
    vault.start()
    appliance = Appliance(folder / "root", micropython, *options)
    branch = Branch(folder, vault, "cut-1")
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


def boots(appliance: Appliance) -> int:
    """How many times the appliance has served SIP."""
    return appliance.log().count("SIP on ")


def start_again(appliance: Appliance) -> None:
    before = boots(appliance)
    appliance.start()
    wait_for(lambda: boots(appliance) > before, 10, "SIP after the cut")


def seen(branch: Branch, words: str, from_peer: bool, count: int = 1) -> float:
    """When the message of that first line passed on the caller's side for the count-th time."""

    def found():
        of = [m for m in branch.far.messages if m.from_peer is from_peer and m.first_line.startswith(words)]
        return of[count - 1].at if len(of) >= count else None

    return wait_for(found, 10, words)


def cut(
    appliance: Appliance, branch: Branch, after_ms: float, scenario=TALKING, message=ANSWERED, count: int = 1
) -> float:
    """Runs a call, and cuts the power `after_ms` after the message came for the count-th time; when that was."""
    branch.worker(answering())
    branch.caller(scenario)
    at = seen(branch, *message, count)
    time.sleep(max(0, at + after_ms / 1000 - time.monotonic()))
    moment = time.monotonic()
    appliance.kill()
    return moment


def cut_while_talking(appliance: Appliance, branch: Branch, talk_ms: float = 1500) -> float:
    return cut(appliance, branch, NOTICE_MS + talk_ms)


def lost_s(branch: Branch, recording, leg: int, moment: float) -> float:
    """How much of what the appliance passed on of a party before the cut is missing, from where the recording begins.

    What was still in a socket had not reached the appliance: on a machine with much to do that can be any amount.
    """
    passed_on = branch.captures[1 - leg].calls[-1].heard_audio()
    raw = branch.vault.raw(recording)[leg]
    at = b"".join(packet.payload for packet in passed_on).find(raw)
    assert raw and at >= 0 and at % 160 == 0, "not one stretch of what was passed on"
    after = [packet for packet in passed_on[(at + len(raw)) // 160 :] if packet.at < moment]
    return moment - after[0].at if after else 0


def arrived(branch: Branch, number: int, what: str = ""):
    return wait_for(lambda: branch.vault.find(branch.device_id, number), 20, f"recording {number} ({what})")
