"""The name of a mutant: it stays the same when lines move, and says what was changed."""

import ast
from typing import Any, NamedTuple


class Name(NamedTuple):
    """module: path in the tree. function: with its class, or "" for the module. line, becomes: the changed line, stripped.

    nth: counted from 1, where the function has the same line more than once.
    """

    module: str
    function: str
    operator: str
    line: str
    becomes: str
    nth: int = 1

    def __str__(self) -> str:
        place = f"{self.module}, {self.function or 'module'}"
        again = f" ({self.nth}.)" if self.nth > 1 else ""
        return f"{place}: `{self.line}`{again} becomes `{self.becomes}`"


def functions(source: str) -> dict[str, tuple[int, int]]:
    """The functions and classes of a module by their full names -> first and last line, decorators included."""
    found = {}

    def walk(node: Any, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                found[prefix + child.name] = first, child.end_lineno or child.lineno
                walk(child, f"{prefix}{child.name}.")
            else:
                walk(child, prefix)

    walk(ast.parse(source), "")
    return found


def function_at(places: dict[str, tuple[int, int]], line: int) -> str:
    """The innermost function or class around a line, or ""."""
    around = [name for name, (first, last) in places.items() if first <= line <= last]
    return max(around, key=lambda name: places[name][0], default="")


def of_change(
    module: str, operator: str, row: int, before: str, after: str, places: dict[str, tuple[int, int]]
) -> Name:
    """The name of the mutant whose source is `after`. row: where the change begins. places: functions(before)."""
    old, new = before.splitlines(), after.splitlines()
    at = row - 1
    if operator == "RemoveDecorator":
        becomes = ""
    else:
        if at >= len(new) or old[at] == new[at]:  # a line break before the row went away with the change
            at = next(i for i in range(len(old)) if i >= len(new) or old[i] != new[i])
        becomes = new[at].strip()
    function = function_at(places, at + 1)
    first = places[function][0] - 1 if function else 0
    nth = sum(line.strip() == old[at].strip() for line in old[first : at + 1])
    return Name(module, function, operator, old[at].strip(), becomes, nth)
