"""The recording of one call, as a table of states: what is recorded, and what has to happen before it may be.

Consent (consent.py) is the answer to the notice. This table follows from it and from everything else that happens in a
call: commands of the worker, parties who join, faults. Only ON records. A pause, in which the worker takes down card
data, goes on while a notice is played; each state has therefore a twin in which the recording is paused.
"""

from testigo_wire.compat import const

# states
OFF = const(0)  # nothing is recorded, and no notice has to be played
WAITING = const(1)  # a notice has to be played before anything is recorded
ANNOUNCING = const(2)  # it is being played, or its answer is awaited
ON = const(3)  # the call is recorded
OVER = const(4)  # nothing more of this call can be recorded
PAUSED_OFF = const(5)
PAUSED_WAITING = const(6)
PAUSED_ANNOUNCING = const(7)
PAUSED = const(8)  # the twin of ON
PAUSED_OVER = const(9)
STATES = const(10)

# events
REQUESTED = const(0)  # by the policy for every call, or by the worker
ANNOUNCE = const(1)  # the notice begins
DECLINED = const(2)  # the notice ended without consent, or the recording cannot begin
AGREED = const(3)  # consent was given, the worker is informed, and the recording begins
JOINED = const(4)  # a party who has to hear the notice is on a leg
PAUSE = const(5)
RESUME = const(6)  # by the worker, or because the pause was long enough
STOP = const(7)  # by the worker
LIMIT = const(8)  # the longest time of a recording is over
LOST = const(9)  # the storage is full or broken
FAILED = const(10)  # a fault, or a party that must not be recorded
OBJECTION = const(11)
HANG_UP = const(12)
EVENTS = const(13)


# fmt: off
# In each state, what an event leads to. An event that is not listed leaves the state as it is.
_TRANSITIONS = {
    OFF: {
        REQUESTED: WAITING, JOINED: WAITING,
        LOST: OVER, FAILED: OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    WAITING: {
        ANNOUNCE: ANNOUNCING, PAUSE: PAUSED_WAITING, STOP: OFF,
        LOST: OVER, FAILED: OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    ANNOUNCING: {
        AGREED: ON, DECLINED: OFF, JOINED: WAITING, PAUSE: PAUSED_ANNOUNCING, STOP: OFF,
        LOST: OVER, FAILED: OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    ON: {
        JOINED: WAITING, PAUSE: PAUSED, STOP: OFF, LIMIT: OVER,
        LOST: OVER, FAILED: OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    OVER: {},
    PAUSED_OFF: {
        REQUESTED: PAUSED_WAITING, JOINED: PAUSED_WAITING, RESUME: OFF, STOP: OFF,
        LOST: PAUSED_OVER, FAILED: PAUSED_OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    PAUSED_WAITING: {
        ANNOUNCE: PAUSED_ANNOUNCING, RESUME: WAITING, STOP: OFF,
        LOST: PAUSED_OVER, FAILED: PAUSED_OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    PAUSED_ANNOUNCING: {
        AGREED: PAUSED, DECLINED: PAUSED_OFF, JOINED: PAUSED_WAITING, RESUME: ANNOUNCING, STOP: OFF,
        LOST: PAUSED_OVER, FAILED: PAUSED_OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    PAUSED: {
        JOINED: PAUSED_WAITING, RESUME: ON, STOP: OFF,
        LOST: PAUSED_OVER, FAILED: PAUSED_OVER, OBJECTION: OVER, HANG_UP: OVER,
    },
    # The digits of a card are still protected when nothing more will be recorded.
    PAUSED_OVER: {RESUME: OVER, STOP: OVER, OBJECTION: OVER, HANG_UP: OVER},
}
# fmt: on
# The same, a byte for each event in each state: on a device dictionaries would take a kilobyte.
TABLE = bytes([_TRANSITIONS[state].get(event, state) for state in range(STATES) for event in range(EVENTS)])
del _TRANSITIONS


class RecordingState:
    """state: one of the states above. over_by: the event that made it OVER or PAUSED_OVER."""

    def __init__(self):
        self.state = OFF
        self.over_by = None

    def handle(self, event):
        """-> whether the state changed."""
        state = self.state
        was_over = self.over
        self.state = TABLE[state * EVENTS + event]
        if self.over and not was_over:
            self.over_by = event
        return self.state != state

    @property
    def can_pause(self):
        return self.state in (WAITING, ANNOUNCING, ON)

    @property
    def paused(self):
        return self.state >= PAUSED_OFF

    @property
    def waiting(self):
        return self.state in (WAITING, PAUSED_WAITING)

    @property
    def over(self):
        return self.state in (OVER, PAUSED_OVER)

    @property
    def record(self):
        """The value of a=record (RFC 7866 section 6.2)."""
        return "paused" if self.paused else "on" if self.state == ON else "off"
