"""An appliance whose event loop is measured (device/loop_meter.py), and the table of what its parts took."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from support.micropython_runner import ROOT
from support.rig import Appliance, wait_for

METER = Path(__file__).parents[1] / "device" / "loop_meter.py"
MEDIA = ("media socket", "gateway_timers")  # the parts that packets pass, and the timers of the calls
COLLECT = ("a sealed frame", "console_commands")  # `diag` tells how much heap is used
LONGEST_US = 20000  # of processor time: what two packets of a stream are apart
WAITS = 0.01  # of the turns: a write may find its page locked, a flush waits each time
TO_STDOUT = "The appliance runs. Its serial port: {}"


@dataclass
class Figures:
    """Of one part: turns and their processor time in us; turns that waited, and how long in us. The longest come first."""

    turns: int
    total_us: int
    longest_us: list[int]
    waited: int
    waits_us: list[int]


class MeteredAppliance(Appliance):
    """As `testigo virtual run`, with the meter in the firmware's process."""

    def command(self) -> list[str]:
        return [sys.executable, __file__, str(self.root), str(self._interpreter), *self.options]

    def __init__(self, root: Path, micropython: Path, *options: str) -> None:
        super().__init__(root, micropython, *options)
        self._interpreter = micropython
        self._environment["PYTHONPATH"] += f":{ROOT / 'tests'}"

    def figures(self) -> dict[str, dict[str, Figures]]:
        """By "calls" (one was up) and "idle", then by part, since the last time."""
        result = self.root / "meter.json"
        result.unlink(missing_ok=True)
        (self.root / "meter.ask").touch()
        wait_for(result.exists, 20, "the meter")
        found = json.loads(result.read_text())
        return {state: {name: Figures(*values) for name, values in parts.items()} for state, parts in found.items()}


def over_budget(parts: dict[str, Figures]) -> list[str]:
    """What parts took too much with a call up. Of a part's longest turns the second counts: a machine may disturb one."""
    found = []
    for name, figures in sorted(parts.items()):
        part, _, note = name.partition(", ")
        if figures.longest_us[1:2] > [LONGEST_US]:
            found.append(f"{name}: turns of {figures.longest_us} us")
        if part in MEDIA and figures.waited > max(1, WAITS * figures.turns):
            found.append(f"{name}: {figures.waited} of {figures.turns} turns waited, {figures.waits_us} us")
        if part not in COLLECT and note == "collects":
            found.append(f"{part}: collects garbage by itself")
    return found


def table(parts: dict[str, Figures]) -> str:
    lines = [f"{'part':52} {'turns':>7} {'mean us':>8}  {'longest, us':24} {'waits':>5}  longest, us"]
    for name, f in sorted(parts.items(), key=lambda item: -item[1].longest_us[0]):
        longest = " ".join(map(str, f.longest_us))
        waits = " ".join(map(str, f.waits_us))
        lines.append(f"{name[:52]:52} {f.turns:7} {f.total_us / f.turns:8.0f}  {longest:24} {f.waited:5}  {waits}")
    return "\n".join(lines)


def run(root: Path, micropython: Path, *options: str) -> None:
    import signal

    from testigo_tools.commands.virtual import command_line
    from testigo_tools.virtual.appliance import VirtualAppliance

    _, environment = command_line(root, micropython=micropython)
    line = [str(micropython), *options, str(METER), f"root={root}"]
    line += [f"firmware={ROOT / 'firmware'}", f"board={ROOT / 'boards' / 'virtual'}"]
    appliance = VirtualAppliance(root, lambda: line, environment)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: appliance.stop())
    sys.exit(appliance.run(lambda: print(TO_STDOUT.format(root / "tty"), flush=True)))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
