"""Joins the modules of a group into one, before names are shortened.

Each module that a device loads takes heap beside its code: an object, a table of its names with those that it imports, and
three entries in MicroPython's table of names, which doubles when it is full. Modules that are always loaded together are
joined (groups.py): their imports of each other are left out, and a name that two of them have for different things is
made different. The joined module has the name and the place of the last of its group. The source files do not change.
"""

import ast
import builtins
from collections.abc import Collection, Sequence

from testigo_tools.firmware.join_rewriter import Import, JoinError, Rewriter, SourceModule, bound, imported
from testigo_tools.firmware.lookups import may_look_up_private
from testigo_tools.firmware.source_modules import module_name

MARKER = "module "  # begins the statement, which does nothing, before each module of a joined one


def join(sources: dict[str, str], groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """sources: path without suffix, as `recorder/storage/spool`, to the text. groups: of full names of modules, in an order in
    which they can be executed. Returns the sources with each group as one, without comments.

    Modules of a group that are not in sources are ignored.
    """
    modules = {}
    for path, text in sources.items():
        name = module_name(path)
        modules[name] = _read(name, text)
    present = _present(modules, groups)
    for group in present:
        for name in group:
            if may_look_up_private(modules[name].tree):
                raise JoinError(f"{name} makes names of attributes at run time: it must stand alone")
            modules[name].group = group[-1]
    new_names: dict[tuple[str, str], str] = {}
    for group in present:
        _rename([modules[name] for name in group], new_names)
    made = {}
    for path, text in sources.items():
        module = modules[module_name(path)]
        if not module.group:
            changed = Rewriter(module, modules, new_names)
            tree = changed.visit(module.tree)
            made[path] = ast.unparse(tree) + "\n" if changed.changed else text
    for group in present:
        if group:
            made[group[-1].replace(".", "/")] = _joined([modules[name] for name in group], modules, new_names)
    return made


def joined_paths(paths: Collection[str], groups: Sequence[Sequence[str]]) -> list[str]:
    """The paths that `join` returns for sources with these paths."""
    present = _present({module_name(path) for path in paths}, groups)
    left_out = {name for group in present for name in group[:-1]}
    return [path for path in paths if module_name(path) not in left_out]


def _present(modules: Collection[str], groups: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[name for name in group if name in modules] for group in groups]


def _read(name: str, text: str) -> SourceModule:
    module = SourceModule(name, ast.parse(text))
    for statement in module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for here, what in imported(statement):
                module.imports[here] = what
        else:
            module.own |= bound([statement])
    for node in ast.walk(module.tree):
        module.words |= _words(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            module.imported |= {what.full for _, what in imported(node)}
    return module


def _words(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.alias):
        return {node.asname or node.name}
    if isinstance(node, ast.Global | ast.Nonlocal):
        return set(node.names)
    if isinstance(node, ast.ExceptHandler):
        return {node.name or ""}
    return set()


def _rename(group: list[SourceModule], new_names: dict[tuple[str, str], str]) -> None:
    """Fills new_names: (module, name of its top level) to the name in the joined module. The last module keeps its names,
    since programs that are not joined may have them."""
    taken: set[str] = set()
    for module in reversed(group):
        others = [other for other in group if other is not module]
        for name in sorted(module.own):
            new = name
            if module is group[-1]:
                if any(_is_builtin(name, one) for one in others):
                    raise JoinError(f"{module.name}: {name} is built in for other modules of its group")
            elif name in taken or any(_has_for_other(one, module.name, name) for one in others):
                new = _suffixed(name, module.name, set().union(*(one.words for one in group)) | taken)
            new_names[module.name, name] = new
            taken.add(new)


def _has_for_other(other: SourceModule, module: str, name: str) -> bool:
    """Whether that name of the module may be something else where the other module would use it."""
    if name not in other.words:
        return False
    if name in other.own or _is_builtin(name, other):
        return True
    if other.imports.get(name, Import(module, name)) != Import(module, name):
        return True
    if module not in other.imported and f"{module}.{name}" not in other.imported:
        return False
    stored = [
        node
        for node in ast.walk(other.tree)
        if (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == name)
    ]
    return bool(stored) or name not in other.imports


def _is_builtin(name: str, other: SourceModule) -> bool:
    return hasattr(builtins, name) and name in other.words and name not in other.own and name not in other.imports


def _suffixed(name: str, module: str, taken: set[str]) -> str:
    for count in range(1, 4):
        tail = "_" + "_".join(module.split(".")[-count:])
        new = name + (tail.upper() if name.isupper() else tail)
        if new not in taken:
            return new
    raise JoinError(f"no other name for {name} of {module}")


def _joined(group: list[SourceModule], modules: dict[str, SourceModule], new_names: dict[tuple[str, str], str]) -> str:
    imports: dict[str, tuple[Import, ast.stmt]] = {}
    body: list[ast.stmt] = []
    every = set().union(*(module.words for module in group)) | set(new_names.values())
    owned = {new_names[module.name, name] for module in group for name in module.own}
    earlier: set[str] = set()
    for module in group:
        earlier.add(module.name)
        for what in module.imports.values():
            source = what.full if what.full in modules else what.module
            if source in modules and modules[source].group == module.group and source not in earlier:
                raise JoinError(f"{module.name} imports {source}, which stands after it in its group")
        rewriter = Rewriter(module, modules, new_names)
        aliases = rewriter.aliases
        for here, what in module.imports.items():
            target = rewriter.target(what)
            if target is None:
                continue  # of this group
            name = here
            while (
                name in owned
                or imports.get(name, (target,))[0] != target
                or any(_is_builtin(name, one) for one in group)
            ):
                name += "_"
                if name in every:
                    raise JoinError(f"no other name for {here} of {module.name}")
            aliases[here] = name
            imports[name] = (target, _statement(target, name))
        body.append(ast.Expr(ast.Constant(MARKER + module.name)))
        for statement in module.tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom) or _is_text(statement):
                continue
            body.append(rewriter.visit(statement))
    tree = ast.Module([statement for _, statement in imports.values()] + body, [])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _statement(what: Import, here: str) -> ast.stmt:
    if not what.name:
        return ast.Import([ast.alias(what.module, here if here != what.module else None)])
    return ast.ImportFrom(what.module, [ast.alias(what.name, here if here != what.name else None)], 0)
