"""Consent before recording: the answer to the notice of one call, as a table of states (design section 7 and 8).

The machine has no clock and no audio: its inputs say what happened, its actions say what to do. RULES are those of the
policy: `notify` (the notice is enough), `opt-out` (a key objects), `opt-in` (a key accepts). The notice may be played more
than once in a call: in another language, for another part that the worker wants recorded, when a party joins.
"""

from testigo_wire.compat import const

# states
IDLE = const(0)  # no recording is requested, or none for now
NOTICE = const(1)  # the notice is being played
AGREED = const(2)  # the key came early; the notice is still played to its end
ASKED = const(3)  # the notice is complete, a key may follow
GIVEN = const(4)  # recording
REFUSED = const(5)  # objection, or no acceptance: connected, not recorded
FAILED = const(6)  # the notice could not be played: connected, not recorded
STATES = const(7)

# inputs
START = const(0)  # recording is requested, by the policy for every call or by the worker
PLAYED = const(1)  # to its end, with the digest of the policy's notice
BROKEN = const(2)  # missing, of a wrong digest, or cut short
ACCEPT = const(3)
OBJECT = const(4)
AGAIN = const(5)  # no key in time, and a repetition is left
SILENCE = const(6)  # no key in time, and none is left
LANGUAGE = const(7)  # a key chose another language
JOIN = const(8)  # a party who has not heard the notice came into the call
STOP = const(9)  # the worker ends the recording
INPUTS = const(10)

# actions, which a cell of the table has beside the next state
NOTHING = const(0x00)
PLAY = const(0x08)
WAIT = const(0x10)  # for a key
RECORD = const(0x18)
CONNECT = const(0x20)  # unrecorded
ERASE = const(0x28)  # destroy what is held, if anything, and go on unrecorded
PAUSE = const(0x30)  # keep what is held, record no more
END = const(0x38)  # the call itself: where recording is a duty
NEXT_STATE = const(0x07)  # the part of a cell that is not the action

RULES = ("notify", "opt-out", "opt-in")
OBJECTIONS = ("connect", "end-call")


def table(rule, objection):
    """The table of a rule, one of RULES, and of what an objection leads to, one of OBJECTIONS: by state, then by input.

    An input that is not in the table leaves the state as it is. Raises KeyError for an unknown rule.
    """
    if rule not in RULES:
        raise KeyError(rule)
    notice_played = GIVEN + RECORD if rule == "notify" else ASKED + WAIT
    no_key = REFUSED + CONNECT if rule == "opt-in" else GIVEN + RECORD
    objected = REFUSED + ERASE
    objected_late = REFUSED + ERASE
    if objection == "end-call":
        # Who was informed and went on talking may end the call under a duty to record, not undo what was said (ADR 10).
        objected = REFUSED + END
        objected_late = GIVEN + END
    return {
        IDLE: {START: NOTICE + PLAY, BROKEN: FAILED + CONNECT, OBJECT: objected},
        NOTICE: {
            PLAYED: notice_played,
            BROKEN: FAILED + CONNECT,
            ACCEPT: AGREED,
            OBJECT: objected,
            LANGUAGE: NOTICE + PLAY,
            JOIN: NOTICE + PLAY,
            STOP: IDLE + PAUSE,
        },
        AGREED: {
            PLAYED: GIVEN + RECORD,
            BROKEN: FAILED + CONNECT,
            OBJECT: objected,
            LANGUAGE: NOTICE + PLAY,
            JOIN: NOTICE + PLAY,
            STOP: IDLE + PAUSE,
        },
        ASKED: {
            ACCEPT: GIVEN + RECORD,
            OBJECT: objected,
            AGAIN: NOTICE + PLAY,
            SILENCE: no_key,
            LANGUAGE: NOTICE + PLAY,
            JOIN: NOTICE + PLAY,
            STOP: IDLE + PAUSE,
        },
        GIVEN: {OBJECT: objected_late, JOIN: NOTICE + PLAY, STOP: IDLE + PAUSE},
        # What was recorded before a notice that came to nothing is still held.
        REFUSED: {OBJECT: objected},
        FAILED: {OBJECT: objected},
    }


class Consent:
    """The consent of one call. rule: one of RULES (KeyError for another). repeats: how often a notice is repeated."""

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
        cell = self._table[self.state].get(event, self.state)
        self.state = cell & NEXT_STATE
        return cell - self.state
