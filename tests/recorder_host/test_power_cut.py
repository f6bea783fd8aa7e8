"""kill -9 of the stores at random moments, again and again on the same files: what was promised is there at the next start."""

import random
import time

import pytest

CUTS = 25
LIMIT_S = 60


@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_no_stored_recording_is_lost_at_any_power_cut(start, word, tmp_path, request):
    request.getfixturevalue(word)
    root = tmp_path / "device"
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for cut in range(CUTS):
        process = start("make", root, word)
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
