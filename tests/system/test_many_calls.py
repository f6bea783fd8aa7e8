"""Forty calls at once through the virtual appliance, which begin and end at random: nothing of one touches another."""

import pytest

from support.branch import NOTICE_MS, Branch
from support.rig import Appliance, VaultProcess, free_udp_range, make_organisation, wait_for
from support.sip.sipp import Caller, Worker
from testigo_tools.serial.port import PortError

CALLS = 40
TURNS = 60  # calls in all
SPREAD_MS = 6000
BIGGER = 2 << 20  # than MicroPython's own heap


def at_random(scenario, least: int, most: int):
    scenario._steps.append(f'<pause distribution="uniform" min="{least}" max="{most}"/>')
    return scenario


@pytest.fixture
def branch(tmp_path, micropython):
    make_organisation(tmp_path / "vault")
    vault = VaultProcess(tmp_path / "vault", micropython)
    appliance = Appliance(tmp_path / "root", micropython)
    branch = Branch(tmp_path, vault, "forty")
    branch.sign_notice()
    branch.sign_policy(rule="notify")
    vault.start()
    try:
        appliance.start()
        branch.connect(appliance.port)
        yield branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()
        vault.stop()


def has_restarted(branch) -> bool:
    try:
        return branch.diagnose()["heap_free"] > BIGGER
    except PortError:
        branch.disconnect()
        branch.connect(branch.folder / "root" / "tty")
        return False


def test_forty_calls_at_once_end_at_random(branch):
    last = 4 * CALLS + 7  # four more for an emergency call
    ports = free_udp_range(last + 9)
    near, far = ports + last + 1, ports + last + 5
    host = branch.host
    sides = [["trunk", host, port, "", "", "", "main"] for port in (near, far)]
    body = [["none"], [host, branch.sip[1], ports, ports + last, *sides], ["serial"], CALLS]
    branch._sign(branch.documents.settings_path(branch.device_id), "settings", body)
    branch.provision()
    wait_for(lambda: has_restarted(branch), 60, "the restart with a larger heap")
    branch.wait_for_sip()
    wait_for(lambda: branch.diagnose()["calls"] == 0, 10, "an idle appliance")
    worker = Worker().incoming().ring()
    at_random(worker, 1, 300).answer().expect_bye()
    caller = Caller().invite().answered()
    at_random(caller, NOTICE_MS + SPREAD_MS, NOTICE_MS + 2 * SPREAD_MS).bye()
    ends = [branch.end(worker, 0, None, TURNS, near), branch.end(caller, 1, branch.sip, TURNS, far, at_once=CALLS)]
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, branch.diagnose()["calls"])
        return ends[1].process.poll() is not None

    wait_for(ended, 60, "the calls to end")
    for end in ends:
        end.succeeded()
    assert most >= CALLS - 2, most
    wait_for(lambda: branch.diagnose()["recordings"][0] >= CALLS, 60, "the recordings")
    lines = branch.log(48)
    assert not [line for line in lines if "failed" in line or "fault" in line or "refused" in line], lines
    assert branch.diagnose()["faults"] == []
