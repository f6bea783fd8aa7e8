"""Draws docs/pictures/consent.svg from the table that the firmware runs, `testigo_wire/consent.py`.

    python docs/make_consent.py

Every cell is asked, as a call would: what is drawn is what happens. Only the places of the states are given here.
"""

import sys
from itertools import product
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parent / "pictures" / "consent.svg"
PLACES = {
    "idle": (90, 130),
    "notice": (330, 130),
    "asked": (640, 130),
    "agreed": (480, 330),
    "given": (910, 330),
    "failed": (90, 520),
    "refused": (740, 520),
}
# Where an edge is bent to, and where on it (0 to 1) its label stands; the rest are straight, the label in the middle.
BENDS = {
    ("notice", "given"): (720, -70),
    ("asked", "notice"): (470, 260),
    ("notice", "refused"): (330, 480),
}
LABELS = {
    ("notice", "given"): 0.4,
    ("asked", "notice"): 0.5,
    ("notice", "agreed"): 0.72,
    ("notice", "refused"): 0.66,
    ("notice", "failed"): 0.36,
    ("asked", "refused"): 0.7,
    ("agreed", "given"): 0.28,
    ("agreed", "failed"): 0.62,
    ("agreed", "refused"): 0.6,
}
MEANINGS = {
    "start": "the call is there",
    "played": "notice played to its end",
    "broken": "notice missing or cut",
    "accept": "key to agree",
    "object": "key to object",
    "silence": "no key in time",
    "again": "no key in time, a repetition left",
}
SAYS = {
    "-": "",
    "play": "play",
    "wait": "wait for a key",
    "record": "record",
    "connect": "unrecorded",
    "erase": "destroy",
}
COLOURS = {"record": "#1a7f4b", "erase": "#b3261e", "connect": "#5b6470"}
WIDTH, HEIGHT = 1000, 570
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1c2733;text-anchor:middle}"
    ".l{font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:7px;stroke-linejoin:round}"
    "path{fill:none;stroke-width:1.6}rect.s{fill:#eaf1f8;stroke:#20507e;stroke-width:1.5}"
    "rect.given{fill:#dff3e7;stroke:#1a7f4b}rect.refused,rect.failed{fill:#eceef1;stroke:#5b6470}.n{font-weight:600;font-size:15px}"
)


def edges() -> dict[tuple[str, str], dict[tuple[str, str], list[str]]]:
    """(from, to) -> {(input, action): rules}, of all that can happen from the start of a call."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "firmware"))
    from testigo_wire import consent

    found: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
    for rule in consent.RULES:
        reached, seen = [consent.IDLE], set()
        while reached:
            state = reached.pop()
            if state in seen:
                continue
            seen.add(state)
            for event, repeats in product(range(len(consent.INPUTS)), (0, 1)):
                if event == consent.AGAIN:
                    continue  # the machine makes it out of SILENCE
                call = consent.Consent(rule, repeats)
                call.state = state
                action = call.handle(event)
                if call.state == state:
                    continue
                reached.append(call.state)
                name = "again" if call.repeats < repeats else consent.INPUTS[event]
                key = consent.STATES[state], consent.STATES[call.state]
                rules = found.setdefault(key, {}).setdefault((name, consent.ACTIONS[action]), [])
                if rule not in rules:
                    rules.append(rule)
    return found


def border(centre: tuple[float, float], to: tuple[float, float]) -> tuple[float, float]:
    """Where the way from a state's middle leaves its box."""
    dx, dy = to[0] - centre[0], to[1] - centre[1]
    scale = min(52 / abs(dx) if dx else 9, 24 / abs(dy) if dy else 9)
    return centre[0] + dx * scale, centre[1] + dy * scale


def draw_edge(pair: tuple[str, str], causes: dict[tuple[str, str], list[str]], all_rules: int) -> list[str]:
    first, last = PLACES[pair[0]], PLACES[pair[1]]
    bend = BENDS.get(pair, ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2))
    a, b = border(first, bend), border(last, bend)
    colour = next((COLOURS[action] for _, action in causes if action in COLOURS), "#20507e")
    out = [
        f'<path d="M{a[0]:.0f} {a[1]:.0f}Q{bend[0]:.0f} {bend[1]:.0f} {b[0]:.0f} {b[1]:.0f}" stroke="{colour}" '
        f'marker-end="url(#{colour[1:]})"/>'
    ]
    t = LABELS.get(pair, 0.5)
    x, y = ((1 - t) ** 2 * p + 2 * t * (1 - t) * q + t * t * r for p, q, r in zip(a, bend, b, strict=True))
    y -= 8 * (2 * len(causes) - 1) - 10
    for (event, action), rules in causes.items():
        lines = [MEANINGS[event]]
        says = SAYS[action] + (f" ({', '.join(rules)})" if len(rules) < all_rules else "")
        if says.strip():
            lines.append("→ " + says.strip())
        for line in lines:
            out.append(f'<text class="l" x="{x:.0f}" y="{y:.0f}">{escape(line)}</text>')
            y += 15
    return out


def draw() -> str:
    found = edges()
    # A label names the rules where not all that come to the state leave it that way.
    known: dict[str, set[str]] = {}
    for (first, _), causes in found.items():
        known.setdefault(first, set()).update(*causes.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>The states of a call's consent, drawn from the table of the firmware</title>",
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><defs>',
    ]
    for colour in sorted({*COLOURS.values(), "#20507e"}):
        parts.append(
            f'<marker id="{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path d="M0 0L10 5L0 10z" style="fill:{colour}"/></marker>'
        )
    parts.append("</defs>")
    drawn = [draw_edge(pair, causes, len(known[pair[0]])) for pair, causes in sorted(found.items())]
    parts += [lines[0] for lines in drawn] + [text for lines in drawn for text in lines[1:]]
    for name, (x, y) in PLACES.items():
        parts.append(f'<rect class="s {name}" x="{x - 52}" y="{y - 24}" width="104" height="48" rx="10"/>')
        parts.append(f'<text class="n" x="{x}" y="{y + 5}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
