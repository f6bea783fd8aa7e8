"""Does faults and judges them. A fault that is done again by its name does the same."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.fault import SCENARIOS, TCP, Fault, Kind, seed_of
from faults.invariants import judge
from faults.kinds import cable, clock, fill, flip, heap, network, power, storage, vault
from faults.site import WorkerEnded
from faults.vault_end import KilledVaults, Vaults
from support.micropython_runner import ROOT

KINDS: tuple[Kind, ...] = (
    storage.Storage(),
    fill.Fill(),
    flip.Flip(),
    cable.Cable(),
    network.Network(),
    power.Power(),
    vault.KillVault(),
    vault.VaultStorage(),
    clock.Clock(),
    heap.Heap(),
    vault.Lie(),
)
BY_NAME = {kind.NAME: kind for kind in KINDS}
VAULT_FAULTS = 300  # faults before a fresh organisation: its verification walks over all that it has


def fault_of(name: str) -> Fault:
    kind, *parts = name.split("/")
    return BY_NAME[kind].fault(parts)


@dataclass
class Result:
    """happened: whether the place of the fault was reached. wrong: what does not hold."""

    fault: Fault
    happened: bool
    wrong: list[str]
    report: dict[str, Any] = field(default_factory=dict)


class Bench:
    """worker: which MicroPython, and its heap; see site.Worker."""

    def __init__(self, **worker: Any) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="testigo-faults-"))
        self._options = worker
        self._ends: dict[type, Any] = {}
        self._count = 0
        self._recorded: dict[tuple, dict[str, Any]] = {}

    def _end_of(self, fault: Fault) -> Any:
        which = KilledVaults if fault.vault[0] == "killed" else Vaults
        self._count += 1
        if self._count % VAULT_FAULTS == 0:
            self._close_ends()
        if which not in self._ends:
            self._ends[which] = which(self._folder / f"vault-{self._count}", **self._options)
        return self._ends[which]

    def _close_ends(self) -> None:
        for end in self._ends.values():
            end.close()
            shutil.rmtree(end.site.folder)
        self._ends.clear()

    def close(self) -> None:
        self._close_ends()
        shutil.rmtree(self._folder)

    def run(self, fault: Fault) -> Result:
        ends = self._end_of(fault)
        device_id, identity = ends.site.identity()
        with ends.end(*fault.vault, device_id) as end:
            job = {
                "name": fault.name,
                "card": fault.card,
                "template": fault.template,
                "scenario": fault.scenario,
                "identity": identity,
                "vault": [fault.way, *end.ports],
                "port": ends.site.port,
                "fault": fault.device,
            }
            try:
                report = ends.site.do(job)
            except WorkerEnded as error:
                return Result(fault, True, [f"the interpreter ended: {error}"])
            happened = report["happened"] or end.happened()
        report.update(device_id=device_id, records=end.records, vault_steps=end.steps)
        wrong = judge(ends.vault, ends.key, fault, device_id, report)
        return Result(fault, happened, [text.replace(f"{ROOT}/", "") for text in wrong], report)

    # Places of faults

    def _record(self, scenario: str, **more: Any) -> dict[str, Any]:
        """The report of a run without a fault."""
        key = (scenario, *sorted(more.items()))
        if key not in self._recorded:
            result = self.run(Fault(f"none/{scenario}", scenario, **more))
            if result.wrong:
                raise AssertionError(f"without any fault, {scenario}: {result.wrong} {result.report}")
            self._recorded[key] = result.report
        return self._recorded[key]

    def writes(self, scenario: str, card: bool) -> int:
        return self._record(scenario, card=card)["writes"]

    def frames(self, scenario: str, direction: int) -> int:
        return self._record(scenario, way="serial")["frames"][direction]

    def messages(self, scenario: str, direction: int) -> int:
        return self._record(scenario, vault=("proxied", None))["records"][direction]

    def steps(self, scenario: str) -> int:
        return self._record(scenario, way=TCP)["steps"]

    def vault_steps(self) -> int:
        return self._record("sync", vault=("killed", ("step", 0, 0)))["vault_steps"]


def choose(bench: Bench, seed: int, count: int, kinds: Iterable[str] = ()) -> list[str]:
    """`count` names, the same for the same seed: every kind gets its share, at most all that it has.

    Ordered by a digest of seed and name: a recorded run that has one place more or less changes one name, not all.
    """
    chosen = [kind for kind in KINDS if not kinds or kind.NAME in kinds]
    names = {kind.NAME: list(kind.names(bench)) for kind in chosen}
    for found in names.values():
        found.sort(key=lambda name: seed_of(f"{seed} {name}"))
    picked: list[str] = []
    while len(picked) < count and any(names.values()):
        for found in names.values():
            if found and len(picked) < count:
                picked.append(found.pop())
    return picked


def run_all(bench: Bench, names: Iterable[str]) -> Iterator[Result]:
    for name in names:
        yield bench.run(fault_of(name))


def totals(results: Iterable[Result]) -> dict[str, Counter]:
    """By kind: tried, happened, survived."""
    found = {kind.NAME: Counter() for kind in KINDS}
    for result in results:
        count = found[result.fault.kind]
        count["tried"] += 1
        count["happened"] += result.happened
        count["survived"] += result.happened and not result.wrong
        count["failed"] += bool(result.wrong)
    return found


__all__ = ["BY_NAME", "KINDS", "SCENARIOS", "Bench", "Result", "choose", "fault_of", "run_all", "totals"]
