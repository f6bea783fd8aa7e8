"""Shortens the firmware's source before it is compiled: on a chip each different name takes 8 to 16 bytes of heap and its text.

- A module's constants (`NAME = 5`) are written where they are used, in other modules too, and are defined nowhere.
- Private names (`_like_this`), and those of own_names.py, become short (assign_names.py).
- Parameters that no call names become short.
- Inner packages are left out: `recorder.storage.spool` is compiled as `recorder.spool`.
The source files do not change; `name_map` is the key to a traceback from a device."""

import ast
from bisect import bisect
from collections import Counter, defaultdict
from typing import Any

from testigo_tools.firmware.assign_names import names_in, short_names
from testigo_tools.firmware.lookups import PRIVATE
from testigo_tools.firmware.short_names import PARAMETERS
from testigo_tools.firmware.source_modules import Module, read


def minify(sources: dict[str, str]) -> dict[str, str]:
    """sources: path without suffix, as `recorder/storage/spool`, to the text. Returns the path on the device to the
    text with the names taken out.
    """
    modules = read(sources)
    short = short_names(modules)
    named = {node.arg for module in modules.values() for node in ast.walk(module.tree) if isinstance(node, ast.keyword)}
    flat = _flat_names(modules)
    return {
        _path(flat[name]): _Rewriter(module, modules, short, named, flat).text()
        for name, module in modules.items()
        if name in flat
    }


def device_paths(sources: dict[str, str]) -> list[str]:
    """The paths that `minify` returns."""
    return [_path(name) for name in _flat_names(read(sources)).values()]


def _path(name: str) -> str:
    return name.replace(".", "/")


def _flat_names(modules: dict[str, Module]) -> dict[str, str]:
    """Full names of modules to their names on the device, without the packages between the first and the last.

    Modules that have nothing but a docstring, as packages do, are not on the device.
    """
    flat = {name: ".".join(_ends(name)) for name, module in modules.items() if not _is_empty(module.tree)}
    count = Counter(flat.values())
    return {name: short if count[short] == 1 else _joined(name) for name, short in flat.items()}


def _ends(name: str) -> list[str]:
    parts = name.split(".")
    return [parts[0], parts[-1]] if len(parts) > 1 else parts


def _joined(name: str) -> str:
    top, _, rest = name.partition(".")
    return f"{top}.{rest.replace('.', '_')}" if rest else top


def _is_empty(tree: ast.Module) -> bool:
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)


def name_map(sources: dict[str, str]) -> dict[str, str]:
    """Private name to what it is called on the device."""
    return short_names(read(sources))


def _short_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, named: set[str | None]) -> dict[str, str]:
    """Parameter to short name, for those of a function whose names mean nothing outside of it."""
    own = [*function.args.posonlyargs, *function.args.args, function.args.vararg, function.args.kwarg]
    names = [argument.arg for argument in own if argument is not None]
    inside = [node for node in ast.walk(function) if node is not function]
    scopes = [node for node in inside if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    taken = {node.id for node in inside if isinstance(node, ast.Name)} | set(names)
    fixed = {"self", "cls"} | {
        name for node in inside if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    }
    for outside in (*function.args.defaults, *function.args.kw_defaults, *function.decorator_list):
        fixed.update(node.id for node in ast.walk(outside or ast.Pass()) if isinstance(node, ast.Name))
    for scope in scopes:  # the same word may be another variable there
        fixed.update(node.arg for node in ast.walk(scope) if isinstance(node, ast.arg))
        fixed.update(
            node.id for node in ast.walk(scope) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        )
        taken.update(node.arg for node in ast.walk(scope) if isinstance(node, ast.arg))
    if any(isinstance(node, ast.JoinedStr) for node in inside):
        return {}  # places inside of f-strings are not exact
    free = (short for short in PARAMETERS if short not in taken)
    wanted = [
        name for name in names if len(name) > 1 and name not in fixed and name not in named and not PRIVATE.match(name)
    ]
    return dict(zip(wanted, free, strict=False))


class _Rewriter:
    """One module's text with its edits."""

    def __init__(
        self,
        module: Module,
        modules: dict[str, Module],
        short: dict[str, str],
        named: set[str | None],
        flat: dict[str, str],
    ) -> None:
        """named: the keywords of all calls. flat: full names of modules to those on the device."""
        self._named = named
        self._flat = flat
        self._module = module
        self._modules = modules
        self._tops = {name.partition(".")[0] for name in modules}
        self._short_names = short
        self._data = module.text.encode()
        starts = [0]
        for line in self._data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self._edits: dict[tuple[int, int], bytes] = {}

    def text(self) -> str:
        self._constants()
        self._private()
        self._parameters()
        self._imports()
        self._module_names()
        data = self._data
        for (start, end), new in sorted(self._edits.items(), reverse=True):
            data = data[:start] + new + data[end:]
        return data.decode()

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _span(self, node: Any) -> tuple[int, int]:
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _value(self, node: ast.AST) -> int | None:
        """The number that a name stands for, here or in another module."""
        module = self._module
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in module.imported:
                other, name = module.imported[node.id]
                return self._modules[other].constants.get(name)
            return module.constants.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in module.modules:
            return self._modules[module.modules[node.value.id]].constants.get(node.attr)
        return None

    def _constants(self) -> None:
        for node in ast.walk(self._module.tree):
            value = self._value(node)
            if value is not None:
                start, end = self._span(node)
                bare = value >= 0 and self._data[end : end + 1] != b"."
                self._edits[start, end] = b"%d" % value if bare else b"(%d)" % value
        for statement in self._module.removed:
            start, end = self._span(statement)
            self._edits = {span: new for span, new in self._edits.items() if not start <= span[0] < end}
            self._edits[start, end] = b""

    def _private(self) -> None:
        for name, node in names_in(self._module):
            new = self._short_names.get(name)
            if new is None:
                continue
            start, end = self._span(node)
            if isinstance(node, ast.Attribute):
                start = end - len(name)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                start = self._data.index(b" " + name.encode(), start) + 1
            self._edits[start, start + len(name)] = new.encode()

    def _parameters(self) -> None:
        for node in ast.walk(self._module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name, short in _short_parameters(node, self._named).items():
                    for inner in ast.walk(node):
                        if (isinstance(inner, ast.arg) and inner.arg == name) or (
                            isinstance(inner, ast.Name) and inner.id == name
                        ):
                            start = self._span(inner)[0]
                            self._edits[start, start + len(name)] = short.encode()

    def _imports(self) -> None:
        # What other modules take from here, and what is here only to be taken.
        used = {
            name
            for other in self._modules.values()
            for module, name in other.imported.values()
            if module == self._module.name
        }
        edits = sorted(self._edits)
        for node in ast.walk(self._module.tree):
            if isinstance(node, ast.Name) and self._value(node) is None:
                span = self._span(node)
                before = edits[bisect(edits, (span[0], len(self._data))) - 1] if edits else span
                if before == span or not before[0] <= span[0] < before[1]:
                    used.add(node.id)
        for node in ast.walk(self._module.tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            left = [alias for alias in node.names if (alias.asname or alias.name) in used]
            ours = (node.module or "").partition(".")[0] in self._tops
            if node.module == "__future__" or (len(left) == len(node.names) and not ours):
                continue
            kept: dict[str, list[str]] = defaultdict(list)
            for alias in left:
                package, name = self._on_device(node.module or "", alias)
                kept[package].append(name)
            lines = [f"from {package} import {', '.join(names)}" for package, names in kept.items()]
            start, end = self._span(node)
            self._edits = {span: new for span, new in self._edits.items() if not start <= span[0] < end}
            self._edits[start, end] = "; ".join(lines).encode() if lines else b"pass"

    def _on_device(self, package: str, alias: ast.alias) -> tuple[str, str]:
        """Where an imported name is on the device, and `name` or `name as other`."""
        here = alias.asname or alias.name
        flat = self._flat.get(f"{package}.{alias.name}")
        if flat is None:
            package, name = self._flat.get(package, package), self._short_names.get(alias.name, alias.name)
        else:
            package, _, name = flat.rpartition(".")
        here = self._short_names.get(here, here)
        return package, name + (f" as {here}" if here != name else "")

    def _module_names(self) -> None:
        """Names of modules in strings: what `unload` is given."""
        for node in ast.walk(self._module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in self._flat:
                self._edits[self._span(node)] = repr(self._flat[node.value]).encode()
