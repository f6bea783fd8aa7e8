"""Every cell of the consent tables, against what the rules say in words."""

from testigo_wire import consent as c

STAY = None

# What each rule wants, written independently of the tables: {(state, input): (next state, action)}.
COMMON = {
    (c.IDLE, c.START): (c.NOTICE, c.PLAY),
    (c.IDLE, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.NOTICE, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.NOTICE, c.ACCEPT): (c.AGREED, c.NOTHING),
    (c.NOTICE, c.OBJECT): (c.REFUSED, c.CONNECT),
    (c.AGREED, c.PLAYED): (c.GIVEN, c.RECORD),
    (c.AGREED, c.BROKEN): (c.FAILED, c.CONNECT),
    (c.AGREED, c.OBJECT): (c.REFUSED, c.CONNECT),
    (c.ASKED, c.ACCEPT): (c.GIVEN, c.RECORD),
    (c.ASKED, c.OBJECT): (c.REFUSED, c.CONNECT),
    (c.ASKED, c.AGAIN): (c.NOTICE, c.PLAY),
    (c.GIVEN, c.OBJECT): (c.REFUSED, c.ERASE),
}
OWN = {
    "notify": {(c.NOTICE, c.PLAYED): (c.GIVEN, c.RECORD), (c.ASKED, c.SILENCE): (c.GIVEN, c.RECORD)},
    "opt-out": {(c.NOTICE, c.PLAYED): (c.ASKED, c.WAIT), (c.ASKED, c.SILENCE): (c.GIVEN, c.RECORD)},
    "opt-in": {(c.NOTICE, c.PLAYED): (c.ASKED, c.WAIT), (c.ASKED, c.SILENCE): (c.REFUSED, c.CONNECT)},
}


def machine(rule, state):
    made = c.Consent(rule)
    made.state = state
    return made


def test_every_cell():
    cells = 0
    for rule in c.RULES:
        for state in range(len(c.STATES)):
            for event in range(len(c.INPUTS)):
                expected = OWN[rule].get((state, event)) or COMMON.get((state, event)) or (state, c.NOTHING)
                tried = machine(rule, state)
                action = tried.handle(event)
                where = (rule, c.STATES[state], c.INPUTS[event])
                assert (tried.state, action) == expected, where
                cells += 1
    assert cells == 3 * 7 * 7


def test_no_recording_without_a_complete_notice():
    """From the start, no sequence of up to five inputs reaches GIVEN unless PLAYED was among them."""
    for rule in c.RULES:
        reached = {(c.IDLE, False)}
        for _ in range(5):
            following = set()
            for state, played in reached:
                for event in range(len(c.INPUTS)):
                    tried = machine(rule, state)
                    tried.handle(event)
                    following.add((tried.state, played or event == c.PLAYED))
            reached = following
            assert (c.GIVEN, False) not in reached, rule


def test_nothing_leads_back_from_an_objection():
    for rule in c.RULES:
        for event in range(len(c.INPUTS)):
            tried = machine(rule, c.REFUSED)
            assert tried.handle(event) == c.NOTHING
            assert tried.state == c.REFUSED


def test_opt_in_repeats_and_then_gives_up():
    tried = c.Consent("opt-in", repeats=1)
    assert tried.handle(c.START) == c.PLAY
    assert tried.handle(c.PLAYED) == c.WAIT
    assert tried.handle(c.SILENCE) == c.PLAY
    assert tried.handle(c.PLAYED) == c.WAIT
    assert tried.handle(c.SILENCE) == c.CONNECT
    assert tried.state == c.REFUSED


def test_unknown_rule():
    try:
        c.Consent("maybe")
    except KeyError:
        return
    raise AssertionError("an unknown rule was taken")
