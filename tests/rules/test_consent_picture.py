"""The picture of consent shows the table that the firmware runs, all of it."""

import runpy
import sys
from itertools import product

import pytest

from support.micropython_runner import ROOT
from testigo_wire.policy import consent, names

ALL_VARIANTS = list(product(consent.RULES, consent.OBJECTIONS))


@pytest.fixture(scope="module")
def maker():
    before = list(sys.path)
    yield runpy.run_path(str(ROOT / "docs" / "make_consent.py"))
    sys.path[:] = before


def test_picture_is_of_this_table(maker):
    assert maker["PICTURE"].read_text(encoding="utf-8") == maker["draw"](), "run: python docs/make_consent.py"


def test_only_a_complete_notice_leads_to_recording(maker):
    edges = maker["edges"](maker["effects"]())
    ways_in = {(pair[0], e.event) for pair, found in edges.items() for e in found if e.action == "record"}
    assert ways_in == {("notice", "played"), ("agreed", "played"), ("asked", "accept"), ("asked", "silence")}


def _reachable():
    """(rule, objection, state) of all that a call may come to."""
    found = set()
    for rule, objection in ALL_VARIANTS:
        states = [consent.IDLE]
        while states:
            state = states.pop()
            if (rule, objection, state) in found:
                continue
            found.add((rule, objection, state))
            for event, repeats in product(range(consent.INPUTS), (0, 1)):
                call = consent.Consent(rule, repeats, objection)
                call.state = state
                call.handle(event)
                states.append(call.state)
    return found


def test_each_cell_that_does_something_is_drawn(maker):
    """Compared with the rows of the firmware, which the maker does not read itself."""
    by_state = maker["effects"]()
    for rule, objection, state in _reachable():
        row = consent.table(rule, objection)[state]
        for event in range(consent.INPUTS):
            cell = row.get(event, state)
            if event == consent.AGAIN and rule == "opt-out":
                continue  # silence is an answer there
            name, following = names.CONSENT_STATES[state], cell & consent.NEXT_STATE
            does = names.CONSENT_STATES[following], names.CONSENT_ACTIONS[cell - following]
            drawn = [
                (e.target, e.action)
                for e in by_state[name]
                if e.event == names.CONSENT_INPUTS[event]
                and all(word in (rule, objection) for word in _words(e.only, rule, objection))
            ]
            assert drawn == ([] if does == (name, "-") else [does]), (
                rule,
                objection,
                name,
                names.CONSENT_INPUTS[event],
            )


def _words(only, rule, objection):
    """Of each list of names in a condition, this call's own, or else one that it is not."""
    for part in only.split("; ") if only else ():
        names = part.split(", ")
        yield next((name for name in names if name in (rule, objection)), names[0])


def test_each_edge_stands_in_the_picture(maker):
    picture = maker["draw"]()
    edges = maker["edges"](maker["effects"]())
    assert picture.count("marker-end") == len(edges)
    for pair, found in edges.items():
        for line in maker["DIAGRAM"].label(pair, found):
            assert f">{line}<" in picture, (pair, line)


@pytest.mark.parametrize("variant", ALL_VARIANTS, ids="-".join)
def test_a_changed_cell_changes_the_picture(maker, monkeypatch, variant):
    before = maker["draw"]()
    genuine = consent.table
    reachable = _reachable()
    for state, event in product(range(consent.STATES), range(consent.INPUTS)):
        if (*variant, state) not in reachable:
            continue
        if event == consent.AGAIN and (state != consent.ASKED or variant[0] != "opt-in"):
            continue  # the machine does not use that cell

        def changed(rule, objection, state=state, event=event):
            rows = genuine(rule, objection)
            if (rule, objection) == variant:
                rows[state][event] = consent.FAILED + consent.WAIT
            return rows

        monkeypatch.setattr(consent, "table", changed)
        assert maker["draw"]() != before, (names.CONSENT_STATES[state], names.CONSENT_INPUTS[event])
        monkeypatch.setattr(consent, "table", genuine)
