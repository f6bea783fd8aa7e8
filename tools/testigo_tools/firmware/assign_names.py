"""Decides which short name each private name gets.

A name stands in a table of the device: functions, classes and variables of a module's top level in that of the module, methods
and attributes in those of a class and its objects. Two names need different short ones where they may meet in one table: those
of the top level in the same module of the device; methods and attributes in the same module of the sources, or in modules whose
classes inherit from each other. A module that `join` has made is several of the sources, each behind its marker.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator

from testigo_tools.firmware.join import MARKER
from testigo_tools.firmware.lookups import PRIVATE, may_look_up_private
from testigo_tools.firmware.own_names import own_names
from testigo_tools.firmware.short_names import nth, nth_attribute
from testigo_tools.firmware.source_modules import Module

Table = tuple[str, str]  # "" or the module of the sources, for objects; the module of the device


def names_in(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """(name, node) of everything private that this module defines or uses."""
    for node in ast.walk(module.tree):
        name = _name_of(node)
        if name is not None:
            yield name, node


def _name_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.alias):
        return node.name
    if isinstance(node, ast.arg | ast.keyword):
        return node.arg or ""
    return None


def short_names(modules: dict[str, Module]) -> dict[str, str]:
    """Private name to its short one, the same in all modules."""
    kept = set()
    used = {name for module in modules.values() for name, _ in names_in(module)}
    own = own_names({name: module.tree for name, module in modules.items()})
    for module in modules.values():
        module.private = {name for name, _ in names_in(module) if PRIVATE.match(name)}
        module.private |= own[module.name] - module.constants.keys()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and PRIVATE.match(node.attr):
                owner = node.value.id
                if owner not in ("self", "cls") and owner not in module.modules and _is_import(module, owner):
                    kept.add(node.attr)  # of a module that is not ours
            elif isinstance(node, ast.Global | ast.Nonlocal):
                kept.update(node.names)
        if may_look_up_private(module.tree):
            kept |= module.private
    where = _where(modules)
    taken: dict[Table, set[str]] = defaultdict(set)
    short = {}
    for private in sorted(where, key=lambda name: (-len(where[name]), name)):
        if private in kept:
            continue
        name_at = nth if any(not source for source, _ in where[private]) else nth_attribute
        number = 0
        while name_at(number) in used or any(name_at(number) in taken[table] for table in where[private]):
            number += 1
        short[private] = name_at(number)
        for table in where[private]:
            taken[table].add(short[private])
    return short


def _is_import(module: Module, name: str) -> bool:
    return any(
        (alias.asname or alias.name.partition(".")[0]) == name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


def _where(modules: dict[str, Module]) -> dict[str, set[Table]]:
    """The tables in which each private name may stand."""
    families = _families(modules)
    where: dict[str, set[Table]] = defaultdict(set)
    for module in modules.values():
        for source, statement in _statements(module):
            for name, is_attribute in _places(statement, False):
                if name in module.private:
                    where[name].add(families[source, module.name] if is_attribute else ("", module.name))
    return where


def _statements(module: Module) -> Iterator[tuple[str, ast.stmt]]:
    """(name of the module of the sources, statement)."""
    source = module.name
    for statement in module.tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            text = str(statement.value.value)
            if text.startswith(MARKER):
                source = text[len(MARKER) :]
        yield source, statement


def _places(node: ast.AST, in_class: bool) -> Iterator[tuple[str, bool]]:
    """(name, whether it is one of a class or an object) of a statement. in_class: it stands in the body of a class."""
    name = _name_of(node)
    if isinstance(node, ast.Attribute):
        yield node.attr, True
    elif name is not None:
        stored = isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        defined = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if in_class:
            yield name, True
        if not in_class or not (stored or defined):
            yield name, False
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for part, value in ast.iter_fields(node):
        inside = isinstance(node, ast.ClassDef) if part == "body" else in_class
        if is_function and part == "body":
            inside = False
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _places(child, inside)


def _families(modules: dict[str, Module]) -> dict[Table, Table]:
    """Modules of the sources whose classes inherit from each other share their objects."""
    family: dict[Table, Table] = {}
    classes: dict[tuple[str, str], Table] = {}
    for module in modules.values():
        for source, statement in _statements(module):
            family[source, module.name] = (source, module.name)
            if isinstance(statement, ast.ClassDef):
                classes[module.name, statement.name] = (source, module.name)
    for module in modules.values():
        for source, statement in _statements(module):
            for node in ast.walk(statement):
                if not isinstance(node, ast.ClassDef):
                    continue
                for base in node.bases:
                    other = classes.get(_base(module, base))
                    if other:
                        old, new = family[source, module.name], family[other]
                        family = {one: new if of == old else of for one, of in family.items()}
    return family


def _base(module: Module, base: ast.expr) -> tuple[str, str]:
    """(module, name) of a class from which another one inherits."""
    if isinstance(base, ast.Name):
        return module.imported.get(base.id, (module.name, base.id))
    if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
        return module.modules.get(base.value.id, ""), base.attr
    return "", ""
