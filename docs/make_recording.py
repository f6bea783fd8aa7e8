"""Draws docs/pictures/recording.svg from the table that the firmware runs, `testigo_wire/policy/recording_state.py`.

    python docs/make_recording.py

Every event is given to every state: what is drawn is what happens. Only places and words are given here.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "firmware")]

from state_picture import GREEN, GREY, Diagram, Effect, Pair  # noqa: E402

from testigo_wire.policy import recording_state  # noqa: E402
from testigo_wire.policy.names import RECORDING_EVENTS, RECORDING_STATES  # noqa: E402

PICTURE = Path(__file__).parent / "pictures" / "recording.svg"
TOP, BOTTOM = 190, 530
DIAGRAM = Diagram(
    title="The states of a call's recording, drawn from the table of the firmware",
    width=1300,
    half=80,
    places={
        "off": (100, TOP),
        "waiting": (380, TOP),
        "announcing": (640, TOP),
        "on": (900, TOP),
        "over": (1200, TOP),
        "paused off": (100, BOTTOM),
        "paused waiting": (380, BOTTOM),
        "paused announcing": (640, BOTTOM),
        "paused": (900, BOTTOM),
        "paused over": (1200, BOTTOM),
    },
    frames={
        "not paused": ("off", "waiting", "announcing", "on"),
        "in a pause": ("paused off", "paused waiting", "paused announcing", "paused"),
        "requested": ("waiting", "announcing", "on"),
    },
    boxes={
        "not paused": (14, 34, 1010, 300),
        "in a pause": (14, 440, 1010, 660),
        "requested": (290, 66, 990, 270),
    },
    titles={
        "not paused": (180, 288, "not paused"),
        "in a pause": (30, 648, "in a pause"),
        "requested": (306, 84, "recorded, or to be"),
    },
    routes={
        ("off", "waiting"): ((180, TOP), (240, TOP), (298, TOP)),
        ("announcing", "waiting"): ((600, TOP + 24), (510, TOP + 62), (420, TOP + 24)),
        ("announcing", "off"): ((620, TOP + 24), (360, TOP + 130), (95, TOP + 24)),
        ("on", "waiting"): ((880, TOP - 24), (640, TOP - 120), (400, TOP - 24)),
        ("requested", "off"): ((300, 66), (200, 60), (110, TOP - 24)),
        ("not paused", "over"): ((1010, 110), (1150, 110), (1190, TOP - 24)),
        ("waiting", "paused waiting"): ((360, TOP + 24), (360, 370), (360, BOTTOM - 24)),
        ("paused waiting", "waiting"): ((410, BOTTOM - 24), (410, 370), (410, TOP + 24)),
        ("announcing", "paused announcing"): ((620, TOP + 24), (620, 370), (620, BOTTOM - 24)),
        ("paused announcing", "announcing"): ((670, BOTTOM - 24), (670, 370), (670, TOP + 24)),
        ("on", "paused"): ((880, TOP + 24), (880, 370), (880, BOTTOM - 24)),
        ("paused", "on"): ((930, BOTTOM - 24), (930, 370), (930, TOP + 24)),
        ("paused off", "off"): ((145, BOTTOM - 24), (145, 370), (145, TOP + 24)),
        ("in a pause", "off"): ((50, 440), (50, 370), (50, TOP + 24)),
        ("paused off", "paused waiting"): ((180, BOTTOM), (240, BOTTOM), (298, BOTTOM)),
        ("paused announcing", "paused waiting"): ((600, BOTTOM + 24), (510, BOTTOM + 62), (420, BOTTOM + 24)),
        ("paused announcing", "paused off"): ((610, BOTTOM + 24), (360, BOTTOM + 150), (95, BOTTOM + 24)),
        ("paused", "paused waiting"): ((880, BOTTOM + 24), (640, BOTTOM + 150), (400, BOTTOM + 24)),
        ("in a pause", "paused over"): ((1010, BOTTOM), (1070, BOTTOM), (1118, BOTTOM)),
        ("in a pause", "over"): ((1010, 460), (1100, 420), (1170, TOP + 24)),
        ("paused over", "over"): ((1215, BOTTOM - 24), (1215, 370), (1215, TOP + 24)),
    },
    labels={
        ("announcing", "waiting"): (510, TOP + 44),
        ("announcing", "off"): (250, TOP + 66),
        ("on", "waiting"): (640, TOP - 72),
        ("requested", "off"): (210, 86),
        ("not paused", "over"): (1130, 118),
        ("paused announcing", "paused waiting"): (510, BOTTOM + 44),
        ("paused announcing", "paused off"): (250, BOTTOM + 76),
        ("paused", "paused waiting"): (700, BOTTOM + 84),
        ("in a pause", "paused over"): (1066, BOTTOM + 8),
        ("in a pause", "over"): (1090, 408),
        ("paused over", "over"): (1232, 350),
        ("in a pause", "off"): (54, 362),
        ("waiting", "paused waiting"): (356, 340),
        ("announcing", "paused announcing"): (616, 340),
        ("on", "paused"): (876, 340),
    },
    wraps={
        ("off", "waiting"): 15,
        ("waiting", "announcing"): 12,
        ("announcing", "on"): 14,
        ("paused off", "paused waiting"): 15,
        ("paused waiting", "paused announcing"): 12,
        ("paused announcing", "paused"): 14,
        ("requested", "off"): 14,
        ("in a pause", "off"): 10,
        ("paused off", "off"): 9,
        ("paused waiting", "waiting"): 9,
        ("paused announcing", "announcing"): 9,
        ("paused", "on"): 9,
        ("not paused", "over"): 24,
        ("in a pause", "paused over"): 14,
        ("in a pause", "over"): 14,
        ("paused over", "over"): 16,
        ("on", "over"): 14,
    },
    meanings={
        "requested": "recording is requested",
        "announce": "the notice begins",
        "agreed": "consent, and the worker is informed",
        "declined": "no consent",
        "joined": "another party joins",
        "pause": "pause",
        "resume": "the pause ends",
        "stop": "the worker stops it",
        "limit": "longest time",
        "lost": "storage full or broken",
        "failed": "a fault",
        "objection": "objection",
        "hang-up": "hang-up",
    },
    table_top=706,
    legend="In each cell: the next state. A dot: the state stays.",
    tones={"on": "green", "over": "grey", "paused over": "grey"},
    colours={"on": GREEN, "over": GREY, "paused over": GREY},
    first_column=140,
    cell_wrap=14,
)


def effects() -> dict[str, list[Effect]]:
    """By state: what can happen there. Events that do nothing are left out."""
    by_state: dict[str, list[Effect]] = {}
    for state, name in enumerate(RECORDING_STATES):
        by_state[name] = []
        for event, cause in enumerate(RECORDING_EVENTS):
            recording = recording_state.RecordingState()
            recording.state = state
            if recording.handle(event):
                by_state[name].append(Effect(cause, RECORDING_STATES[recording.state], "-", ""))
    return by_state


def edges(by_state: dict[str, list[Effect]]) -> dict[Pair, list[Effect]]:
    return DIAGRAM.edges(by_state)


def draw() -> str:
    return DIAGRAM.draw(effects())


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
