"""`make soak`: an hour with eight calls up, with a table of memory and handles at its end.

The appliance is `testigo virtual run`, with the vault beside it; calls last one to three minutes and others take their places.
Nothing here passes or fails by the machine's speed: heap, memory and handles must be flat, and no call may be lost.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.telephones import Telephones
from support.peers import put_tools_on_path
from testigo_tools.demo.environment import POLICY as DEMO_POLICY
from testigo_tools.demo.environment import DemoEnvironment
from testigo_tools.serial.port import Port

POLICY = DEMO_POLICY.replace('"opt-in"', '"notify"')  # without keys
NOTICE = "Recorded."
LENGTHS_S = (60, 180)
SAMPLE_S = 60
FLAT = 0.05  # the mean of the last third may be that much above that of the first
NORMAL = (200, 487)


@dataclass
class Sample:
    """heap_kb: used, after a collection. rss_kb, handles: of the process. stored: recordings in the vault."""

    minute: float
    calls: int
    heap_kb: float
    rss_kb: int
    handles: int
    stored: int
    waiting: int


def firmware_pid(root: Path) -> int:
    return int((root / "appliance.pid").read_text())


def sample(environment: DemoEnvironment, began: float) -> Sample:
    with Port(str(environment.root / "tty")) as device:
        facts = device.diagnose()
    pid = firmware_pid(environment.root)
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    waiting, _, following = facts["recordings"]
    return Sample(
        (time.monotonic() - began) / 60,
        facts["calls"],
        facts["heap_used"] / 1024,
        int(status["VmRSS"].split()[0]),
        len(os.listdir(f"/proc/{pid}/fd")),
        following - 1 - waiting - facts["calls"],
        waiting,
    )


def rise(values: list[float]) -> float:
    """How much the mean of the last third is above that of the first."""
    third = max(1, len(values) // 3)
    first, last = sum(values[:third]) / third, sum(values[-third:]) / third
    return last / first - 1


def show(samples: list[Sample], telephones: Telephones) -> bool:
    """Prints the table -> whether everything is flat."""
    print("| minute | calls up | heap used, KiB | memory, KiB | handles | in the vault | waiting |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    every = max(1, len(samples) // 12)
    for one in samples[::every]:
        print(
            f"| {one.minute:.0f} | {one.calls} | {one.heap_kb:.0f} | {one.rss_kb} | {one.handles} | {one.stored} |"
            f" {one.waiting} |"
        )
    flat = True
    for name in ("heap_kb", "rss_kb", "handles"):
        found = rise([getattr(one, name) for one in samples[1:] or samples])
        flat = flat and found <= FLAT
        print(f"{name}: {found:+.1%} from the first third to the last")
    sent = telephones.far.sent + telephones.near.sent
    received = telephones.far.received + telephones.near.received
    print(
        f"calls: {telephones.made} made; ended {dict(telephones.far.ended)}; packets: {sent} sent, {received} received"
    )
    return flat and all(status in NORMAL for status in telephones.far.ended)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    put_tools_on_path()
    with tempfile.TemporaryDirectory(prefix="testigo-soak-") as folder:
        environment = DemoEnvironment(Path(folder), lambda text: print(text, flush=True), POLICY, NOTICE, chosen.calls)
        try:
            environment.make()
            environment.wait_for_sip()
            pid = firmware_pid(environment.root)
            telephones = Telephones(
                environment.far, environment.near, environment.sip, chosen.calls, LENGTHS_S, chosen.seed
            )
            began = time.monotonic()
            samples: list[Sample] = []
            while time.monotonic() < began + chosen.minutes * 60:
                telephones.run(min(time.monotonic() + SAMPLE_S, began + chosen.minutes * 60))
                samples.append(sample(environment, began))
                print(samples[-1], dict(telephones.far.ended), flush=True)
            flat = show(samples, telephones)
            same = pid == firmware_pid(environment.root)
            print("the firmware ran through" if same else "the firmware has restarted")
            telephones.close()
        finally:
            environment.close()
    return 0 if flat and same else 1


if __name__ == "__main__":
    sys.exit(main())
