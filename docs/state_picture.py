"""Draws a table of states as SVG: the states and what leads from one to the other, and below the whole table, cell by cell.

What is the same for all states of a frame is drawn once, from the frame. Used by make_consent.py and make_recording.py.
"""

from dataclasses import dataclass, field
from textwrap import wrap
from typing import NamedTuple
from xml.sax.saxutils import escape

TALL = 24  # half the height of a state's box
LINE = 15  # of a label
ROW = 14  # a line in a cell of the table
BLUE = "#20507e"
GREEN = "#1a7f4b"
RED = "#b3261e"
GREY = "#5b6470"
STYLE = (
    "text{font:13px Arial,Helvetica,sans-serif;fill:#1c2733;text-anchor:middle}"
    ".l{font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:7px;stroke-linejoin:round}"
    "path{fill:none;stroke-width:1.6}rect.s{fill:#eaf1f8;stroke:#20507e;stroke-width:1.5}"
    "rect.green{fill:#dff3e7;stroke:#1a7f4b}rect.grey{fill:#eceef1;stroke:#5b6470}"
    ".n{font-weight:600;font-size:15px}rect.f{fill:none;stroke:#8795a5;stroke-dasharray:5 4}"
    ".t{font-size:12px;fill:#5b6470;text-anchor:start}.c{font-size:11px}.h{font-size:12px;font-weight:600}"
    "line{stroke:#c6cfd9}"
)

Point = tuple[float, float]
Pair = tuple[str, str]  # a state or frame, and the next state


class Effect(NamedTuple):
    """What an event does in a state. only: the conditions under which it does; empty: always."""

    event: str
    target: str
    action: str
    only: str


@dataclass(frozen=True)
class Diagram:
    """What to draw, and where. Points are in pixels."""

    title: str
    width: int
    half: int  # half the width of a state's box
    places: dict[str, Point]  # of states: the middle of the box
    frames: dict[str, tuple[str, ...]]  # states; a frame that comes first takes the edges that it can
    boxes: dict[str, tuple[int, int, int, int]]  # of frames: left, top, right, bottom
    titles: dict[str, tuple[int, int, str]]  # of frames
    routes: dict[Pair, tuple[Point, ...]]  # three points are a curve (start, control, end), more a broken line
    labels: dict[Pair, Point]  # where the label does not stand in the middle of its edge
    wraps: dict[Pair, int]  # characters of a line of the label
    meanings: dict[str, str]  # of events, in the order of the columns of the table
    table_top: int
    legend: str
    tones: dict[str, str] = field(default_factory=dict)  # of states: green or grey
    says: dict[str, str] = field(default_factory=dict)  # of actions
    says_in: dict[Pair, str] = field(default_factory=dict)  # of an action in front of a next state
    colours: dict[str, str] = field(default_factory=dict)  # of edges, by action or by next state
    first_column: int = 90
    cell_wrap: int = 20  # characters of a line in a cell

    # the states and what leads from one to the other

    def edges(self, by_state: dict[str, list[Effect]]) -> dict[Pair, list[Effect]]:
        """What leads from a state, or a frame, to the next state. What all states of a frame share is of the frame only."""
        left = {state: list(effects) for state, effects in by_state.items()}
        found: dict[Pair, list[Effect]] = {}
        for frame, states in self.frames.items():
            for effect in list(left[states[0]]):
                if all(effect in left[state] for state in states):
                    found.setdefault((frame, effect.target), []).append(effect)
                    for state in states:
                        left[state].remove(effect)
        for state, effects in left.items():
            for effect in effects:
                found.setdefault((state, effect.target), []).append(effect)
        return found

    def _border(self, centre: Point, to: Point) -> Point:
        """Where the way from a state's middle leaves its box."""
        dx, dy = to[0] - centre[0], to[1] - centre[1]
        scale = min(self.half / abs(dx) if dx else 9, TALL / abs(dy) if dy else 9)
        return centre[0] + dx * scale, centre[1] + dy * scale

    def _middle(self, name: str) -> Point:
        if name in self.places:
            return self.places[name]
        left, top, right, bottom = self.boxes[name]
        return (left + right) / 2, (top + bottom) / 2

    def _edge(self, pair: Pair, causes: list[Effect]) -> list[str]:
        points = self.routes.get(pair)
        if points is None:
            first, last = self._middle(pair[0]), self._middle(pair[1])
            middle = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
            points = (self._border(first, last), middle, self._border(last, first))
        by_action = (self.colours[effect.action] for effect in causes if effect.action in self.colours)
        colour = next(by_action, self.colours.get(pair[1], BLUE))
        start, *rest = [f"{x:.0f} {y:.0f}" for x, y in points]
        way = f"M{start}Q{' '.join(rest)}" if len(points) == 3 else f"M{start}L{' '.join(rest)}"
        out = [f'<path d="{way}" stroke="{colour}" marker-end="url(#{colour[1:]})"/>']
        lines = self.label(pair, causes)
        x, y = self.labels.get(pair, points[len(points) // 2])
        y -= LINE * (len(lines) - 1) / 2 - 4
        for line in lines:
            out.append(f'<text class="l" x="{x:.0f}" y="{y:.0f}">{escape(line)}</text>')
            y += LINE
        return out

    def label(self, pair: Pair, causes: list[Effect]) -> list[str]:
        """One or more events, each with what it brings; events that bring the same stand together."""
        together: dict[tuple[str, str], list[str]] = {}
        for effect in causes:
            together.setdefault((effect.action, effect.only), []).append(self.meanings[effect.event])
        lines: list[str] = []
        for (action, only), events in together.items():
            said = ", or ".join(events)
            if said not in lines:
                lines.append(said)
            does = self.says_in.get((action, pair[1]), self.says.get(action, "")) + (f" ({only})" if only else "")
            if does.strip():
                lines.append("→ " + does.strip())
        return [part for line in lines for part in wrap(line, self.wraps.get(pair, 32), break_on_hyphens=False)]

    # the table

    def _table(self, by_state: dict[str, list[Effect]]) -> tuple[list[str], int]:
        """The lines of the table, and where it ends."""
        used = {effect.event for row in by_state.values() for effect in row}
        events = [event for event in self.meanings if event in used]
        column = (self.width - self.first_column - 10) / len(events)
        out = []
        y = self.table_top
        for i, event in enumerate(events):
            x = self.first_column + column * (i + 0.5)
            out.append(f'<text class="h" x="{x:.0f}" y="{y}">{event}</text>')
        y += 9
        for state, row in by_state.items():
            cells = [
                [line for effect in row if effect.event == event for line in self._cell(effect)] for event in events
            ]
            tallest = max(len(cell) for cell in cells) or 1
            out.append(f'<line x1="10" x2="{self.width - 10}" y1="{y}" y2="{y}"/>')
            out.append(f'<text class="h" x="{self.first_column / 2 + 5:.0f}" y="{y + 16}">{state}</text>')
            for i, cell in enumerate(cells):
                x = self.first_column + column * (i + 0.5)
                for j, line in enumerate(cell or ["·"]):
                    out.append(f'<text class="c" x="{x:.0f}" y="{y + 16 + j * ROW}">{escape(line)}</text>')
            y += 12 + tallest * ROW
        out.append(f'<line x1="10" x2="{self.width - 10}" y1="{y}" y2="{y}"/>')
        out.append(f'<text class="t" x="16" y="{y + 20}">{self.legend}</text>')
        return out, y + 32

    def _cell(self, effect: Effect) -> list[str]:
        lines = wrap(
            f"{effect.action} → {effect.target}" if effect.action != "-" else f"→ {effect.target}", self.cell_wrap
        )
        if effect.only:
            lines.append(f"({effect.only})")
        return lines

    def draw(self, by_state: dict[str, list[Effect]]) -> str:
        """The SVG. by_state: every effect of every state; events that do nothing are left out."""
        table, height = self._table(by_state)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" role="img">',
            f"<title>{self.title}</title>",
            f'<style>{STYLE}</style><rect width="{self.width}" height="{height}" fill="#fff"/><defs>',
        ]
        for colour in sorted({*self.colours.values(), BLUE}):
            parts.append(
                f'<marker id="{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
                f'orient="auto"><path d="M0 0L10 5L0 10z" style="fill:{colour}"/></marker>'
            )
        parts.append("</defs>")
        for name, (left, up, right, down) in self.boxes.items():
            x, y, title = self.titles[name]
            parts.append(
                f'<rect class="f" x="{left}" y="{up}" width="{right - left}" height="{down - up}" rx="14"/>'
                f'<text class="t" x="{x}" y="{y}">{title}</text>'
            )
        drawn = [self._edge(pair, causes) for pair, causes in sorted(self.edges(by_state).items())]
        parts += [lines[0] for lines in drawn] + [text for lines in drawn for text in lines[1:]]
        for name, (x, y) in self.places.items():
            tone = self.tones.get(name, "")
            parts.append(
                f'<rect class="s {tone}" x="{x - self.half}" y="{y - TALL}" width="{2 * self.half}" height="{2 * TALL}" rx="10"/>'
            )
            lines = wrap(name, 15)
            for i, line in enumerate(lines):
                at = y + 5 + (i - (len(lines) - 1) / 2) * 17
                parts.append(f'<text class="n" x="{x}" y="{at:.0f}">{line}</text>')
        return "\n".join([*parts, *table, "</svg>", ""])
