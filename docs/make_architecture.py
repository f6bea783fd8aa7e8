"""Draws docs/pictures/architecture.svg: the packages of the four trees, and who imports whom.

    python docs/make_architecture.py

The imports are read from the sources by grimp, also those that stand inside functions. A box is a package, or a module
beside the packages. It stands above all that it imports, and an arrow is left out where a longer way shows the same
dependency (the transitive reduction). The rows and the order in a row are computed; only sizes are given here.
"""

import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
FOLDERS = {
    "testigo_tools": "tools",
    "testigo_vault": "host",
    "recorder": "firmware",
    "testigo_wire": "firmware",
}
TITLES = {
    "testigo_tools": "testigo_tools: the command testigo, on the host",
    "testigo_vault": "testigo_vault: stores, checks, plays, on the host",
    "recorder": "recorder: the appliance, on MicroPython",
    "testigo_wire": "testigo_wire: formats and protocols, on both, without I/O",
}
WIDTH = 900  # wider where a row needs it
BOX_HEIGHT, ROW, GAP = 26, 52, 6
HEADER, MARGIN = 34, 10  # of a tree's frame, above its rows and around them
SWEEPS = 12  # over the rows, to bring the boxes near to what they are connected with

Edge = tuple[str, str]


class Tree(NamedTuple):
    """Rows of names from the top to the bottom. A name that contains ">" is a bend of the arrow with that name."""

    name: str
    rows: list[list[str]]
    edges: list[Edge]
    packages: set[str]


def imports(graph: grimp.ImportGraph, top: str) -> tuple[set[str], set[Edge]]:
    """(parts of a tree, imports between them): a part is a module or package directly below the tree."""
    modules = [module for module in graph.modules if module.startswith(f"{top}.")]
    parts = {module.split(".")[1] for module in modules}
    edges = set()
    for module in modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if imported.startswith(f"{top}."):
                edges.add((module.split(".")[1], imported.split(".")[1]))
    return parts, {(a, b) for a, b in edges if a != b}


def by_name(top: str) -> set[Edge]:
    """The modules that the command line imports by their name, which no import statement shows."""
    if top != "testigo_tools":
        return set()
    source = (ROOT / FOLDERS[top] / top / "cli.py").read_text(encoding="utf-8")
    return {("cli", "commands")} if f'"{top}.commands.' in source else set()


def below(edges: set[Edge]) -> dict[str, set[str]]:
    """All that a part imports, directly or through others. Raises ValueError for a circle."""
    found: dict[str, set[str]] = {}

    def visit(part: str, path: tuple[str, ...]) -> set[str]:
        if part in path:
            raise ValueError("a circle of imports: " + " -> ".join([*path, part]))
        if part not in found:
            direct = {b for a, b in edges if a == part}
            found[part] = direct.union(*(visit(b, (*path, part)) for b in direct)) if direct else set()
        return found[part]

    for part in {part for edge in edges for part in edge}:
        visit(part, ())
    return found


def reduced(edges: set[Edge]) -> list[Edge]:
    """Without the arrows that a longer way shows too."""
    reach = below(edges)
    return sorted((a, b) for a, b in edges if not any(b in reach[c] for x, c in edges if x == a and c != b))


def heights(parts: set[str], edges: list[Edge]) -> dict[str, int]:
    """Row of each part, counted from the bottom: one more than the highest of what it imports."""
    rows: dict[str, int] = {}

    def height(part: str) -> int:
        if part not in rows:
            rows[part] = max((height(b) + 1 for a, b in edges if a == part), default=0)
        return rows[part]

    for part in parts:
        height(part)
    # What is imported from far above only goes up to just below its lowest importer, which shortens the arrows.
    for part in sorted(parts, key=lambda one: -rows[one]):
        above = [rows[a] for a, b in edges if b == part]
        if above:
            rows[part] = min(above) - 1
    return rows


def arrange(top: str, graph: grimp.ImportGraph) -> Tree:
    parts, found = imports(graph, top)
    edges = reduced(found | by_name(top))
    row_of = heights(parts, edges)
    lines: list[list[str]] = [[] for _ in range(max(row_of.values()) + 1)]
    for part in sorted(parts):
        lines[row_of[part]].append(part)
    for a, b in edges:
        for row in range(row_of[b] + 1, row_of[a]):
            lines[row].append(f"{a}>{b}")
    rows = lines[::-1]
    for sweep in range(SWEEPS):
        order(rows, edges, downwards=sweep % 2 == 0)
    packages = {part for part in parts if (ROOT / FOLDERS[top] / top / part).is_dir()}
    return Tree(top, rows, edges, packages)


def order(rows: list[list[str]], edges: list[Edge], downwards: bool) -> None:
    """Sort each row by the middle of what it is connected with in the row before (the barycentre method)."""
    numbers = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for number in numbers:
        other = rows[number - 1 if downwards else number + 1]
        share = {name: (i + 0.5) / len(other) for i, name in enumerate(other)}
        row = rows[number]
        place = {name: (i + 0.5) / len(row) for i, name in enumerate(row)}

        def middle(name: str, share=share, place=place) -> float:
            near = [share[one] for one in neighbours(name, edges, downwards) if one in share]
            return sum(near) / len(near) if near else place[name]

        row.sort(key=middle)


def neighbours(name: str, edges: list[Edge], above: bool) -> list[str]:
    """What a box or bend is connected with in the next row: boxes, and bends of its arrows."""
    if ">" in name:
        a, b = name.split(">")
        return [name, a if above else b]
    found = []
    for a, b in edges:
        if name == (b if above else a):
            found += [a if above else b, f"{a}>{b}"]
    return found


def box_width(name: str) -> float:
    return 8 if ">" in name else 7 * len(name) + 12


def width_of(row: list[str]) -> float:
    return sum(box_width(name) for name in row) + GAP * (len(row) - 1)


def places(tree: Tree, left: float, top: float, width: float) -> dict[tuple[int, str], tuple[float, float]]:
    """(row, name) -> middle of the box or bend. Rows are spread over the width, each box as near as possible to the middle
    of what it is connected with."""
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for number, row in enumerate(tree.rows):
        y = top + HEADER + number * ROW + BOX_HEIGHT / 2
        spare = (width - 2 * MARGIN - width_of(row)) / (len(row) + 1)
        x = left + MARGIN + spare
        for name in row:
            found[number, name] = (x + box_width(name) / 2, y)
            x += box_width(name) + GAP + spare * (1 if len(row) > 1 else 0)
    for _ in range(SWEEPS):
        for number, row in enumerate(tree.rows):
            wanted = []
            for name in row:
                near = [
                    found[other, one][0]
                    for other, up in ((number - 1, True), (number + 1, False))
                    for one in neighbours(name, tree.edges, up)
                    if (other, one) in found
                ]
                wanted.append(sum(near) / len(near) if near else found[number, name][0])
            y = found[number, row[0]][1]
            for name, x in zip(row, settled(row, wanted, left + MARGIN, left + width - MARGIN), strict=True):
                found[number, name] = (x, y)
    first = min(x - box_width(name) / 2 for (_, name), (x, _) in found.items())
    last = max(x + box_width(name) / 2 for (_, name), (x, _) in found.items())
    shift = left + width / 2 - (first + last) / 2
    return {key: (x + shift, y) for key, (x, y) in found.items()}


def settled(row: list[str], wanted: list[float], first: float, last: float) -> list[float]:
    """Middles in the order of the row, without overlaps and inside the frame, near to what is wanted."""
    xs = list(wanted)
    edge = first
    for i, name in enumerate(row):
        xs[i] = max(xs[i], edge + box_width(name) / 2)
        edge = xs[i] + box_width(name) / 2 + GAP
    edge = last
    for i in range(len(row) - 1, -1, -1):
        xs[i] = min(xs[i], edge - box_width(row[i]) / 2)
        edge = xs[i] - box_width(row[i]) / 2 - GAP
    return xs


def draw_tree(tree: Tree, left: float, top: float, width: float, height: float) -> list[str]:
    at = places(tree, left, top, width)
    row_of = {name: number for number, row in enumerate(tree.rows) for name in row if ">" not in name}
    out = [
        f'<rect class="tree {tree.name}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="10"/>',
        f'<text class="title" x="{left + MARGIN:g}" y="{top + 20:g}">{escape(TITLES[tree.name])}</text>',
    ]
    for a, b in tree.edges:
        points = [at[row, f"{a}>{b}"] for row in range(row_of[a] + 1, row_of[b])]
        (x1, y1), (x2, y2) = at[row_of[a], a], at[row_of[b], b]
        points = [(x1, y1 + BOX_HEIGHT / 2), *points, (x2, y2 - BOX_HEIGHT / 2 - 1)]
        out.append(f'<path d="{curve(points)}" marker-end="url(#arrow)"/>')
    for number, row in enumerate(tree.rows):
        for name in row:
            if ">" in name:
                continue
            x, y = at[number, name]
            kind = "package" if name in tree.packages else "module"
            half = box_width(name) / 2
            out.append(
                f'<rect class="{kind}" x="{x - half:.1f}" y="{y - BOX_HEIGHT / 2:g}" width="{2 * half:.1f}" '
                f'height="{BOX_HEIGHT}" rx="5"/><text class="{kind}" x="{x:.1f}" y="{y + 4.5:g}">{escape(name)}</text>'
            )
    return out


def curve(points: list[tuple[float, float]]) -> str:
    """Straight down at both ends of each step, so that arrows meet boxes and bends smoothly."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (y1 + y2) / 2
        path += f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    return path


STYLE = (
    "text{font:13px Arial,Helvetica,sans-serif;fill:#1c2733;text-anchor:middle}"
    ".title{font-size:13px;font-weight:600;text-anchor:start}.note{font-size:12px;fill:#5b6470;text-anchor:start}"
    "path{fill:none;stroke:#7a8794;stroke-width:1.3}path.between{stroke:#20507e;stroke-width:4}"
    "rect.tree{stroke:#8795a5;fill:#f6f8fa}rect.package{fill:#dce9f5;stroke:#20507e;stroke-width:1.3}"
    "rect.module{fill:#fff;stroke:#8795a5}text.package,text.module{font-size:12px}"
    "rect.testigo_wire{fill:#eef6f0}rect.recorder{fill:#fdf6ec}"
)


def between(x: float, y1: float, y2: float) -> str:
    """A thick arrow from tree to tree."""
    return f'<path class="between" d="M{x:g} {y1:g}V{y2 - 9:g}" marker-end="url(#thick)"/>'


def draw() -> str:
    sys.path[:0] = [str(ROOT / folder) for folder in sorted(set(FOLDERS.values()))]
    graph = grimp.build_graph(*FOLDERS, cache_dir=None)
    trees = {name: arrange(name, graph) for name in FOLDERS}
    high = {name: HEADER + (len(tree.rows) - 1) * ROW + BOX_HEIGHT + MARGIN for name, tree in trees.items()}
    step = 34  # between frames, for the thick arrows
    needed = {name: max(map(width_of, tree.rows)) + 2 * MARGIN for name, tree in trees.items()}
    spare = max(0.0, WIDTH - 30 - needed["testigo_vault"] - needed["recorder"]) / 2
    left_width, right_width = needed["testigo_vault"] + spare, needed["recorder"] + spare
    width = left_width + right_width + 30
    tools_top = 10.0
    vault_top = tools_top + high["testigo_tools"] + step
    wire_top = vault_top + high["testigo_vault"] + step
    recorder_top = wire_top - step - high["recorder"]
    right = left_width + 20
    out = draw_tree(trees["testigo_tools"], 10, tools_top, left_width, high["testigo_tools"])
    out += draw_tree(trees["testigo_vault"], 10, vault_top, left_width, high["testigo_vault"])
    out += draw_tree(trees["recorder"], right, recorder_top, right_width, high["recorder"])
    out += draw_tree(trees["testigo_wire"], 10, wire_top, width - 20, high["testigo_wire"])
    out.append(between(10 + left_width / 2, tools_top + high["testigo_tools"], vault_top))
    out.append(between(10 + left_width / 2, wire_top - step, wire_top))
    out.append(between(right + right_width / 2, wire_top - step, wire_top))
    notes = (
        "Blue box: a package. White box: a single module.",
        "An arrow goes from the importer to the imported.",
        "It is left out where other arrows lead there too.",
        "Thick arrow: the whole tree. The tools also use",
        "testigo_wire directly. Host and recorder do not",
        "import each other.",
    )
    out += [
        f'<text class="note" x="{right + 4:g}" y="{tools_top + 20 + 18 * i:g}">{escape(note)}</text>'
        for i, note in enumerate(notes)
    ]
    height = wire_top + high["testigo_wire"] + 10
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        "<title>The packages of Testigo and their imports</title>",
        f'<style>{STYLE}</style><rect width="{width:g}" height="{height:g}" fill="#fff"/><defs>',
        '<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L10 5L0 10z" style="fill:#7a8794;stroke:none"/></marker>',
        '<marker id="thick" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="3.4" markerHeight="3.4" orient="auto">'
        '<path d="M0 0L10 5L0 10z" style="fill:#20507e;stroke:none"/></marker></defs>',
    ]
    return "\n".join([*head, *out, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
