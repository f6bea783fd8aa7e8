"""Memory on 32-bit MicroPython with the firmware compiled as for a chip, in heaps of a chip's size (docs/memory.md)."""

from contextlib import contextmanager

import pytest

from support.branch import Branch
from support.rig import Appliance, VaultProcess, make_organisation, wait_for
from support.serial_line import verb
from support.sip.sipp import answering, calling

SAMPLES = 8
PACKETS_PER_S = 100  # of both legs, 20 ms each


@pytest.fixture(scope="module")
def office(tmp_path_factory, micropython32):
    """A vault, and the folder in which firmware is compiled."""
    folder = tmp_path_factory.mktemp("memory")
    make_organisation(folder / "vault")
    vault = VaultProcess(folder / "vault", micropython32)
    vault.start()
    yield vault, folder
    vault.stop()


@contextmanager
def chip(office, folder, micropython32, heap: str, serial_only: bool = False, calls: int = 2):
    """A branch whose appliance has no more heap than that."""
    vault, build = office
    appliance = Appliance(folder / "root", micropython32, "--heap", heap, "--mpy", "--build-dir", str(build / "build"))
    branch = Branch(folder, vault, f"chip-{heap}-{folder.name[-6:]}")
    branch.sign_notice()
    branch.sign_policy(rule="notify")
    if not serial_only:
        branch.sign_settings(max_calls=calls)
    try:
        appliance.start()
        branch.connect(appliance.port)
        branch.provision()
        if not serial_only:
            branch.ready()
        yield appliance, branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


def no_memory_error(branch) -> None:
    assert [line for line in branch.log() if "MemoryError" in line] == []


def test_two_calls_in_384_kib(office, tmp_path, micropython32):
    with chip(office, tmp_path, micropython32, "384k") as (_, branch):
        worker = branch.worker(answering(), calls=2)
        caller = branch.caller(calling().notice().pause(3000).bye(), calls=2)
        wait_for(lambda: branch.diagnose()["calls"] == 2, 10, "two calls")
        caller.succeeded()
        worker.succeeded()
        for index in range(2):
            recording = branch.recording(index)
            assert (recording.reason, recording.audio) == ("hang-up", "present")
        no_memory_error(branch)


def test_one_call_in_the_heap_of_the_page(office, tmp_path, micropython32):
    """With the serial console in use and the sync over TCP after it."""
    with chip(office, tmp_path, micropython32, "236k", calls=1) as (_, branch):
        branch.call(calling().notice().pause(2000).bye(), answering())
        recording = branch.recording()
        assert (recording.reason, recording.audio) == ("hang-up", "present")
        no_memory_error(branch)


def test_no_packet_allocates(office, tmp_path, micropython32):
    """Heap use after each collection stays where it is while packets pass (`diag` collects before it looks)."""
    with chip(office, tmp_path, micropython32, "384k") as (_, branch):
        branch.worker(answering())
        branch.caller(calling().notice().pause(20000).bye())
        wait_for(lambda: branch.diagnose()["calls"] == 1, 10, "the call")
        wait_for(lambda: len(branch.far.calls) == 1 and len(branch.far.calls[0].said) > 150, 10, "talk")
        used = []
        for sample in range(SAMPLES):
            passed = len(branch.far.calls[0].said)
            wait_for(lambda count=passed: len(branch.far.calls[0].said) > count + 50, 10, f"sample {sample}")
            used.append(branch.diagnose()["heap_used"])
        growth = used[-1] - used[1]
        packets = (SAMPLES - 2) * PACKETS_PER_S
        assert growth < packets, f"{growth} bytes for some {packets} packets: {used}"


def test_selftest_and_serial_sync_in_150_kib(office, tmp_path, micropython32):
    with chip(office, tmp_path, micropython32, "150k", serial_only=True) as (appliance, branch):
        branch.disconnect()
        done = verb(micropython32, "selftest", "--port", appliance.port, "--seconds", 3, "--vault", branch.vault.folder)
        assert done.returncode == 0 and "1 stored" in done.stdout, done.stdout + done.stderr
        assert wait_for(lambda: not appliance.spool(), 10, "the receipt")
        branch.connect(appliance.port)
        no_memory_error(branch)
