"""The rules of the fault bench find what is wrong: each is shown something that breaks it, after a real call to a real vault."""

import copy
from pathlib import Path

import pytest

from faults import bench as faults_bench
from faults.fault import Fault
from faults.invariants import judge
from testigo_vault.recordings.search import RecordingIndex

FAULT = Fault("power/none", "call")


@pytest.fixture(scope="module")
def run(request):
    """(vault, audio key, device id, report) after a call without a fault."""
    request.getfixturevalue("micropython")
    bench = faults_bench.Bench(word="micropython", heap="1500k")
    result = bench.run(FAULT)
    assert not result.wrong, result.wrong
    (ends,) = bench._ends.values()
    yield ends.vault, ends.key, result.report["device_id"], result.report
    bench.close()


def problems(run, **changes):
    vault, key, device_id, report = run
    return "; ".join(judge(vault, key, FAULT, device_id, {**copy.deepcopy(report), **changes}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"answered_ms": 5001}, "a call is answered after 5001 ms"),
        ({"answered_ms": None}, "a call is answered after None ms"),
        ({"console_ms": None}, "the console does not answer"),
        ({"diag": "no: [Errno 5] EIO"}, "diag is refused"),
        ({"ended": ["", "Traceback\n ValueError"]}, "the appliance does not start any more"),
        ({"said": "Traceback"}, "it printed: Traceback"),
        ({"next_number": 4}, "lost: recordings [3] of 3"),
        ({"next_number": 2}, "numbers [2] are used again"),
        ({"held": [2], "sync": "TLS"}, "not delivered: [2]"),
        ({"aside": [2]}, "set aside: [2]"),
        ({"left": ["00000003.open"]}, "left in the spool"),
        ({"connected": 3}, "3 calls were connected, 2 are accounted for"),
        ({"documents": [["policy", "", 1], ["notice", "notice", 2]]}, "policy version 1 in place of 2"),
        ({"objected": [1]}, "recording 1: audio beside an objection"),
        ({"at_fault": [[1, 9000, True]]}, "of audio are lost before the fault at 9000 ms"),
        ({"at_fault": [[1, 9000, False]]}, ""),
    ],
)
def test_a_broken_promise_is_found(run, changes, expected):
    found = problems(run, **changes)
    assert expected in found if expected else not found, found


def test_a_changed_copy_is_found(run):
    vault, _, device_id, _ = run
    row = RecordingIndex(vault.database).get(f"{device_id}/1")
    place = vault.store.places[0]
    data = place.get(row.path)
    path = Path(place.url) / row.path
    path.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    try:
        assert f"recording 1: copy {place.name}" in problems(run)
    finally:
        path.write_bytes(data)
    assert not problems(run)
