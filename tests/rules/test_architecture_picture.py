"""The picture of docs/architecture.md shows the packages that there are, and their imports."""

import re
import runpy
import sys

import pytest

from support.micropython_runner import ROOT
from support.tree import below, imports

RUN = "run: python docs/make_architecture.py"


@pytest.fixture(scope="module")
def maker():
    before = list(sys.path)
    yield runpy.run_path(str(ROOT / "docs" / "make_architecture.py"))
    sys.path[:] = before


@pytest.fixture(scope="module")
def trees(maker):
    """{name: Tree} as they are drawn, from the graph that grimp reads."""
    graph = maker["grimp"].build_graph(*maker["FOLDERS"], cache_dir=None)
    return {name: maker["arrange"](name, graph) for name in maker["FOLDERS"]}


def parts(top, folder):
    """The modules and packages directly below a tree, from the files."""
    found = {
        path.relative_to(ROOT / folder / top).parts[0].removesuffix(".py") for path in below(f"{folder}/{top}", ".py")
    }
    return found - {"__init__"}


def direct_imports(top, folder):
    """(part, part) of each import between two parts of a tree, read from the files without grimp."""
    known = parts(top, folder)
    found = set()
    for path in below(f"{folder}/{top}", ".py"):
        importer = path.relative_to(ROOT / folder / top).parts[0].removesuffix(".py")
        for _, module in imports(path, names=True):
            names = module.split(".")
            if names[0] == top and len(names) > 1 and names[1] in known and names[1] != importer:
                found.add((importer, names[1]))
    return {(a, b) for a, b in found if a != "__init__"}


def closure(edges):
    """All pairs that the edges connect, directly or through others."""
    found = set(edges)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def test_the_picture_is_of_these_imports(maker):
    assert maker["PICTURE"].read_text(encoding="utf-8") == maker["draw"](), RUN


def test_each_package_and_module_has_its_box(maker, trees):
    picture = maker["PICTURE"].read_text(encoding="utf-8")
    drawn = re.findall(r'<text class="(?:package|module)"[^>]*>([^<]+)</text>', picture)
    expected = [part for name, folder in maker["FOLDERS"].items() for part in parts(name, folder)]
    assert sorted(drawn) == sorted(expected), RUN


def test_the_arrows_show_every_dependency_and_no_other(maker, trees):
    for name, folder in maker["FOLDERS"].items():
        expected = direct_imports(name, folder)
        drawn = set(trees[name].edges) - maker["by_name"](name)
        assert expected <= closure(drawn), (name, expected - closure(drawn))
        assert drawn <= expected, (name, drawn - expected)


def test_each_arrow_goes_down(trees):
    for tree in trees.values():
        row_of = {name: number for number, row in enumerate(tree.rows) for name in row}
        assert all(row_of[a] < row_of[b] for a, b in tree.edges)


def test_no_two_boxes_overlap(maker, trees):
    picture = maker["PICTURE"].read_text(encoding="utf-8")
    pattern = r'<rect class="(?:package|module)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"'
    image_width = float(re.search(r'viewBox="0 0 ([\d.]+) ', picture)[1])
    boxes = [tuple(map(float, found)) for found in re.findall(pattern, picture)]
    assert len(boxes) == sum(len([name for name in row if ">" not in name]) for t in trees.values() for row in t.rows)
    for x, y, width in boxes:
        assert x > 0 and x + width < image_width
        assert not [other for other in boxes if other[1] == y and x < other[0] < x + width]
