"""Finds the public names that only their own module uses: on the device they can be as short as private ones."""

import ast
from collections import defaultdict

# What main.py of the device takes by name.
ENTRY = {"start", "port", "service_asked", "crashed"}


def own_names(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """trees: name of a module to its tree. Returns for each module the names that it defines (functions, classes, variables of
    its top level, methods, attributes of its objects), and that no other module, no string and no parameter has.
    """
    where: dict[str, set[str]] = defaultdict(set)
    other = set(ENTRY)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                where[node.id].add(module)
            elif isinstance(node, ast.Attribute):
                where[node.attr].add(module)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                where[node.name].add(module)
            elif isinstance(node, ast.arg | ast.keyword):
                other.add(node.arg or "")
            elif isinstance(node, ast.alias):
                other.update((node.name, node.asname or ""))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                other.add(node.value)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                other.update(node.names)
    return {
        module: {name for name in _defined(tree) if len(where[name]) == 1 and name not in other}
        for module, tree in trees.items()
    }


def _defined(tree: ast.Module) -> set[str]:
    found = set()
    # What a class with a base has may be called by the base, which can be MicroPython's.
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef) and not node.bases)]
    for statement in (statement for body in bodies for statement in body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign):
            found.update(target.id for target in statement.targets if isinstance(target, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
            found.add(node.attr)
    return {name for name in found if not name.startswith("_") and len(name) > 2}


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
