"""Every cell of the consent tables, against what the rules say in words."""

from testigo_wire.policy import consent as c
from testigo_wire.policy import names

# What all rules want, written independently of the tables: {(state, input): (next state, action)}.
COMMON = {
    (c.IDLE, c.START): (c.NOTICE, c.PLAY),
    (c.IDLE, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.NOTICE, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.NOTICE, c.ACCEPT): (c.AGREED, c.NOTHING),
    (c.AGREED, c.PLAYED): (c.GIVEN, c.RECORD),
    (c.AGREED, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.ASKED, c.ACCEPT): (c.GIVEN, c.RECORD),
    (c.ASKED, c.AGAIN): (c.NOTICE, c.PLAY),
    (c.GIVEN, c.STOP): (c.IDLE, c.PAUSE),
    (c.NOTICE, c.STOP): (c.IDLE, c.PAUSE),
    (c.AGREED, c.STOP): (c.IDLE, c.PAUSE),
    (c.ASKED, c.STOP): (c.IDLE, c.PAUSE),
    # Who joins, or wants another language, hears the notice from its beginning.
    (c.NOTICE, c.LANGUAGE): (c.NOTICE, c.PLAY),
    (c.AGREED, c.LANGUAGE): (c.NOTICE, c.PLAY),
    (c.ASKED, c.LANGUAGE): (c.NOTICE, c.PLAY),
    (c.NOTICE, c.JOIN): (c.NOTICE, c.PLAY),
    (c.AGREED, c.JOIN): (c.NOTICE, c.PLAY),
    (c.ASKED, c.JOIN): (c.NOTICE, c.PLAY),
    (c.GIVEN, c.JOIN): (c.NOTICE, c.PLAY),
}
OWN = {
    "notify": {(c.NOTICE, c.PLAYED): (c.GIVEN, c.RECORD), (c.ASKED, c.SILENCE): (c.GIVEN, c.RECORD)},
    "opt-out": {(c.NOTICE, c.PLAYED): (c.ASKED, c.WAIT), (c.ASKED, c.SILENCE): (c.GIVEN, c.RECORD)},
    "opt-in": {(c.NOTICE, c.PLAYED): (c.ASKED, c.WAIT), (c.ASKED, c.SILENCE): (c.REFUSED, c.CONNECT)},
}
# An objection at any moment destroys what is held; under a duty to record it ends the call, and what was said after the
# notice stays.
OBJECTING = {
    "connect": {(state, c.OBJECT): (c.REFUSED, c.ERASE) for state in range(c.STATES)},
    "end-call": {(state, c.OBJECT): (c.REFUSED, c.END) for state in range(c.STATES)},
}
OBJECTING["end-call"][(c.GIVEN, c.OBJECT)] = (c.GIVEN, c.END)
KINDS = [(rule, objection) for rule in c.RULES for objection in c.OBJECTIONS]


def machine(rule, objection, state):
    made = c.Consent(rule, 0, objection)
    made.state = state
    return made


def test_every_cell():
    cells = 0
    for rule, objection in KINDS:
        for state in range(c.STATES):
            for event in range(c.INPUTS):
                expected = (state, c.NOTHING)
                for table in (COMMON, OWN[rule], OBJECTING[objection]):
                    expected = table.get((state, event), expected)
                tried = machine(rule, objection, state)
                action = tried.handle(event)
                where = (rule, objection, names.CONSENT_STATES[state], names.CONSENT_INPUTS[event])
                assert (tried.state, action) == expected, where
                cells += 1
    assert cells == 3 * 2 * 7 * 10


def test_no_two_states_inputs_or_actions_have_one_number():
    """A cell is the next state and the action in one byte."""
    states = (c.IDLE, c.NOTICE, c.AGREED, c.ASKED, c.GIVEN, c.REFUSED, c.FAILED)
    inputs = (c.START, c.PLAYED, c.BROKEN, c.ACCEPT, c.OBJECT, c.AGAIN, c.SILENCE, c.LANGUAGE, c.JOIN, c.STOP)
    actions = (c.NOTHING, c.PLAY, c.WAIT, c.RECORD, c.CONNECT, c.ERASE, c.PAUSE, c.END)
    assert states == tuple(range(c.STATES)) and c.STATES == c.NEXT_STATE == len(names.CONSENT_STATES)
    assert inputs == tuple(range(c.INPUTS)) and c.INPUTS == len(names.CONSENT_INPUTS)
    assert actions == tuple(range(0, 8 * (c.NEXT_STATE + 1), c.NEXT_STATE + 1))


def test_no_recording_without_a_complete_notice_after_each_request():
    """No sequence of up to six inputs reaches GIVEN unless PLAYED was among those after the last START, JOIN or LANGUAGE."""
    for rule, objection in KINDS:
        reached = {(c.IDLE, False)}
        for _ in range(6):
            following = set()
            for state, played in reached:
                for event in range(c.INPUTS):
                    tried = machine(rule, objection, state)
                    action = tried.handle(event)
                    if action == c.PLAY:
                        played_now = False
                    else:
                        played_now = played or event == c.PLAYED
                    following.add((tried.state, played_now))
            reached = following
            assert (c.GIVEN, False) not in reached, rule


def test_nothing_leads_back_from_an_objection():
    for rule, objection in KINDS:
        for event in range(c.INPUTS):
            tried = machine(rule, objection, c.REFUSED)
            assert tried.handle(event) in (c.NOTHING, c.ERASE, c.END)
            assert tried.state == c.REFUSED


def test_opt_in_repeats_then_refuses():
    tried = c.Consent("opt-in", repeats=1)
    assert tried.handle(c.START) == c.PLAY
    assert tried.handle(c.PLAYED) == c.WAIT
    assert tried.handle(c.SILENCE) == c.PLAY
    assert tried.handle(c.PLAYED) == c.WAIT
    assert tried.handle(c.SILENCE) == c.CONNECT
    assert tried.state == c.REFUSED


def test_each_request_has_its_own_repetitions():
    tried = c.Consent("opt-in", repeats=1)
    for first in (c.START, c.JOIN):
        assert tried.handle(first) == c.PLAY
        assert tried.handle(c.PLAYED) == c.WAIT
        assert tried.handle(c.SILENCE) == c.PLAY
        assert tried.handle(c.PLAYED) == c.WAIT
        assert tried.handle(c.ACCEPT) == c.RECORD


def test_a_notice_is_not_repeated_unless_the_policy_says_so():
    tried = c.Consent("opt-in")
    for event, action in ((c.START, c.PLAY), (c.PLAYED, c.WAIT), (c.SILENCE, c.CONNECT)):
        assert tried.handle(event) == action


def test_a_fault_ends_every_state_but_an_objection():
    for state in range(c.STATES):
        tried = machine("opt-in", "connect", state)
        tried.fail()
        assert tried.state == (c.REFUSED if state == c.REFUSED else c.FAILED), names.CONSENT_STATES[state]


def test_unknown_rule():
    try:
        c.Consent("maybe")
    except KeyError:
        return
    raise AssertionError("an unknown rule was taken")
