"""What is compiled does the same as the sources, with fewer names."""

import re

from testigo_tools.firmware import build as firmware_build
from testigo_tools.firmware.minify import minify, name_map
from testigo_tools.firmware.short_names import PARAMETERS, PRIVATE_IN_ROM

SOURCES = {
    "p/a": "from p.compat import const\nSIZE = const(8)\nWIDE = 1 << 40\nONE, TWO = range(1, 3)\nNAMES = ('x', 'y')\n"
    "class Base:\n    def __init__(self):\n        self._kept_here = SIZE.to_bytes(2, 'big')\n        self._count = TWO\n",
    "p/b": "from p import a\nfrom p.a import ONE, SIZE, Base\nimport other\n"
    "class Child(Base):\n    def __init__(self):\n        super().__init__()\n        self._own = a.TWO + SIZE + ONE\n"
    "    def _step(self):\n        return self._own + self._count + other._foreign\n",
    "p/c": "class Far:\n    def _alone(self):\n        return self._alone\n",
    "p/d": "class Named:\n    def _by_text(self, name):\n        return getattr(self, '_by_' + name)\n",
    "p/f": "class Public:\n    def _asks(self, other):\n        return getattr(other, 'public', None)\n",
    "p/g": "class Private:\n    def _tells(self, other):\n        return hasattr(other, '_tells')\n",
    "p/compat": "from micropython import const\n",
    # What no other module uses would get a short name as well.
    "p/h": "from p.a import NAMES, WIDE, Base\nfrom p.b import Child\nfrom p.c import Far\nNAMES, WIDE, Base, Child, Far\n",
}


def test_constants_stand_where_they_are_used():
    text = minify(SOURCES)
    assert "(8).to_bytes" in text["p/a"] and "SIZE" not in text["p/a"]
    assert "WIDE = 1 << 40" in text["p/a"], "too wide for a small integer of a chip"
    assert (
        "2 + 8 + 1" in text["p/b"] and "from p.a import Base\n" in text["p/b"] and "from p import a" not in text["p/b"]
    )
    assert text["p/compat"] == SOURCES["p/compat"]


def test_private_names_are_shared_only_by_unrelated_modules():
    short = name_map(SOURCES)
    family = [short[name] for name in ("_kept_here", "_count", "_own", "_step")]
    assert len(set(family)) == 4
    assert short["_alone"] in family
    assert "_foreign" not in short and "_by_text" not in short
    assert "_asks" in short, "a public name that is looked up keeps no private one"
    assert "_tells" not in short


def test_names_that_only_their_module_uses_are_shared_like_private_ones():
    short = name_map(
        {
            "p/a": "TABLE = (1, 2)\ndef helper():\n    return TABLE\ndef used():\n    return helper()\nclass Looked: pass\n",
            "p/b": "from p.a import used\nTIMERS = {}\ndef rest(x):\n    return TIMERS, used, x.shown, getattr(x, 'Looked')\n"
            "def start(): pass\nclass Far:\n    def __init__(self, x):\n        self.inner = x\n    def step(self): pass\n",
            "p/c": "from p.b import Far\nFar(1).step\nclass Own(Far):\n    def called_by_the_base(self): pass\n",
        }
    )
    assert {"TABLE", "helper", "TIMERS", "rest", "inner", "Own"} == set(short)
    assert short["TABLE"] != short["helper"] and {short["TIMERS"], short["rest"], short["inner"]} & {
        short["TABLE"],
        short["helper"],
    }


def test_parameters_that_no_call_names_become_short():
    text = minify(
        {
            "p/e": "def one(first, a, *others, named=3):\n    second = first + a\n    return [first for b in others] + [second]\n"
            "def two(first, second):\n    return lambda second: first + second\n"
            "def three(count):\n    def inner():\n        nonlocal count\n        count += 1\n    return inner\n"
            "one(1, 2, named=4)\n",
            "p/f": "from p.e import one, three, two\none, three, two\n",
        }
    )["p/e"]
    a, b = PARAMETERS[:2]
    assert f"def one({a}, a, *{b}, named=3):\n    second = {a} + a\n    return [{a} for b in {b}] + [second]" in text
    assert f"def two({a}, second):\n    return lambda second: {a} + second" in text
    assert "def three(count):" in text


def test_short_names_are_none_that_the_firmware_uses():
    words = {word for path in firmware_build.sources().values() for word in re.findall(r"\w+", path.read_text())}
    assert [name for name in PRIVATE_IN_ROM + PARAMETERS if len(name) > 1 and name in words] == []
    assert not set(PRIVATE_IN_ROM) & set(PARAMETERS)


def test_the_result_computes_the_same():
    space: dict = {}
    text = minify({name: SOURCES[name] for name in ("p/a", "p/b", "p/c", "p/h")})["p/a"].replace(
        "from p.compat import const", ""
    )
    exec(text, space)
    made = space["Base"]()
    assert sorted(vars(made).values(), key=str) == [2, b"\x00\x08"]


def test_the_firmware_gets_shorter_by_it(tmp_path):
    sizes = []
    for full in (True, False):
        out = firmware_build.build("x86", tmp_path / str(full), full_names=full)
        sizes.append(sum(path.stat().st_size for path in out.rglob("*.mpy")))
    assert sizes[1] < sizes[0] * 0.95, sizes


def test_inner_packages_are_left_out_on_the_device():
    made = minify(
        {
            "p/__init__": '"""A package."""\n',
            "p/q/__init__": '"""An inner package."""\n',
            "p/q/r": "from p.s import store\nfrom p.s.store import FileError as Error\nfrom p.t import store as other\n"
            "store.open, other.open, Error\nunload('p.s.store', 'p.unknown')\n",
            "p/s/store": "class FileError(Exception): pass\ndef open(): pass\n",
            "p/t/store": "def open(): pass\n",
        }
    )
    assert set(made) == {"p/r", "p/s_store", "p/t_store"}, "two modules of one name keep the name of their package"
    assert made["p/r"].splitlines() == [
        "from p import s_store as store",
        "from p.s_store import FileError as Error",
        "from p import t_store as other",
        "store.open, other.open, Error",
        "unload('p.s_store', 'p.unknown')",
    ]
