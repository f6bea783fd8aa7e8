"""Whether a module looks up attributes by names that are made when it runs: its private names must then stay as they are."""

import ast
import re

FUNCTIONS = {"getattr", "setattr", "hasattr"}
PRIVATE = re.compile(r"_[a-z][a-z0-9_]*$")


def may_look_up_private(tree: ast.Module) -> bool:
    """False where each of these functions is called with a public name that stands there, as in `getattr(x, "name")`."""
    uses = sum(isinstance(node, ast.Name) and node.id in FUNCTIONS for node in ast.walk(tree))
    return uses > sum(_is_public(node) for node in ast.walk(tree))


def _is_public(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in FUNCTIONS
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and not PRIVATE.match(str(node.args[1].value))
    )
