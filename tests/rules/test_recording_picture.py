"""The picture of the recording's states shows the table that the firmware runs, all of it."""

import runpy
import sys
from itertools import product

import pytest

from support.micropython_runner import ROOT
from testigo_wire.policy import names, recording_state

CELLS = list(product(range(recording_state.STATES), range(recording_state.EVENTS)))


@pytest.fixture(scope="module")
def maker():
    before = list(sys.path)
    yield runpy.run_path(str(ROOT / "docs" / "make_recording.py"))
    sys.path[:] = before


def test_picture_is_of_this_table(maker):
    assert maker["PICTURE"].read_text(encoding="utf-8") == maker["draw"](), "run: python docs/make_recording.py"


def test_only_consent_and_the_end_of_a_pause_lead_to_recording(maker):
    edges = maker["edges"](maker["effects"]())
    ways_in = {(pair[0], effect.event) for pair, found in edges.items() for effect in found if pair[1] == "on"}
    assert ways_in == {("announcing", "agreed"), ("paused", "resume")}


def test_each_cell_that_does_something_is_drawn(maker):
    """Compared with the bytes of the firmware's table, which the maker does not read itself."""
    by_state = maker["effects"]()
    for state, event in CELLS:
        target = recording_state.TABLE[state * recording_state.EVENTS + event]
        name, cause = names.RECORDING_STATES[state], names.RECORDING_EVENTS[event]
        drawn = [effect.target for effect in by_state[name] if effect.event == cause]
        assert drawn == ([names.RECORDING_STATES[target]] if target != state else []), (name, cause)


def test_each_edge_stands_in_the_picture(maker):
    picture = maker["draw"]()
    edges = maker["edges"](maker["effects"]())
    assert picture.count("marker-end") == len(edges)
    for pair, found in edges.items():
        for line in maker["DIAGRAM"].label(pair, found):
            assert f">{line}<" in picture, (pair, line)


def test_a_changed_cell_changes_the_picture(maker, monkeypatch):
    before = maker["draw"]()
    genuine = recording_state.TABLE
    for state, event in CELLS:
        at = state * recording_state.EVENTS + event
        changed = bytearray(genuine)
        changed[at] = (changed[at] + 1) % recording_state.STATES
        monkeypatch.setattr(recording_state, "TABLE", changed)
        assert maker["draw"]() != before, (names.RECORDING_STATES[state], names.RECORDING_EVENTS[event])
        monkeypatch.setattr(recording_state, "TABLE", genuine)


def test_the_names_are_those_of_the_constants():
    """In the order of their numbers."""
    for tables in (names.RECORDING_STATES, names.RECORDING_EVENTS):
        for number, name in enumerate(tables):
            assert getattr(recording_state, name.upper().replace(" ", "_").replace("-", "_")) == number, name
