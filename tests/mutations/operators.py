"""An operator that Cosmic Ray lacks: a statement is left out. Such a mutant is a check, a key or a mark that is forgotten."""

from collections.abc import Iterable, Iterator
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword

PROVIDER = "testigo"
ASSIGNMENT = "expr_stmt"
CALLS = ("atom_expr", "power", "await", "yield_expr")


def _has_effect(node: Any) -> bool:
    """Whether the statement does something that is seen elsewhere: a call, a raise, an assignment to an attribute or item.

    A local variable that is not assigned is a NameError, which any test finds.
    """
    if node.type == ASSIGNMENT:
        return node.children[0].type in CALLS or getattr(node.children[1], "value", "=") != "="
    return node.type in (*CALLS, "raise_stmt", "del_stmt")


class RemoveStatement(Operator):
    """Replaces a statement with an effect by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        if node.type == "simple_stmt" and _has_effect(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Keyword("pass", statement.start_pos, prefix)
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("self.key = new\n", "pass\n"),
            Example("f(x)\n", "pass\n"),
            Example("count += 1\n", "pass\n"),
            Example("raise ValueError\n", "pass\n"),
        )


class Provider:
    """The operators of this module, as Cosmic Ray takes them."""

    def __init__(self) -> None:
        self._operators = {RemoveStatement.__name__: RemoveStatement}

    def __iter__(self) -> Iterator[str]:
        return iter(self._operators)

    def __getitem__(self, name: str) -> type[Operator]:
        return self._operators[name]


def register() -> None:
    """Makes the operators known to Cosmic Ray in this process, without an installed plug-in."""
    cosmic_ray.plugins.OPERATOR_PROVIDERS[PROVIDER] = Provider()
