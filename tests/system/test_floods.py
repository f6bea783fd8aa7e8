"""Floods of a SIP port while calls are up, in a heap of a chip's size: the calls lose nothing, and others are answered."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from support.branch import NOTICE_MS, Branch, events
from support.rig import Appliance, VaultProcess, make_organisation, wait_for
from support.sip import flooder
from support.sip.sipp import answering, calling

CALLS = 2
# What is sent, datagrams a second, seconds
FLOODS = (("invite,register,options,noise", 1500, 3), ("invite", 600, 3), ("noise", 5000, 2))
PROBES = 4  # in each
LASTS_MS = 12000  # all of them, on a busy machine


@pytest.fixture(scope="module")
def office(tmp_path_factory, micropython):
    """A vault, and the folder in which firmware is compiled."""
    folder = tmp_path_factory.mktemp("floods")
    make_organisation(folder / "vault")
    vault = VaultProcess(folder / "vault", micropython)
    vault.start()
    yield vault, folder
    vault.stop()


@contextmanager
def chip(office, folder, micropython, heap: str):
    """A branch whose appliance has no more heap than that."""
    vault, build = office
    appliance = Appliance(folder / "root", micropython, "--heap", heap, "--mpy", "--build-dir", str(build / "build"))
    branch = Branch(folder, vault, f"flood-{heap}-{folder.name[-6:]}")
    branch.sign_notice()
    branch.sign_policy(rule="notify")
    branch.sign_settings(max_calls=CALLS)
    try:
        appliance.start()
        branch.connect(appliance.port)
        branch.provision()
        branch.ready()
        yield branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


@contextmanager
def talking(branch):
    """Two calls that talk and are recorded; hung up afterwards."""
    worker = branch.worker(answering(), calls=CALLS)
    caller = branch.caller(calling().pause(NOTICE_MS + LASTS_MS).bye(), calls=CALLS)
    wait_for(lambda: branch.diagnose()["calls"] == CALLS, 20, "the calls")
    wait_for(lambda: [call[1] for call in branch.diagnose()["open"]] == ["on"] * CALLS, 20, "the recordings")
    yield
    caller.succeeded(90)
    worker.succeeded(90)


def lost_nothing(branch) -> None:
    for index in range(CALLS):
        recording = branch.recording(index, 60)
        assert (recording.reason, recording.audio) == ("hang-up", "present")
        for leg, received, lost, *_ in events(recording, "quality"):
            assert received > 200 and lost == 0, (leg, received, lost)
        assert events(recording, "gap") == []
    lines = branch.log()
    assert not [line for line in lines if "failed" in line or "packet handler" in line or "fault" in line], lines


class Prober:
    """Sends OPTIONS from an address of its own, again every half second as RFC 3261 section 17.1.2.1 has it."""

    def __init__(self, target: tuple[str, int], host: str = "127.0.0.4") -> None:
        self.target = target
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.settimeout(0.5)
        self.waits: list[float] = []
        self.repeated = 0

    def probe(self, number: int) -> None:
        data = flooder.request("OPTIONS", *self.target, number, self.sock.getsockname())
        start = time.monotonic()
        for _ in range(40):
            self.sock.sendto(data, self.target)
            try:
                assert self.sock.recv(4096).startswith(b"SIP/2.0 200")
            except TimeoutError:
                self.repeated += 1
                continue
            self.waits.append(time.monotonic() - start)
            return
        raise AssertionError(f"OPTIONS {number} was not answered")


def attack(branch, kinds: str, rate: int, seconds: int) -> subprocess.Popen:
    words = [*map(str, (branch.sip[0], branch.sip[1], rate, seconds)), kinds]
    return subprocess.Popen([sys.executable, flooder.__file__, *words], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("word, heap", [("micropython32", "400k"), ("micropython", "800k")])
def test_calls_and_options_in_a_flood(request, office, tmp_path, word, heap):
    """OPTIONS of another source is answered during each flood, and no call loses a packet."""
    with chip(office, tmp_path, request.getfixturevalue(word), heap) as branch:
        prober = Prober(branch.sip)
        with talking(branch):
            for kinds, rate, seconds in FLOODS:
                flood = attack(branch, kinds, rate, seconds)
                for number in range(PROBES):
                    prober.probe(number)
                    time.sleep(seconds / PROBES / 2)
                assert int(flood.communicate(timeout=120)[0]) == rate * seconds
            counted = dict(branch.diagnose()["refused"])
        assert counted["unknown source"] and counted["malformed"], counted
        slowest = f"OPTIONS answered after {max(prober.waits):.3f} s at most, {prober.repeated} repeated"
        print(f"{word} in {heap}: {slowest}; refused: {counted}")
        lost_nothing(branch)
