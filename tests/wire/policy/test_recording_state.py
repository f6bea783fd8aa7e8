"""Every cell of the table of the recording's state, against what the rules say in words."""

from testigo_wire.policy import names
from testigo_wire.policy import recording_state as s

RECORDING = (s.OFF, s.WAITING, s.ANNOUNCING, s.ON, s.OVER)
PAUSED = (s.PAUSED_OFF, s.PAUSED_WAITING, s.PAUSED_ANNOUNCING, s.PAUSED, s.PAUSED_OVER)
STATES = RECORDING + PAUSED


EVENTS = (
    s.REQUESTED, s.ANNOUNCE, s.DECLINED, s.AGREED, s.JOINED, s.PAUSE, s.RESUME, s.STOP, s.LIMIT, s.LOST, s.FAILED,
    s.OBJECTION, s.HANG_UP,
)  # fmt: skip


def test_no_two_states_or_events_have_one_number():
    assert STATES == tuple(range(s.STATES)) and s.STATES == len(names.RECORDING_STATES)
    assert EVENTS == tuple(range(s.EVENTS)) and s.EVENTS == len(names.RECORDING_EVENTS)


def test_a_call_begins_unrecorded():
    made = s.RecordingState()
    assert made.state == s.OFF and made.over_by is None and made.record == "off"


def expected(state, event):
    """What the rules want, written independently of the table: a state without its pause, and the pause beside it."""
    paused = state in PAUSED
    plain = RECORDING[PAUSED.index(state)] if paused else state
    # The call is over, or the other party objects: nothing more is recorded, and no pause goes on.
    if event in (s.HANG_UP, s.OBJECTION):
        return s.OVER
    # The storage or something else fails: nothing more is recorded. The digits of a card are still not kept in a pause.
    if event in (s.LOST, s.FAILED):
        plain = s.OVER
    # The longest time is only over while the call is recorded.
    elif event == s.LIMIT and state == s.ON:
        plain = s.OVER
    elif plain != s.OVER:
        # Who requests a recording, or joins one, causes a notice to be played; a notice that is owed stays owed.
        if event == s.REQUESTED and plain == s.OFF or event == s.JOINED:
            plain = s.WAITING
        elif event == s.ANNOUNCE and plain == s.WAITING:
            plain = s.ANNOUNCING
        # The notice ends with consent or without it.
        elif event == s.AGREED and plain == s.ANNOUNCING:
            plain = s.ON
        elif event == s.DECLINED and plain == s.ANNOUNCING:
            plain = s.OFF
        # The worker ends the recording, or the notice for it.
        elif event == s.STOP:
            plain = s.OFF
    # A pause begins where something is recorded, or is about to be; it ends by the worker or by its limit.
    if event == s.PAUSE and plain in (s.WAITING, s.ANNOUNCING, s.ON):
        paused = True
    elif event in (s.RESUME, s.STOP):
        paused = False
    return PAUSED[RECORDING.index(plain)] if paused else plain


def machine(state):
    made = s.RecordingState()
    made.state = state
    return made


def leads(state, event):
    tried = machine(state)
    tried.handle(event)
    return tried.state


def test_every_cell():
    cells = 0
    for state in STATES:
        for event in range(s.EVENTS):
            tried = machine(state)
            changed = tried.handle(event)
            assert tried.state == expected(state, event), (state, event, tried.state)
            assert changed == (tried.state != state), (state, event)
            cells += 1
    assert cells == 10 * 13 == len(s.TABLE)


def test_only_consent_and_the_end_of_a_pause_lead_to_recording():
    ways = {(state, event) for state in STATES for event in range(s.EVENTS) if leads(state, event) == s.ON != state}
    assert ways == {(s.ANNOUNCING, s.AGREED), (s.PAUSED, s.RESUME)}


def test_no_recording_without_consent_after_each_request_and_join():
    """No sequence of up to eight events reaches ON or PAUSED unless AGREED was among those after the last JOINED or STOP."""
    reached = {(s.OFF, False)}
    for _ in range(8):
        following = set()
        for state, agreed in reached:
            for event in range(s.EVENTS):
                tried = machine(state)
                tried.handle(event)
                still = (agreed or event == s.AGREED) and event not in (s.JOINED, s.STOP)
                following.add((tried.state, still))
        reached = following
        assert not reached & {(s.ON, False), (s.PAUSED, False)}


def test_nothing_leads_back_from_the_end():
    for state in (s.OVER, s.PAUSED_OVER):
        for event in range(s.EVENTS):
            tried = machine(state)
            tried.handle(event)
            assert tried.over


def test_what_ended_the_recording_first_is_kept():
    tried = machine(s.ON)
    for event in (s.LIMIT, s.LOST, s.HANG_UP):
        tried.handle(event)
        assert tried.state == s.OVER and tried.over_by == s.LIMIT
    tried = machine(s.PAUSED)
    assert tried.over_by is None
    tried.handle(s.LOST)
    tried.handle(s.HANG_UP)
    assert tried.state == s.OVER and tried.over_by == s.LOST


def test_properties():
    for state in STATES:
        tried = machine(state)
        assert tried.paused == (state in PAUSED)
        assert tried.waiting == (state in (s.WAITING, s.PAUSED_WAITING))
        assert tried.can_pause == (machine(state).handle(s.PAUSE))
        assert tried.over == (state in (s.OVER, s.PAUSED_OVER))
        record = "paused" if state in PAUSED else "on" if state == s.ON else "off"
        assert tried.record == record, state
