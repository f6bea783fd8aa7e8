"""Draws docs/pictures/consent.svg from the table that the firmware runs, `testigo_wire/policy/consent.py`.

    python docs/make_consent.py

Every cell is run as in a call, under each rule and each meaning of an objection: what is drawn is what happens. Only places
and words are given here.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "firmware")]

from state_picture import GREEN, GREY, RED, Diagram, Effect, Pair  # noqa: E402

from testigo_wire.policy import consent, names  # noqa: E402

PICTURE = Path(__file__).parent / "pictures" / "consent.svg"
DIAGRAM = Diagram(
    title="The states of a call's consent, drawn from the table of the firmware",
    width=1150,
    half=54,
    places={
        "idle": (80, 290),
        "notice": (375, 290),
        "asked": (700, 175),
        "agreed": (700, 405),
        "given": (1010, 290),
        "refused": (1010, 60),
        "failed": (375, 540),
    },
    frames={
        "unrecorded": ("idle", "notice", "agreed", "asked"),
        "asking": ("notice", "agreed", "asked"),
    },
    boxes={"unrecorded": (12, 86, 786, 474), "asking": (240, 122, 772, 460)},
    titles={
        "unrecorded": (30, 106, "nothing is being recorded"),
        "asking": (425, 449, "the notice is played, or its answer awaited"),
    },
    routes={
        ("unrecorded", "refused"): ((430, 86), (430, 60), (700, 60), (956, 60)),
        ("asking", "idle"): ((240, 350), (180, 350), (110, 314)),
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
    },
    labels={
        ("unrecorded", "refused"): (620, 60),
        ("asking", "idle"): (172, 388),
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
    },
    wraps={
        ("given", "given"): 17,
        ("idle", "notice"): 18,
        ("given", "refused"): 24,
        ("unrecorded", "refused"): 60,
        ("given", "idle"): 60,
        ("failed", "refused"): 60,
        ("refused", "refused"): 60,
        ("asking", "idle"): 20,
        ("asking", "notice"): 26,
        ("notice", "asked"): 24,
        ("asked", "notice"): 22,
    },
    meanings={
        "start": "recording is requested",
        "played": "notice played to its end",
        "broken": "notice missing or cut",
        "accept": "key to agree",
        "object": "objection",
        "again": "no key in time, a repetition left",
        "silence": "no key in time",
        "language": "key for another language",
        "join": "another party joins",
        "stop": "the worker stops it",
    },
    table_top=668,
    legend=(
        "In each cell: what is done → the next state. In brackets: for which rule, or for which meaning of an objection. "
        "A dot: nothing happens."
    ),
    tones={"given": "green", "refused": "grey", "failed": "grey"},
    says={
        "-": "",
        "play": "play it",
        "wait": "wait for a key",
        "record": "record",
        "connect": "connect, unrecorded",
        "erase": "destroy what is held, go on unrecorded",
        "pause": "keep what is held, record no more",
        "end": "end the call",
    },
    says_in={("end", "given"): "end the call, keep what is held"},
    colours={"record": GREEN, "erase": RED, "end": RED, "connect": GREY},
)

Variant = tuple[str, str]  # rule, objection


def _outcomes(variant: Variant) -> Iterator[tuple[str, str, str, str]]:
    """(state, input, next state, action) of all that can happen from the start of a call."""
    reached, seen = [consent.IDLE], set()
    while reached:
        state = reached.pop()
        if state in seen:
            continue
        seen.add(state)
        for event, repeats in product(range(consent.INPUTS), (0, 1)):
            if event == consent.AGAIN:
                continue  # the machine makes it out of SILENCE
            found = []
            for left in range(repeats + 1):
                call = consent.Consent(variant[0], left, variant[1])
                call.state = state
                action = call.handle(event)
                found.append((names.CONSENT_STATES[call.state], names.CONSENT_ACTIONS[action]))
            reached.append(names.CONSENT_STATES.index(found[-1][0]))
            if repeats and found[0] != found[1]:
                yield names.CONSENT_STATES[state], "again", *found[1]
            elif not repeats:
                yield names.CONSENT_STATES[state], names.CONSENT_INPUTS[event], *found[0]


def effects() -> dict[str, list[Effect]]:
    """By state: what can happen there. Inputs that do nothing are left out."""
    known: dict[str, set[Variant]] = {}
    found: dict[tuple[str, str, str, str], set[Variant]] = {}
    for variant in product(consent.RULES, consent.OBJECTIONS):
        for outcome in _outcomes(variant):
            known.setdefault(outcome[0], set()).add(variant)
            if outcome[0] != outcome[2] or outcome[3] != "-":
                found.setdefault(outcome, set()).add(variant)
    by_state: dict[str, list[Effect]] = {state: [] for state in names.CONSENT_STATES}
    for (state, event, target, action), variants in found.items():
        by_state[state].append(Effect(event, target, action, _only(variants, known[state])))
    return by_state


def _only(variants: set[Variant], known: set[Variant]) -> str:
    """In words, for which of the known variants something holds."""
    said = []
    wanted = set(known)
    for place, values in enumerate((consent.RULES, consent.OBJECTIONS)):
        chosen = {variant[place] for variant in variants}
        if chosen != {variant[place] for variant in known}:
            said.append(", ".join(value for value in values if value in chosen))
            wanted = {variant for variant in wanted if variant[place] in chosen}
    if wanted != variants:
        said = [" with ".join(variant) for variant in sorted(variants)]
    return "; ".join(said)


def edges(by_state: dict[str, list[Effect]]) -> dict[Pair, list[Effect]]:
    return DIAGRAM.edges(by_state)


def draw() -> str:
    return DIAGRAM.draw(effects())


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
