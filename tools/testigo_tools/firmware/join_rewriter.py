"""Rewrites one module for `join`: its own names, and those that it takes from modules that are joined."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class JoinError(Exception):
    """Modules that cannot be joined; the text says why."""


@dataclass(frozen=True)
class Import:
    """What an imported name stands for. module: full name; name: of the module's, "" for the module itself."""

    module: str
    name: str = ""

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass
class SourceModule:
    name: str
    tree: ast.Module
    group: str = ""  # full name of the joined module
    own: set[str] = field(default_factory=set)  # names of its top level that are not imports
    imports: dict[str, Import] = field(default_factory=dict)  # of its top level
    imported: set[str] = field(default_factory=set)  # full names of what it imports anywhere
    words: set[str] = field(default_factory=set)  # every name in it


def imported(statement: ast.Import | ast.ImportFrom) -> Iterable[tuple[str, Import]]:
    """(name here, what it is) of each name."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield alias.asname or alias.name.partition(".")[0], Import(alias.name)
        else:
            yield alias.asname or alias.name, Import(statement.module or "", alias.name)


def bound(statements: Iterable[ast.AST]) -> set[str]:
    """Names that these statements bind in their own scope."""
    found = set()
    to_see = list(statements)
    while to_see:
        node = to_see.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, SCOPES):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(here for here, _ in imported(node))
        to_see += ast.iter_child_nodes(node)
    return found


class Rewriter(ast.NodeTransformer):
    """Puts the new names into one module."""

    def __init__(
        self, module: SourceModule, modules: dict[str, SourceModule], new_names: dict[tuple[str, str], str]
    ) -> None:
        self._module = module
        self._modules = modules
        self._new = new_names
        self.aliases: dict[str, str] = {}  # other names of imports of the top level
        self.changed = False
        self._scopes: list[tuple[set[str], dict[str, Import]]] = []  # of functions: names that are local, and imports

    def target(self, what: Import) -> Import | None:
        """What is to be imported instead; None where it is in the same joined module."""
        if what.full in self._modules and self._modules[what.full].group:
            group = self._modules[what.full].group
            if group == self._module.group:
                return None
            package, _, name = group.rpartition(".")
            return Import(package, name)
        if what.name and what.module in self._modules and self._modules[what.module].group:
            group = self._modules[what.module].group
            if group == self._module.group:
                return None
            return Import(group, self._new.get((what.module, what.name), what.name))
        return what

    def _find(self, name: str) -> tuple[str, Import | None]:
        """("local", None), ("import", what it is) or ("own", None)."""
        for local, imports in reversed(self._scopes):
            if name in imports:
                return "import", imports[name]
            if name in local:
                return "local", None
        if name in self._module.imports:
            return "import", self._module.imports[name]
        return "own", None

    def _set(self, node: ast.Name, new: str) -> ast.Name:
        if node.id != new:
            self.changed = True
            node.id = new
        return node

    def _set_name(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """The new name of what stands at the top level. Methods, and what stands in functions, keep theirs."""
        if not self._scopes:
            new = self._new.get((self._module.name, node.name), node.name)
            self.changed = self.changed or new != node.name
            node.name = new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        kind, what = self._find(node.id)
        if kind == "own":
            return self._set(node, self._new.get((self._module.name, node.id), node.id))
        if what is None:
            return node
        if self.target(what) is None:
            if not what.name or (what.module, what.name) not in self._new:
                raise JoinError(f"{self._module.name}: {node.id} is a module of its group, used as a value")
            return self._set(node, self._new[what.module, what.name])
        if any(node.id in imports for _, imports in self._scopes):
            return node
        return self._set(node, self.aliases.get(node.id, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            _, what = self._find(node.value.id)
            if what and what.full in self._modules and self._modules[what.full].group:
                new = self._new.get((what.full, node.attr))
                if new is None:
                    raise JoinError(f"{self._module.name}: {what.full} has no {node.attr}")
                self.changed = True
                if self._modules[what.full].group == self._module.group:
                    return ast.copy_location(ast.Name(new, node.ctx), node)
                node.attr = new
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._new.get((self._module.name, name), name) for name in node.names]
        return node

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            made += new if isinstance(new, list) else [new]
        return made

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> ast.AST:
        arguments = node.args
        arguments.defaults = [self.visit(one) for one in arguments.defaults]
        arguments.kw_defaults = [one and self.visit(one) for one in arguments.kw_defaults]
        body = node.body if isinstance(node.body, list) else [node.body]
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        local = {one.arg for one in every if one} | bound(body)
        if not isinstance(node, ast.Lambda):
            node.decorator_list = [self.visit(one) for one in node.decorator_list]
            self._set_name(node)
            inside = [one for statement in body for one in _own_nodes(statement)]
            local -= {name for one in inside if isinstance(one, ast.Global) for name in one.names}
        imports = {}
        for statement in body:
            for one in _own_nodes(statement):
                if isinstance(one, ast.Import | ast.ImportFrom):
                    imports.update(dict(imported(one)))
        self._scopes.append((local, imports))
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = self._statements(node.body) or [ast.Pass()]
        self._scopes.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(one) for one in node.bases]
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        self._set_name(node)
        # MicroPython has no slots; their names would take heap.
        left = [one for one in node.body if bound([one]) != {"__slots__"}]
        self.changed = self.changed or len(left) < len(node.body)
        node.body = left or [ast.Pass()]
        own = bound(node.body)
        for index, statement in enumerate(node.body):
            is_method = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)  # does not see the class's names
            self._scopes.append((set() if is_method else own, {}))
            node.body[index] = self.visit(statement)
            self._scopes.pop()
        return node

    def _comprehension(self, node: ast.expr) -> ast.AST:
        names = {
            inner.id
            for generator in node.generators  # type: ignore[attr-defined]
            for inner in ast.walk(generator.target)
            if isinstance(inner, ast.Name)
        }
        self._scopes.append((names, {}))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Import(self, node: ast.Import) -> ast.AST:
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        kept: list[tuple[str, ast.alias]] = []
        same = True
        for here, what in imported(node):
            target = self.target(what)
            same = same and target == what
            if target is not None:
                kept.append((target.module, ast.alias(target.name, here if here != target.name else None)))
        if same:
            return node
        self.changed = True
        return [ast.ImportFrom(module, [alias], 0) for module, alias in kept] or [ast.Pass()]

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Names of modules: what `unload` is given."""
        if isinstance(node.value, str) and node.value in self._modules and self._modules[node.value].group:
            node.value = self._modules[node.value].group
            self.changed = True
        return node


def _own_nodes(statement: ast.AST) -> Iterable[ast.AST]:
    """The nodes of a statement, without those of functions and classes in it."""
    yield statement
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        for node in ast.iter_child_nodes(statement):
            yield from _own_nodes(node)
