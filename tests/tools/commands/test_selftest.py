"""The self-test as a technician runs it: recorded, synced over a bad serial line, verified and stored by a real vault."""

import pytest

from support.serial_line import NoisyLine, appliance, organisation, verb
from support.sync_ends import provision

HEAP = "150k"  # a stock ESP32 without PSRAM has some more


@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_recording_reaches_the_vault(word, request, tmp_path):
    """With 32-bit words as on the smallest chip: compiled, code and all in HEAP."""
    micropython = request.getfixturevalue(word)
    root, vault = tmp_path / "device", tmp_path / "vault"
    org = organisation(vault)
    options = ["--mpy", "--heap", HEAP, "--build-dir", str(tmp_path / "build")] if word == "micropython32" else []
    with appliance(micropython, root, *options), NoisyLine(root / "tty", 1000, 7) as line:
        provision(line.url, org)
        done = verb(micropython, "selftest", "--port", line.url, "--seconds", 2, "--vault", vault)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 stored" in done.stdout and "sealing, each frame" in done.stdout
        assert line.damaged > 20
    assert (root / "stderr.log").read_bytes() == b""
    assert list((root / "spool").iterdir()) == []
    listed = verb(micropython, "list", "--vault", vault)
    assert "Self-test" in listed.stdout and "branch-7/1" in listed.stdout


def test_a_device_without_an_identity_is_reported(micropython, tmp_path):
    with appliance(micropython, tmp_path / "device"):
        done = verb(micropython, "selftest", "--port", tmp_path / "device" / "tty")
        assert done.returncode == 1 and "not provisioned" in done.stderr
