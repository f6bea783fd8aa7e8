"""A virtual appliance whose disk is full starts, answers `diag` and connects calls."""

import os
import threading
from pathlib import Path

import pytest

from support.branch import Branch
from support.micropython_runner import ROOT, environment
from support.rig import Appliance, wait_for
from support.sip.sipp import answering, calling
from testigo_tools.virtual.appliance import VirtualAppliance

# What `testigo virtual run` itself writes into the folder.
ITS_FILES = ("virtual.pid", "appliance.pid", "stderr.log")
CALL_MS = 1500


class FullDisk:
    """The appliance of a folder on a full disk."""

    def __init__(self, root: Path, micropython: Path) -> None:
        for name in ITS_FILES:
            (root / name).unlink(missing_ok=True)
            (root / name).symlink_to("/dev/full")
        paths = [ROOT / "firmware", ROOT / "boards" / "virtual", ROOT / "tests"]
        script = ROOT / "tests" / "support" / "device" / "storage" / "full_disk.py"
        line = [str(micropython), str(script), str(root)]
        self.runs = VirtualAppliance(root, lambda: line, environment(paths))
        self._thread = threading.Thread(target=self.runs.run)

    def __enter__(self) -> "FullDisk":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.runs.stop()
        self._thread.join()


@pytest.fixture
def furnished(vault, micropython, tmp_path):
    """A branch with an appliance that has its documents, and is switched off."""
    branch = Branch(tmp_path, vault, f"full-{os.getpid()}")
    branch.sign_notice()
    branch.sign_policy(rule="notify")
    branch.sign_settings()
    appliance = Appliance(tmp_path / "root", micropython)
    appliance.start()
    try:
        branch.connect(appliance.port)
        branch.provision()
        branch.ready()
        branch.disconnect()
        appliance.stop()
        yield branch, appliance.root
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


def test_start_diag_and_a_call_with_a_full_disk(furnished, micropython):
    branch, root = furnished
    with FullDisk(root, micropython) as full:
        assert any("virtual.pid cannot be written: No space left on device" in text for text in full.runs.problems)
        branch.connect(root / "tty")
        wait_for(lambda: branch.diagnose()["start"][0] == "complete", 60, "the start")
        facts = branch.diagnose()
        assert facts["start"][1] == [["seed", "no space left (28)"]]
        assert facts["storage_free"] == 0 and facts["device_id"] == branch.device_id
        assert dict(map(tuple, facts["faults"]))["log not written"] > 0
        wait_for(lambda: any("SIP on" in line for line in branch.log()), 60, "SIP")
        branch.call(calling().pause(CALL_MS).bye(), answering())
        assert any("call not recorded: space" in line for line in branch.log())
        branch.disconnect()
    assert not (root / "tty").exists()
