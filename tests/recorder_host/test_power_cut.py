"""kill -9 of the stores at random moments, again and again on the same files: what was promised is there at the next start."""

import random
import time

import pytest

from support.rig import wait_for

CUTS = 25
LIMIT_S = 60


def promises(root):
    """How many lines the appliance has noted so far, see `tests/support/device/crash_driver.py`."""
    seen = root.with_name(root.name + "-seen")
    return seen.read_bytes().count(b"\n") if seen.exists() else 0


@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_no_stored_recording_is_lost_at_any_power_cut(start, word, tmp_path, request):
    request.getfixturevalue(word)
    root = tmp_path / "device"
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for cut in range(CUTS):
        process = start("make", root, word)
        if cut % 2:
            # However slow the machine is, some cuts come after the start, while calls are made.
            wanted = promises(root) + chance.randint(1, 12)
            wait_for(lambda: process.poll() is not None or promises(root) >= wanted, LIMIT_S)  # noqa: B023
            time.sleep(chance.uniform(0, 0.1))
        else:
            time.sleep(chance.uniform(0.1, 0.6))
        process.kill()
        output, _ = process.communicate(timeout=LIMIT_S)
        assert not output, f"seed {seed}, cut {cut}: {output}"
        if cut % 5 == 4:
            process = start("check", root, word)
            output, _ = process.communicate(timeout=LIMIT_S)
            assert process.returncode == 0, f"seed {seed}, cut {cut}: {output}"
    assert "checked" in output
    assert int(output.split()[1]) > 3, f"too few calls were made to show anything: {output}"
