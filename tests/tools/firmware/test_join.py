"""Modules that are joined do what they did apart."""

import ast
import sys
import types

import pytest

from testigo_tools.firmware import build as firmware_build
from testigo_tools.firmware.groups import GROUPS
from testigo_tools.firmware.join import JoinError, join, joined_paths
from testigo_tools.firmware.minify import minify

SOURCES = {
    "p/a": '"""A."""\nimport os\nfrom os import sep as line\nLIMIT = 5\n_size = 3\ndef open(name):\n    return name + line\n'
    "class Base:\n    kept = LIMIT\n    def size(self):\n        return _size + self.kept\n",
    "p/b": "from p import a\nfrom p.a import LIMIT, Base as Old\nLIMITS = (LIMIT, a.LIMIT)\n_size = 30\n"
    "def size(open, line='x'):\n    return [open for open in (open, a.LIMIT, _size)] + [a.open(line)]\n"
    "class Base(Old):\n    __slots__ = ('_a', '_b')\n    def size(self):\n        return super().size() + _size + a._size\n",
    "p/c": "import os\nfrom p import b\nfrom p.a import open as open_a\ndef result():\n    from p.a import Base\n"
    "    global _made\n    _made = [Base().size(), b.Base().size(), b.size(7), open_a('n'), os.sep]\n    return _made\n",
    "p/d": "from p import b as other, c\nfrom p.a import Base, open\nunload('p.a')\n"
    "def start():\n    from p import a\n    return [c.result(), other.Base().size(), open('d'), Base is a.Base, a.LIMIT]\n",
}


def result(sources):
    """Executes modules of the package p from their texts -> (what p.d.start() returns, what was unloaded)."""
    made = {}

    class Finder:
        @staticmethod
        def find_spec(full, path=None, target=None):
            from importlib.machinery import ModuleSpec

            if full == "p" or full.replace(".", "/") in sources:
                return ModuleSpec(full, Finder, is_package=full == "p")
            return None

        @staticmethod
        def create_module(spec):
            module = types.ModuleType(spec.name)
            module.unload = made.setdefault("unloaded", []).append
            return module

        @staticmethod
        def exec_module(module):
            exec(sources.get(module.__name__.replace(".", "/"), ""), module.__dict__)

    sys.meta_path.insert(0, Finder)
    try:
        from p.d import start  # type: ignore[import-not-found]

        return start(), made["unloaded"]
    finally:
        sys.meta_path.remove(Finder)
        for full in [full for full in sys.modules if full == "p" or full.startswith("p.")]:
            del sys.modules[full]


@pytest.mark.parametrize(
    "groups", [[("p.a", "p.b")], [("p.a", "p.b", "p.c")], [("p.a", "p.c")], [("p.a",), ("p.b", "p.c")]]
)
@pytest.mark.parametrize("short", [False, True])
def test_the_result_is_the_same(groups, short):
    joined = join(SOURCES, groups)
    assert len(joined) == len(SOURCES) - sum(len(group) - 1 for group in groups)
    assert sorted(joined) == sorted(joined_paths(SOURCES, groups))
    apart, unloaded = result(SOURCES)
    assert unloaded == ["p.a"]
    assert result(minify(joined) if short else joined) == (apart, [groups[0][-1]])


def test_slots_are_left_out():
    assert "__slots__" in SOURCES["p/b"] and "__slots__" not in join(SOURCES, [("p.a", "p.b")])["p/b"]


@pytest.mark.parametrize(
    ("sources", "groups", "text"),
    [
        ({"p/a": "x = 1\n", "p/b": "from p import a\ny = [a]\n"}, [("p.a", "p.b")], "used as a value"),
        ({"p/a": "x = 1\n", "p/b": "from p import a\ny = a.z\n"}, [("p.a", "p.b")], "has no z"),
        ({"p/a": "x = 1\n", "p/b": "from p import a\ny = a.x\n"}, [("p.b", "p.a")], "stands after it"),
        ({"p/a": "def f(x, n): return getattr(x, '_' + n)\n", "p/b": "y = 1\n"}, [("p.a", "p.b")], "stand alone"),
    ],
)
def test_what_cannot_be_joined_is_refused(sources, groups, text):
    with pytest.raises(JoinError, match=text):
        join(sources, groups)


def test_each_module_of_a_group_is_one_of_the_device_and_in_one_group_only():
    on_device = {name.replace("/", ".") for name in firmware_build.sources()}
    grouped = [name for group in GROUPS for name in group]
    assert len(grouped) == len(set(grouped))
    assert not set(grouped) - on_device


def test_no_module_that_is_unloaded_is_joined_to_one_that_stays():
    """`unload` removes the whole group."""
    grouped = {name: group for group in GROUPS for name in group}
    unloaded = set()
    for path in firmware_build.sources().values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "unload":
                unloaded |= {one.value for one in node.args if isinstance(one, ast.Constant)}
    assert {name for name in unloaded if name in grouped and set(grouped[name]) - unloaded} == set()
