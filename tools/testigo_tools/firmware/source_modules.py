"""The modules of the firmware as `minify` sees them: their constants, imports and trees."""

import ast
import operator
import re
from collections import defaultdict
from dataclasses import dataclass, field

CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*$")
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.LShift: operator.lshift}
SMALL = 1 << 29  # what fits a word of MicroPython; viper takes no more


@dataclass
class Module:
    name: str
    text: str
    tree: ast.Module
    constants: dict[str, int] = field(default_factory=dict)
    removed: list[ast.stmt] = field(default_factory=list)  # statements that only made constants
    modules: dict[str, str] = field(default_factory=dict)  # local name: module of the firmware
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)  # local name: (module, name)
    private: set[str] = field(default_factory=set)


def module_name(path: str) -> str:
    """`recorder/storage/spool` is `recorder.storage.spool`, and `recorder/storage/__init__` is `recorder.storage`."""
    return path.replace("/", ".").removesuffix(".__init__")


def read(sources: dict[str, str]) -> dict[str, Module]:
    modules = {}
    for path, text in sources.items():
        name = module_name(path)
        modules[name] = Module(name, text, ast.parse(text))
    for module in modules.values():
        _find_constants(module)
        _find_imports(module, modules)
    return modules


def _find_constants(module: Module) -> None:
    stored: dict[str, int] = defaultdict(int)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored[node.id] += 1
        elif isinstance(node, ast.arg):
            stored[node.arg] += 1
    for statement in module.tree.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target = statement.targets[0]
        targets = list(target.elts) if isinstance(target, ast.Tuple) else [target]
        names = [one.id for one in targets if isinstance(one, ast.Name)]
        if len(names) < len(targets) or not all(CONSTANT.match(name) and stored[name] == 1 for name in names):
            continue
        values = _values(statement.value, module.constants, len(names))
        if values is not None and all(-SMALL < value < SMALL for value in values):
            module.constants.update(zip(names, values, strict=True))
            module.removed.append(statement)


def _values(node: ast.expr, known: dict[str, int], count: int) -> list[int] | None:
    """The numbers of `5`, `const(5)`, `range(7)` and arithmetic on them."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        inner = [_values(argument, known, 1) for argument in node.args]
        if any(value is None for value in inner):
            return None
        numbers = [value[0] for value in inner if value]
        if node.func.id == "const" and count == 1:
            return numbers
        if node.func.id == "range":
            found = list(range(*numbers))
            return found if len(found) == count else None
        return None
    if count != 1:
        return None
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return [node.value]
    if isinstance(node, ast.Name) and node.id in known:
        return [known[node.id]]
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        left, right = _values(node.left, known, 1), _values(node.right, known, 1)
        return [ARITHMETIC[type(node.op)](left[0], right[0])] if left and right else None
    return None


def _find_imports(module: Module, modules: dict[str, Module]) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                here = alias.asname or alias.name
                if f"{node.module}.{alias.name}" in modules:
                    module.modules[here] = f"{node.module}.{alias.name}"
                elif node.module in modules:
                    module.imported[here] = (node.module, alias.name)
