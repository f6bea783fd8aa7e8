"""How much later a packet leaves the bridge than it came: the appliance, rtpengine and a pair of sockets, in turn."""

import tempfile
import time
from pathlib import Path

from parties import Party, Phones, speak
from priority import prefer, preferred
from report import Row
from rtpengine import Rtpengine, program

from testigo_tools.demo.environment import POLICY as DEMO_POLICY
from testigo_tools.demo.environment import DemoEnvironment
from testigo_wire.sip import call as sip_call

CALLS = (1, 10)
SECONDS = 12
SHORT_SECONDS = 1
WARM_UP = 25  # packets of each party that do not count
POLICY = DEMO_POLICY.replace('"opt-in"', '"notify"')  # without keys
CONNECT_S = 20
NOTICE_S = 2  # "Recorded."
QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def _processes(pid: int) -> list[int]:
    """A process and all processes below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _processes(int(child))
    return found


def _processor_us(pid: int) -> float:
    """Of all threads of a process, in microseconds."""
    ran = [(task / "schedstat").read_text().split()[0] for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(map(int, ran)) / 1000


class Bridges:
    """The appliance and rtpengine, with the same number of calls through each."""

    def __init__(self, environment: DemoEnvironment, rtpengine: Rtpengine | None) -> None:
        self._environment = environment
        self._rtpengine = rtpengine
        self._numbers = 0
        appliance = int((environment.root / "appliance.pid").read_text())
        self.pids = {"appliance": appliance}
        if rtpengine:
            self.pids["rtpengine"] = rtpengine.process.pid
        for pid in [*_processes(appliance), *([rtpengine.process.pid] if rtpengine else [])]:
            prefer(pid)

    def measure(self, count: int, seconds: float) -> list[Row]:
        environment = self._environment
        callers, workers = Phones(environment.far), Phones(environment.near)
        try:
            self._connect(callers, workers, count)
            groups = {
                "appliance": [party for pair in zip(callers.parties, workers.parties, strict=True) for party in pair]
            }
            if self._rtpengine:
                groups["rtpengine"] = []
                for _ in range(count):
                    self._numbers += 1
                    groups["rtpengine"] += self._rtpengine.call(self._numbers)
            one, other = Party(), Party()
            one.to, other.to = other.sock.getsockname(), one.sock.getsockname()
            groups["sockets"] = [one, other]
            before = {name: _processor_us(pid) for name, pid in self.pids.items()}
            speak(list(groups.values()), seconds, [callers, workers])
            spent = {name: _processor_us(pid) - before[name] for name, pid in self.pids.items()}
            rows = self._rows(count, groups, spent)
            self._hang_up(callers, workers)
            for name in groups:
                if name != "appliance":
                    for party in groups[name]:
                        party.sock.close()
        finally:
            callers.close()
            workers.close()
        return rows

    def _connect(self, callers: Phones, workers: Phones, count: int) -> None:
        sip = self._environment.sip
        began = time.monotonic()
        for number in range(count):
            callers.call(f"sip:{100 + number}@127.0.0.1:{sip}", ("127.0.0.1", sip))
        while len(workers.parties) < count or time.monotonic() < began + NOTICE_S:
            if time.monotonic() > began + CONNECT_S:
                refused = ", ".join(callers.refused) or "nothing said why"
                raise RuntimeError(f"only {len(workers.parties)} of {count} calls came through: {refused}")
            callers.pump()
            workers.pump()
            time.sleep(0.002)

    def _hang_up(self, callers: Phones, workers: Phones) -> None:
        for call in list(callers.agent.calls):
            call.hang_up(time.monotonic_ns() // 1_000_000)
        end = time.monotonic() + 5
        while time.monotonic() < end and any(
            call.state != sip_call.TERMINATED for call in callers.agent.calls + workers.agent.calls
        ):
            callers.pump()
            workers.pump()
            time.sleep(0.01)

    def _rows(self, count: int, groups: dict[str, list[Party]], spent: dict[str, float]) -> list[Row]:
        calls = f"{count} call{'s' if count > 1 else ''}"
        found = {name: [us for party in group for us in party.latencies[WARM_UP:]] for name, group in groups.items()}
        rows = []
        for name, part in QUANTILES:
            reference = _quantile(found["sockets"], part) / 1000
            for bridge in self.pids:
                aim = "2 ms or less" if (bridge, name) == ("appliance", "p95") else ""
                rows.append(
                    Row(f"{calls}, {bridge}, {name}", _quantile(found[bridge], part) / 1000, "ms", reference, aim)
                )
        each = {bridge: us / sum(party.sent for party in groups[bridge]) for bridge, us in spent.items()}
        rows.append(
            Row(f"{calls}, appliance, processor time of a packet", each["appliance"], "µs", each.get("rtpengine"))
        )
        for bridge in self.pids:
            sent = sum(party.sent for party in groups[bridge])
            heard = sum(len(party.latencies) for party in groups[bridge])
            if heard < sent:
                rows.append(Row(f"{calls}, {bridge}, packets not heard", sent - heard, f"of {sent}"))
        return rows


def _quantile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def measure(short: bool = False) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as name:
        folder = Path(name)
        environment = DemoEnvironment(folder / "appliance", lambda text: None, POLICY, "Recorded.", max(CALLS))
        environment.folder.mkdir()
        rtpengine = Rtpengine(folder / "rtpengine") if program() else None
        try:
            environment.make()
            environment.wait_for_sip()
            bridges = Bridges(environment, rtpengine)
            for count in CALLS:
                with preferred():
                    rows += bridges.measure(count, SHORT_SECONDS if short else SECONDS)
            if rtpengine and rtpengine.recorded_bytes() < 1000:
                raise RuntimeError("rtpengine has recorded nothing")
        finally:
            environment.close()
            if rtpengine:
                rtpengine.close()
    return rows
