"""Consent before recording: the states of one call, as a table (design section 7 and 8).

The machine knows no clock and no audio: its inputs say what happened, its actions
say what to do.  RULES are those of the policy: `notify` (the notice is enough),
`opt-out` (a key objects), `opt-in` (a key accepts).  A call may be asked more than once: by
another language, for a part that the worker wants recorded, when somebody joins.
"""

from testigo_wire.compat import const

# states
IDLE = const(0)  # nothing is to be recorded yet, or for now
NOTICE = const(1)  # the notice is being played
AGREED = const(2)  # the key came early; the notice is still owed to its end
ASKED = const(3)  # the notice is complete, a key may follow
GIVEN = const(4)  # recording
REFUSED = const(5)  # objection, or no acceptance: connected, not recorded
FAILED = const(6)  # the notice could not be given: connected, not recorded
STATES = ("idle", "notice", "agreed", "asked", "given", "refused", "failed")

# inputs
START = const(0)  # the call is there, or the worker wants it recorded from now on
PLAYED = const(1)  # to its end, with the digest of the policy's notice
BROKEN = const(2)  # missing, of a wrong digest, or cut short
ACCEPT = const(3)
OBJECT = const(4)
AGAIN = const(5)  # no key in time, and a repetition is left
SILENCE = const(6)  # no key in time, and none is left
LANGUAGE = const(7)  # a key chose another language
JOIN = const(8)  # somebody came into the call who has not heard the notice
STOP = const(9)  # the worker wants no more of it recorded
INPUTS = ("start", "played", "broken", "accept", "object", "again", "silence", "language", "join", "stop")

# actions
NOTHING = const(0)
PLAY = const(1)
WAIT = const(2)  # for a key
RECORD = const(3)
CONNECT = const(4)  # unrecorded
ERASE = const(5)  # destroy what is held, if anything, and go on unrecorded
PAUSE = const(6)  # keep what is held, take no more
END = const(7)  # the call itself: where recording is a duty
ACTIONS = ("-", "play", "wait", "record", "connect", "erase", "pause", "end")

# A row per state, a cell per input: state * 8 + action. A cell that only says
# "stay" is an input without meaning there.


def _cell(state, action=NOTHING):
    return state * 8 + action


def _row(state, **cells):
    row = bytearray((_cell(state) for _ in INPUTS))
    for name in cells:
        row[INPUTS.index(name)] = _cell(*cells[name])
    return bytes(row)


def _table(played, silence, objection):
    erase = (REFUSED, END if objection == "end-call" else ERASE)
    # Under a duty to record, who was told and went on talking may end the call, not unsay what was said (ADR 10).
    late = (GIVEN, END) if objection == "end-call" else (REFUSED, ERASE)
    broken = (FAILED, CONNECT)
    again = (NOTICE, PLAY)
    stop = (IDLE, PAUSE)
    return (
        _row(IDLE, start=again, broken=broken, object=erase),
        _row(
            NOTICE, played=played, broken=broken, accept=(AGREED,), object=erase, language=again, join=again, stop=stop
        ),
        _row(AGREED, played=(GIVEN, RECORD), broken=broken, object=erase, language=again, join=again, stop=stop),
        _row(
            ASKED,
            accept=(GIVEN, RECORD),
            object=erase,
            again=again,
            silence=silence,
            language=again,
            join=again,
            stop=stop,
        ),
        _row(GIVEN, object=late, join=again, stop=stop),
        # An asking that came to nothing leaves what was held before it.
        _row(REFUSED, object=erase),
        _row(FAILED, object=erase),
    )


RULES = ("notify", "opt-out", "opt-in")
OBJECTIONS = ("connect", "end-call")


def table(rule, objection):
    """The rows of a rule, one of RULES, and of what an objection brings, one of OBJECTIONS."""
    if rule == "notify":
        return _table((GIVEN, RECORD), (GIVEN, RECORD), objection)
    if rule == "opt-out":
        return _table((ASKED, WAIT), (GIVEN, RECORD), objection)
    if rule == "opt-in":
        return _table((ASKED, WAIT), (REFUSED, CONNECT), objection)
    raise KeyError(rule)


class Consent:
    """The consent of one call. rule: one of RULES (KeyError for another). repeats: of each asking."""

    def __init__(self, rule, repeats=0, objection="connect"):
        self.rule = rule
        self.state = IDLE
        self.repeats = self._left = repeats
        self._table = table(rule, objection)

    def fail(self):
        """From any state: the call goes on unrecorded. An objection stands."""
        if self.state != REFUSED:
            self.state = FAILED

    def handle(self, event):
        """event: an input. Returns the action to take."""
        if event == SILENCE and self.state == ASKED and self.rule != "opt-out" and self._left > 0:
            self._left -= 1
            event = AGAIN
        elif event == START or event == JOIN:
            self._left = self.repeats
        cell = self._table[self.state][event]
        self.state = cell >> 3
        return cell & 7
