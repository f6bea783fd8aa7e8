"""What was tried of a module's mutants: a session database of Cosmic Ray, so that a run can be continued."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

from mutations import mutants, name
from mutations.copies import is_timeout
from mutations.mutants import Mutant
from mutations.outcome import Outcome
from mutations.table import Module, Table
from support.micropython_runner import ROOT

FOLDER = ROOT / "build" / "mutations"


class Session:
    """The mutants of one module as its source is now; a changed source begins a new database."""

    def __init__(self, module: Module, table: Table, seed: int, folder: Path = FOLDER) -> None:
        """seed: of the order in which mutants are tried. Raises CannotParse."""
        self.module, self.seed = module, seed
        self._source = module.path.read_text(encoding="utf-8")
        self._places = name.functions(self._source)
        items = mutants.work_items(module, self._source, table)
        self.order = mutants.in_order(items, f"{seed} {module.source}")
        digest = hashlib.sha256(self._source.encode() + repr(table.excluded).encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{module.source.replace('/', '.').removesuffix('.py')}-{digest}.sqlite"
        self._db = WorkDB(str(self._path), WorkDB.Mode.create)
        if not self._db.num_work_items:
            self._db.add_work_items(items)
        self._results: dict[str, WorkResult] = dict(self._db.results)

    def close(self) -> None:
        self._db.close()

    def mutant(self, item: WorkItem) -> Mutant:
        return Mutant(self.module, self._source, self._places, item)

    def sample(self, count: int | None, containing: str = "") -> list[Mutant]:
        """The first `count` mutants that compile and have the text in their names; those that do not compile are noted."""
        found: list[Mutant] = []
        for item in self.order:
            if len(found) == count:
                break
            result = self._results.get(item.job_id)
            if result and result.worker_outcome == WorkerOutcome.SKIPPED:
                continue
            mutant = self.mutant(item)
            if mutant.code is None:
                self.keep(item, WorkResult(WorkerOutcome.SKIPPED))
            elif containing in str(mutant.name):
                found.append(mutant)
        return found

    def untried(self, sample: list[Mutant]) -> list[Mutant]:
        """Those of the sample without a result, and those that survived: a new test may kill them now."""
        return [mutant for mutant in sample if not self._killed(mutant.item)]

    def _killed(self, item: WorkItem) -> bool:
        result = self._results.get(item.job_id)
        return result is not None and result.test_outcome == TestOutcome.KILLED

    def keep(self, item: WorkItem, result: WorkResult) -> None:
        self._db.set_result(item.job_id, result)
        self._results[item.job_id] = result

    def outcome(self, sample: list[Mutant]) -> Outcome:
        """What became of the mutants of the sample that were tried."""
        tried = [
            (mutant, self._results[mutant.item.job_id]) for mutant in sample if mutant.item.job_id in self._results
        ]
        verdicts = [(mutant, result) for mutant, result in tried if result.worker_outcome == WorkerOutcome.NORMAL]
        return Outcome(
            module=self.module.source,
            seed=self.seed,
            candidates=len(self.order),
            tried=len(verdicts),
            by_time=sum(is_timeout(result) for _, result in verdicts),
            survivors=tuple(
                sorted(mutant.name for mutant, result in verdicts if result.test_outcome == TestOutcome.SURVIVED)
            ),
        )

    def tried(self) -> Iterator[Mutant]:
        """All mutants that have a verdict, of whatever sample."""
        for item in self.order:
            result = self._results.get(item.job_id)
            if result and result.worker_outcome == WorkerOutcome.NORMAL:
                yield self.mutant(item)
