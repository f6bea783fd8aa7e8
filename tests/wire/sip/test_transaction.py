"""Transactions: every cell of the table, and the times of the timers (RFC 3261 section 17, RFC 6026)."""

from testigo_wire.sip import transaction as st
from testigo_wire.sip.message import Message, response

STATES = {
    st.INVITE_CLIENT: (st.CALLING, st.PROCEEDING, st.COMPLETED, st.ACCEPTED, st.TERMINATED),
    st.CLIENT: (st.TRYING, st.PROCEEDING, st.COMPLETED, st.TERMINATED),
    st.INVITE_SERVER: (st.PROCEEDING, st.COMPLETED, st.CONFIRMED, st.ACCEPTED, st.TERMINATED),
    st.SERVER: (st.TRYING, st.PROCEEDING, st.COMPLETED, st.TERMINATED),
}
INPUTS = (st.PROVISIONAL, st.SUCCESS, st.FAILURE, st.RETRANSMIT, st.EXPIRE, st.REQUEST, st.ACK)
ACTIONS = (0, st.PASS_UP, st.ACK_AND_PASS_UP, st.REPEAT, st.SEND, st.TIME_OUT)
CLIENTS = (st.INVITE_CLIENT, st.CLIENT)


class User:
    def __init__(self):
        self.responses = []
        self.timeouts = 0

    def on_response(self, transaction, message, now):
        self.responses.append(message.status if message else None)

    def on_timeout(self, transaction, now):
        self.timeouts += 1


def request(method):
    message = Message(method, "sip:b@h")
    for name, value in (
        ("via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("route", "<sip:p;lr>"),
        ("max-forwards", "70"),
        ("from", "<sip:a@h>;tag=1"),
        ("to", "<sip:b@h>"),
        ("call-id", "c"),
        ("cseq", "5 " + method),
    ):
        message.add(name, value)
    message.number = 5
    message.branch = "z9hG4bK1"
    return message


def make(kind, now=0):
    out, user = [], User()
    method = "INVITE" if kind in (st.INVITE_CLIENT, st.INVITE_SERVER) else "BYE"
    transaction = st.Transaction(kind, request(method), ("h", 5060), out, user)
    transaction.prepare()
    transaction.start(now)
    return transaction, out, user


def split(key):
    """(kind, state) of a key of the table."""
    return key & 0xF00, key & 0xFF


def test_the_table_has_only_known_states_inputs_and_actions():
    for key in st.TABLE:
        kind, state = split(key)
        assert state in STATES[kind]
        for event, cell in st.TABLE[key].items():
            following = cell & st.NEXT_STATE
            assert event in INPUTS, (key, event)
            assert following in STATES[kind] and cell - following in ACTIONS, (key, event)
    for kind in STATES:
        for state in STATES[kind]:
            assert (kind + state in st.TABLE) == (state != st.TERMINATED)


def test_every_cell_does_what_the_table_says():
    for key in st.TABLE:
        kind, state = split(key)
        for event in INPUTS:
            cell = st.TABLE[key].get(event)
            following, action = (state, 0) if cell is None else (cell & st.NEXT_STATE, cell & ~st.NEXT_STATE)
            transaction, out, user = make(kind)
            transaction.state = state
            transaction.datagram = (b"SIP/2.0 200 OK", ("h", 5060))
            del out[:]
            message = response(transaction.request, (180, 200, 486)[event], "t") if event < 3 else None
            took = transaction.handle(event, 0, message)
            assert took == (cell is not None)
            assert transaction.state == following, (key, event)
            assert len(out) == (action in (st.ACK_AND_PASS_UP, st.REPEAT, st.SEND))
            timed_out = action == st.TIME_OUT
            passed_up = action in (st.PASS_UP, st.ACK_AND_PASS_UP)
            assert (user.responses != []) == (passed_up or (timed_out and kind in CLIENTS))
            assert user.timeouts == (timed_out and kind not in CLIENTS)


def times(transaction, out, limit=100000):
    """When a datagram was sent, and when the transaction ended."""
    sent, count = [], len(out)
    while transaction.deadline() is not None:
        now = transaction.deadline()
        assert now < limit
        transaction.tick(now)
        if len(out) > count:
            sent.append(now)
            count = len(out)
    return sent, now


def test_an_invite_is_sent_seven_times_in_32_seconds():
    transaction, out, user = make(st.INVITE_CLIENT)
    assert times(transaction, out) == ([500, 1500, 3500, 7500, 15500, 31500], 32000)
    assert user.responses == [None]


def test_another_request_slows_down_to_four_seconds():
    transaction, out, user = make(st.CLIENT)
    assert times(transaction, out) == (
        [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500],
        32000,
    )
    assert user.responses == [None]


def test_a_provisional_response_stops_the_invite_and_slows_the_rest():
    transaction, _, _ = make(st.INVITE_CLIENT)
    transaction.receive(response(transaction.request, 100), 10)
    assert transaction.deadline() is None
    transaction, _, _ = make(st.CLIENT)
    transaction.receive(response(transaction.request, 100), 10)
    assert transaction.deadline() == 4010
    assert transaction.expires_at == 32000


def test_an_answer_is_repeated_until_its_ack():
    transaction, out, user = make(st.INVITE_SERVER)
    transaction.respond(response(transaction.request, 200, "t"), 0)
    for now in (500, 1500, 3500):
        assert transaction.deadline() == now
        transaction.tick(now)
    assert len(out) == 4
    transaction.handle(st.ACK, 3600)
    assert times(transaction, out) == ([], 8600)
    assert user.timeouts == 0
    transaction, out, user = make(st.INVITE_SERVER)
    transaction.respond(response(transaction.request, 486, "t"), 0)
    assert times(transaction, out)[1] == 32000
    assert user.timeouts == 1


def test_the_ack_for_a_failure_is_like_its_invite():
    transaction, out, _ = make(st.INVITE_CLIENT)
    transaction.receive(response(transaction.request, 486, "tag9"), 1)
    lines = str(out[-1][0], "utf-8").split("\r\n")
    assert lines[0] == "ACK sip:b@h SIP/2.0"
    for line in (
        "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
        "Route: <sip:p;lr>",
        "To: <sip:b@h>;tag=tag9",
        "CSeq: 5 ACK",
        "Call-ID: c",
    ):
        assert line in lines
    transaction.receive(response(transaction.request, 486, "tag9"), 2)
    assert out[-1] == out[-2]
