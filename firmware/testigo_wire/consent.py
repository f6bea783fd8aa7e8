"""Consent before recording: the states of one call, as a table (design section 7 and 8).

The machine knows no clock and no audio: its inputs say what happened, its actions
say what to do.  RULES are those of the policy: `notify` (the notice is enough),
`opt-out` (a key objects), `opt-in` (a key accepts).
"""

from testigo_wire.compat import const

# states
IDLE = const(0)
NOTICE = const(1)  # the notice is being played
AGREED = const(2)  # the key came early; the notice is still owed to its end
ASKED = const(3)  # the notice is complete, a key may follow
GIVEN = const(4)  # recording
REFUSED = const(5)  # objection, or no acceptance: connected, not recorded
FAILED = const(6)  # the notice could not be given: connected, not recorded
STATES = ("idle", "notice", "agreed", "asked", "given", "refused", "failed")

# inputs
START = const(0)
PLAYED = const(1)  # to its end, with the digest of the policy's notice
BROKEN = const(2)  # missing, of a wrong digest, or cut short
ACCEPT = const(3)
OBJECT = const(4)
AGAIN = const(5)  # no key in time, and a repetition is left
SILENCE = const(6)  # no key in time, and none is left
INPUTS = ("start", "played", "broken", "accept", "object", "again", "silence")

# actions
NOTHING = const(0)
PLAY = const(1)
WAIT = const(2)  # for a key
RECORD = const(3)
CONNECT = const(4)  # unrecorded
ERASE = const(5)
ACTIONS = ("-", "play", "wait", "record", "connect", "erase")

# A row per state, a cell per input: state * 8 + action. A cell that only says
# "stay" is an input without meaning there.


def _cell(state, action=NOTHING):
    return state * 8 + action


def _row(state, **cells):
    row = bytearray((_cell(state) for _ in INPUTS))
    for name in cells:
        row[INPUTS.index(name)] = _cell(*cells[name])
    return bytes(row)


def _table(played, silence):
    return (
        _row(IDLE, start=(NOTICE, PLAY), broken=(FAILED, CONNECT)),
        _row(NOTICE, played=played, broken=(FAILED, CONNECT), accept=(AGREED,), object=(REFUSED, CONNECT)),
        _row(AGREED, played=(GIVEN, RECORD), broken=(FAILED, CONNECT), object=(REFUSED, CONNECT)),
        _row(ASKED, accept=(GIVEN, RECORD), object=(REFUSED, CONNECT), again=(NOTICE, PLAY), silence=silence),
        _row(GIVEN, object=(REFUSED, ERASE)),
        _row(REFUSED),
        _row(FAILED),
    )


TABLES = {
    "notify": _table((GIVEN, RECORD), (GIVEN, RECORD)),
    "opt-out": _table((ASKED, WAIT), (GIVEN, RECORD)),
    "opt-in": _table((ASKED, WAIT), (REFUSED, CONNECT)),
}
RULES = ("notify", "opt-out", "opt-in")


class Consent:
    """The consent of one call. rule: one of RULES (KeyError for another)."""

    def __init__(self, rule, repeats=0):
        self.rule = rule
        self.state = IDLE
        self.repeats = repeats
        self._table = TABLES[rule]

    def handle(self, event):
        """event: an input. Returns the action to take."""
        if event == SILENCE and self.state == ASKED and self.rule != "opt-out" and self.repeats > 0:
            self.repeats -= 1
            event = AGAIN
        cell = self._table[self.state][event]
        self.state = cell >> 3
        return cell & 7
