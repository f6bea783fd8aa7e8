"""Draws docs/pictures/consent.svg from the table that the firmware runs, `testigo_wire/policy/consent.py`.

    python docs/make_consent.py

Every cell is asked, as a call would, under each rule and each meaning of an objection: what is drawn is what happens.
Only places are given here. Above stand the states and what leads from one to the other; below, the whole table, cell by
cell. What is the same for all states of a frame is drawn once, from the frame.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parent / "pictures" / "consent.svg"
WIDTH = 1150
HALF, TALL = 54, 24  # of a state's box
PLACES = {
    "idle": (80, 290),
    "notice": (375, 290),
    "asked": (700, 175),
    "agreed": (700, 405),
    "given": (1010, 290),
    "refused": (1010, 60),
    "failed": (375, 540),
}
FRAMES = {  # the widest first: it takes what it can
    "unrecorded": ("idle", "notice", "agreed", "asked"),
    "asking": ("notice", "agreed", "asked"),
}
BOXES = {"unrecorded": (12, 86, 786, 474), "asking": (240, 122, 772, 460)}  # of frames: left, top, right, bottom
TITLES = {
    "unrecorded": (30, 106, "nothing is being recorded"),
    "asking": (425, 449, "the notice is owed, or its answer"),
}
# How an edge runs where it is not straight: three points are a curve (start, control, end), more a broken line.
Point = tuple[float, float]
ROUTES: dict[tuple[str, str], tuple[Point, ...]] = {
    ("unrecorded", "refused"): ((430, 86), (430, 60), (700, 60), (956, 60)),
    ("asking", "notice"): ((322, 122), (322, 200), (350, 266)),
    ("idle", "failed"): ((60, 314), (60, 540), (200, 540), (321, 540)),
    ("notice", "asked"): ((405, 266), (480, 172), (646, 170)),
    ("asked", "notice"): ((665, 199), (600, 262), (429, 276)),
    ("notice", "given"): ((429, 284), (720, 276), (956, 284)),
    ("given", "notice"): ((956, 298), (720, 306), (429, 298)),
    ("notice", "agreed"): ((405, 314), (480, 402), (646, 405)),
    ("asked", "refused"): ((754, 168), (880, 150), (975, 84)),
    ("asked", "given"): ((754, 182), (930, 195), (985, 266)),
    ("agreed", "given"): ((754, 405), (930, 400), (985, 314)),
    ("agreed", "failed"): ((700, 429), (700, 540), (500, 540), (429, 540)),
    ("given", "refused"): ((1020, 266), (1020, 175), (1020, 84)),
    ("given", "given"): ((1064, 280), (1100, 280), (1100, 302), (1064, 302)),
    ("given", "idle"): ((1020, 314), (1020, 610), (35, 610), (35, 314)),
    ("failed", "refused"): ((375, 564), (375, 590), (1143, 590), (1143, 60), (1064, 60)),
    ("refused", "refused"): ((990, 36), (990, 12), (1030, 12), (1030, 36)),
}
LABELS: dict[tuple[str, str], Point] = {  # where the middle of an edge is no place for its words
    ("unrecorded", "refused"): (620, 60),
    ("asking", "notice"): (328, 188),
    ("idle", "notice"): (188, 248),
    ("idle", "failed"): (160, 540),
    ("notice", "asked"): (545, 168),
    ("asked", "notice"): (575, 238),
    ("notice", "given"): (865, 270),
    ("given", "notice"): (620, 320),
    ("notice", "agreed"): (500, 382),
    ("asked", "refused"): (865, 135),
    ("asked", "given"): (880, 212),
    ("agreed", "given"): (880, 382),
    ("agreed", "failed"): (575, 540),
    ("given", "refused"): (1055, 175),
    ("given", "given"): (1080, 350),
    ("given", "idle"): (560, 610),
    ("failed", "refused"): (800, 564),
    ("refused", "refused"): (826, 26),
}
WRAP = {  # characters of a line
    ("given", "given"): 17,
    ("idle", "notice"): 18,
    ("given", "refused"): 24,
    ("unrecorded", "refused"): 60,
    ("given", "idle"): 60,
    ("failed", "refused"): 60,
    ("refused", "refused"): 60,
    ("asking", "notice"): 26,
    ("notice", "asked"): 24,
    ("asked", "notice"): 22,
}
MEANINGS = {
    "start": "the call is there, or the worker wants it",
    "played": "notice played to its end",
    "broken": "notice missing or cut",
    "accept": "key to agree",
    "object": "objection",
    "again": "no key in time, a repetition left",
    "silence": "no key in time",
    "language": "key for another language",
    "join": "somebody joins",
    "stop": "the worker wants no more of it",
}
SAYS = {
    "-": "",
    "play": "play it",
    "wait": "wait for a key",
    "record": "record",
    "connect": "connect, unrecorded",
    "erase": "destroy what is held, go on unrecorded",
    "pause": "keep what is held, take no more",
    "end": "end the call",
}
SAYS_IN = {("end", "given"): "end the call, keep what is held"}  # action, next state
BLUE = "#20507e"
COLOURS = {"record": "#1a7f4b", "erase": "#b3261e", "end": "#b3261e", "connect": "#5b6470"}
STYLE = (
    "text{font:13px Arial,Helvetica,sans-serif;fill:#1c2733;text-anchor:middle}"
    ".l{font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:7px;stroke-linejoin:round}"
    "path{fill:none;stroke-width:1.6}rect.s{fill:#eaf1f8;stroke:#20507e;stroke-width:1.5}"
    "rect.given{fill:#dff3e7;stroke:#1a7f4b}rect.refused,rect.failed{fill:#eceef1;stroke:#5b6470}"
    ".n{font-weight:600;font-size:15px}rect.f{fill:none;stroke:#8795a5;stroke-dasharray:5 4}"
    ".t{font-size:12px;fill:#5b6470;text-anchor:start}.c{font-size:11px}.h{font-size:12px;font-weight:600}"
    "line{stroke:#c6cfd9}"
)
LINE = 15  # of a label
ROW = 14  # a line in a cell of the table
FIRST_COLUMN = 90
LEGEND = (
    "In each cell: what is done → the next state. In brackets: for which rule, or for which meaning of an objection. "
    "A dot: nothing happens."
)


class Effect(NamedTuple):
    """What an input does in a state. only: the rules or meanings of an objection for which it does; empty: all."""

    event: str
    target: str
    action: str
    only: str


def _consent():
    sys.path.insert(0, str(Path(__file__).parent.parent / "firmware"))
    from testigo_wire.policy import consent

    return consent


Variant = tuple[str, str]  # rule, objection


def _outcomes(variant: Variant) -> Iterator[tuple[str, str, str, str]]:
    """(state, input, next state, action) of all that can happen from the start of a call."""
    consent = _consent()
    reached, seen = [consent.IDLE], set()
    while reached:
        state = reached.pop()
        if state in seen:
            continue
        seen.add(state)
        for event, repeats in product(range(len(consent.INPUTS)), (0, 1)):
            if event == consent.AGAIN:
                continue  # the machine makes it out of SILENCE
            found = []
            for left in range(repeats + 1):
                call = consent.Consent(variant[0], left, variant[1])
                call.state = state
                action = call.handle(event)
                found.append((consent.STATES[call.state], consent.ACTIONS[action]))
            reached.append(consent.STATES.index(found[-1][0]))
            if repeats and found[0] != found[1]:
                yield consent.STATES[state], "again", *found[1]
            elif not repeats:
                yield consent.STATES[state], consent.INPUTS[event], *found[0]


def effects() -> dict[str, list[Effect]]:
    """By state: what can happen there. Inputs that do nothing are left out."""
    consent = _consent()
    known: dict[str, set[Variant]] = {}
    found: dict[tuple[str, str, str, str], set[Variant]] = {}
    for variant in product(consent.RULES, consent.OBJECTIONS):
        for outcome in _outcomes(variant):
            known.setdefault(outcome[0], set()).add(variant)
            if outcome[0] != outcome[2] or outcome[3] != "-":
                found.setdefault(outcome, set()).add(variant)
    by_state: dict[str, list[Effect]] = {state: [] for state in consent.STATES}
    for (state, event, target, action), variants in found.items():
        by_state[state].append(Effect(event, target, action, _only(variants, known[state])))
    return by_state


def _only(variants: set[Variant], known: set[Variant]) -> str:
    """In words, for which of the known variants something holds."""
    consent = _consent()
    said = []
    wanted = set(known)
    for place, names in enumerate((consent.RULES, consent.OBJECTIONS)):
        chosen = {variant[place] for variant in variants}
        if chosen != {variant[place] for variant in known}:
            said.append(", ".join(name for name in names if name in chosen))
            wanted = {variant for variant in wanted if variant[place] in chosen}
    if wanted != variants:
        said = [" with ".join(variant) for variant in sorted(variants)]
    return "; ".join(said)


def edges(by_state: dict[str, list[Effect]]) -> dict[tuple[str, str], list[Effect]]:
    """(state or frame, next state) -> what leads there; what all states of a frame share, from the frame only."""
    left = {state: list(all_of_it) for state, all_of_it in by_state.items()}
    found: dict[tuple[str, str], list[Effect]] = {}
    for frame, states in FRAMES.items():
        for effect in list(left[states[0]]):
            if all(effect in left[state] for state in states):
                found.setdefault((frame, effect.target), []).append(effect)
                for state in states:
                    left[state].remove(effect)
    for state, all_of_it in left.items():
        for effect in all_of_it:
            found.setdefault((state, effect.target), []).append(effect)
    return found


# the states and what leads from one to the other


def _border(centre: Point, to: Point) -> Point:
    """Where the way from a state's middle leaves its box."""
    dx, dy = to[0] - centre[0], to[1] - centre[1]
    scale = min(HALF / abs(dx) if dx else 9, TALL / abs(dy) if dy else 9)
    return centre[0] + dx * scale, centre[1] + dy * scale


def _middle(name: str) -> Point:
    if name in PLACES:
        return PLACES[name]
    left, top, right, bottom = BOXES[name]
    return (left + right) / 2, (top + bottom) / 2


def _edge(pair: tuple[str, str], causes: list[Effect]) -> list[str]:
    points = ROUTES.get(pair)
    if points is None:
        first, last = _middle(pair[0]), _middle(pair[1])
        points = (_border(first, last), ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2), _border(last, first))
    colour = next((COLOURS[effect.action] for effect in causes if effect.action in COLOURS), BLUE)
    first, *rest = [f"{x:.0f} {y:.0f}" for x, y in points]
    way = f"M{first}Q{' '.join(rest)}" if len(points) == 3 else f"M{first}L{' '.join(rest)}"
    out = [f'<path d="{way}" stroke="{colour}" marker-end="url(#{colour[1:]})"/>']
    lines = _label(pair, causes)
    x, y = LABELS.get(pair, points[len(points) // 2])
    y -= LINE * (len(lines) - 1) / 2 - 4
    for line in lines:
        out.append(f'<text class="l" x="{x:.0f}" y="{y:.0f}">{escape(line)}</text>')
        y += LINE
    return out


def _label(pair: tuple[str, str], causes: list[Effect]) -> list[str]:
    """One or more inputs, each with what it brings; inputs that bring the same stand together."""
    together: dict[tuple[str, str], list[str]] = {}
    for effect in causes:
        together.setdefault((effect.action, effect.only), []).append(MEANINGS[effect.event])
    lines: list[str] = []
    for (action, only), events in together.items():
        said = ", or ".join(events)
        if said not in lines:
            lines.append(said)
        says = SAYS_IN.get((action, pair[1]), SAYS[action]) + (f" ({only})" if only else "")
        if says.strip():
            lines.append("→ " + says.strip())
    return [part for line in lines for part in wrap(line, WRAP.get(pair, 32), break_on_hyphens=False)]


# the table


def _table(by_state: dict[str, list[Effect]], top: int) -> tuple[list[str], int]:
    """The lines of the table that begins at `top`, and where it ends."""
    events = [event for event in MEANINGS if any(effect.event == event for row in by_state.values() for effect in row)]
    column = (WIDTH - FIRST_COLUMN - 10) / len(events)
    out = []
    y = top
    for i, event in enumerate(events):
        x = FIRST_COLUMN + column * (i + 0.5)
        out.append(f'<text class="h" x="{x:.0f}" y="{y}">{event}</text>')
    y += 9
    for state, row in by_state.items():
        cells = [[line for effect in row if effect.event == event for line in _cell(effect)] for event in events]
        tallest = max(len(cell) for cell in cells) or 1
        out.append(f'<line x1="10" x2="{WIDTH - 10}" y1="{y}" y2="{y}"/>')
        out.append(f'<text class="h" x="{FIRST_COLUMN / 2 + 5:.0f}" y="{y + 16}">{state}</text>')
        for i, cell in enumerate(cells):
            x = FIRST_COLUMN + column * (i + 0.5)
            for j, line in enumerate(cell or ["·"]):
                out.append(f'<text class="c" x="{x:.0f}" y="{y + 16 + j * ROW}">{escape(line)}</text>')
        y += 12 + tallest * ROW
    out.append(f'<line x1="10" x2="{WIDTH - 10}" y1="{y}" y2="{y}"/>')
    out.append(f'<text class="t" x="16" y="{y + 20}">{LEGEND}</text>')
    return out, y + 32


def _cell(effect: Effect) -> list[str]:
    lines = [f"{effect.action} → {effect.target}" if effect.action != "-" else f"→ {effect.target}"]
    if effect.only:
        lines.append(f"({effect.only})")
    return lines


def draw() -> str:
    by_state = effects()
    found = edges(by_state)
    table, height = _table(by_state, 668)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>The states of a call's consent, drawn from the table of the firmware</title>",
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/><defs>',
    ]
    for colour in sorted({*COLOURS.values(), BLUE}):
        parts.append(
            f'<marker id="{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path d="M0 0L10 5L0 10z" style="fill:{colour}"/></marker>'
        )
    parts.append("</defs>")
    for name, (left, up, right, down) in BOXES.items():
        x, y, title = TITLES[name]
        parts.append(
            f'<rect class="f" x="{left}" y="{up}" width="{right - left}" height="{down - up}" rx="14"/>'
            f'<text class="t" x="{x}" y="{y}">{title}</text>'
        )
    drawn = [_edge(pair, causes) for pair, causes in sorted(found.items())]
    parts += [lines[0] for lines in drawn] + [text for lines in drawn for text in lines[1:]]
    for name, (x, y) in PLACES.items():
        parts.append(
            f'<rect class="s {name}" x="{x - HALF}" y="{y - TALL}" width="{2 * HALF}" height="{2 * TALL}" rx="10"/>'
        )
        parts.append(f'<text class="n" x="{x}" y="{y + 5}">{name}</text>')
    return "\n".join([*parts, *table, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
