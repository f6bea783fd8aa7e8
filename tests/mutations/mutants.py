"""All mutants of a module, in a seeded order, and the source of each."""

import ast
import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec, WorkItem

from mutations import name, operators
from mutations.name import Name
from mutations.table import Module, Table

operators.register()


class CannotParse(Exception):
    """The library reads the module in another way than Python does."""


def work_items(module: Module, source: str, table: Table) -> list[WorkItem]:
    """Every mutation that the operators find. Raises CannotParse."""
    grammar = parso.load_grammar()
    tree = grammar.parse(source)
    errors = list(grammar.iter_errors(tree))
    if errors:
        raise CannotParse(
            f"{module.source}:{errors[0].start_pos[0]}: Cosmic Ray cannot parse this: {errors[0].message}"
        )
    nodes = list(ast_nodes(get_ast(source)))
    found = []
    for operator_name in filter(table.makes, operator_names()):
        operator_class = get_operator(operator_name)
        if operator_class.arguments():
            continue
        operator = operator_class()
        positions = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            spec = MutationSpec(
                module_path=module.source,
                operator_name=operator_name,
                occurrence=occurrence,
                start_pos=start,
                end_pos=end,
            )
            found.append(WorkItem.single(f"{operator_name}:{occurrence}", spec))
    return found


def in_order(items: list[WorkItem], seed: str) -> list[WorkItem]:
    """The same order for the same seed: first one mutant of every place in the source, then a second one of each."""
    places = defaultdict(list)
    for item in sorted(items, key=lambda item: item.job_id):
        places[item.mutations[0].start_pos, item.mutations[0].end_pos].append(item)
    chance = random.Random(seed)
    groups = [places[place] for place in sorted(places)]
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
    longest = max(map(len, groups), default=0)
    return [group[turn] for turn in range(longest) for group in groups if turn < len(group)]


@dataclass(frozen=True)
class Mutant:
    """One work item of a module with this source."""

    module: Module
    source: str
    places: dict[str, tuple[int, int]]
    item: WorkItem

    @cached_property
    def code(self) -> str | None:
        """The changed source; None if it does not compile, or if nothing but annotations differs."""
        spec = self.item.mutations[0]
        changed = mutate_code(self.source, get_operator(spec.operator_name)(), spec.occurrence)
        if changed is None:
            return None
        try:
            same = _without_annotations(changed) == _without_annotations(self.source)
        except SyntaxError:
            return None
        return None if same else changed

    @cached_property
    def name(self) -> Name:
        spec = self.item.mutations[0]
        operator = spec.operator_name.partition("/")[2]
        return name.of_change(
            self.module.source, operator, spec.start_pos[0], self.source, self.code or "", self.places
        )


def _without_annotations(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(0)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return ast.dump(tree)
