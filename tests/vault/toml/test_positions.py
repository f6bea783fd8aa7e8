"""Lines of settings: the scanner and tomllib know the same ones, whatever the file looks like."""

import json
import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from testigo_vault.toml.positions import format_setting, lines_of

HARD = '''# a comment with [brackets] and "quotes"
title = "x # no comment" # a comment
'single \\ quoted' = 1
"double \\"quoted\\"" = 2
dotted . "key" . x = 3
long = """
[not.a.table] ""
"quoted""""
raw = \'\'\'
''

[neither]\'\'\'
day = 1979-05-27 07:32:00Z
list = [ 1, # one, ]
  [ "a]", { b = "}", c.d = [ ] } ], # two
  3,
]

[table] # a header
  a = { }
  [ table . sub ]
  b = +1.5e3

[[lines]]
name = "first"
  [lines.keys]
  pause = "*1"
  [[lines.notices]]
  language = "es"
  [[lines.notices]]
  language = "eu"
    [lines.notices.more]
    x = 1
[[lines]]
name = "second"
  [[lines.notices]]
  language = "gl"
[table.late]
y = 2
'''


def paths(value, path=()):
    """Every table, key and element that tomllib found."""
    found = set()
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        found.add((*path, key))
        if isinstance(part, (dict, list)):
            found |= paths(part, (*path, key))
    return found


def test_every_setting_of_a_difficult_file_has_its_line():
    lines = lines_of(HARD)
    assert set(lines) == paths(tomllib.loads(HARD))
    texts = HARD.splitlines()
    for path, line in lines.items():
        if path and isinstance(path[-1], str):
            assert path[-1].replace('"', '\\"') in texts[line - 1], path
    assert lines["lines", 1, "notices", 0, "language"] == texts.index('  language = "gl"') + 1
    assert lines["lines", 0, "notices", 1, "more", "x"] == texts.index("    x = 1") + 1
    assert lines["list", 1, 1, "c", "d"] == texts.index('  [ "a]", { b = "}", c.d = [ ] } ], # two') + 1
    assert lines["list", 2] == texts.index("  3,") + 1
    assert lines[("raw",)] == texts.index("raw = '''") + 1


def test_format_setting():
    assert format_setting(("lines", 0, "notices", 12, "key")) == "lines[0].notices[12].key"
    assert format_setting(("purposes", "routes", "en")) == "purposes.routes.en"


KEYS = st.one_of(st.sampled_from(["a", "b-1", "_", "7"]), st.text("ab .#=[]\"'\\\té", max_size=4))
SPACE = st.sampled_from(["", " ", "\t"])
GAP = st.sampled_from(["\n", "\n\n", " # [x] = 'y'\n", "\n  "])


@st.composite
def quoted(draw, text):
    """A key or string in one of the ways to write it."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", text) and draw(st.booleans()):
        return text
    if "'" not in text and draw(st.booleans()):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


@st.composite
def values(draw, depth=2):
    """(text of a value on any number of lines)"""
    kinds = ["number", "string", "block", "raw"] + (["array", "inline"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    text = draw(st.text("x]}[{,#=\"'\\ \n", max_size=8))
    if kind == "number":
        return draw(st.sampled_from(["1", "-0x1f", "1e3", "inf", "true", "07:32:00", "1979-05-27 07:32:00"]))
    if kind == "string":
        return json.dumps(text)
    if kind == "block":
        return '"""' + text.replace("\\", "\\\\").replace('"""', '""\\"') + draw(st.sampled_from(["", "\\n"])) + 'e"""'
    if kind == "raw":
        return "'''" + text.replace("'''", "''") + "e'''"
    if kind == "array":
        gap = draw(st.sampled_from(["", "\n", " # ]\n"]))
        return (
            "["
            + gap
            + "".join(draw(st.lists(values(depth - 1), max_size=3).map(lambda v: [x + gap + "," + gap for x in v])))
            + "]"
        )
    pairs = {draw(KEYS): draw(values(depth - 1)) for _ in range(draw(st.integers(0, 2)))}
    return "{" + ", ".join([f"{draw(quoted(key))} = {value}" for key, value in pairs.items()]) + "}"


@st.composite
def files(draw):
    out = ""
    for i in range(draw(st.integers(0, 4))):
        header = draw(st.sampled_from(["", "[{}]", "[[{}]]", "[[t.{}]]", "[[t]]\n[t.{}]"])) if i else ""
        out += header.format(draw(SPACE) + draw(quoted(draw(KEYS))) + draw(SPACE)) + draw(GAP)
        for key in draw(st.lists(KEYS, unique=True, max_size=3)):
            more = "." + draw(quoted(draw(KEYS))) if draw(st.booleans()) else ""
            out += f"{draw(quoted(key))}{draw(SPACE)}{more}{draw(SPACE)}={draw(SPACE)}{draw(values())}{draw(GAP)}"
    return out


@settings(max_examples=400, deadline=None)
@given(files())
def test_the_scanner_and_tomllib_find_the_same_settings(text):
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # what tomllib refuses is told by its own line
    lines = lines_of(text)
    assert set(lines) == paths(parsed)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
