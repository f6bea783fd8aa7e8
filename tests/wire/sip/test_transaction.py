"""Transactions: every cell of the table, and the times of the timers (RFC 3261 section 17, RFC 6026)."""

from testigo_wire.sip import transaction as st
from testigo_wire.sip.message import Message, response

STATES = {
    st.INVITE_CLIENT: st.CALLING + st.PROCEEDING + st.COMPLETED + st.ACCEPTED + st.TERMINATED,
    st.CLIENT: st.TRYING + st.PROCEEDING + st.COMPLETED + st.TERMINATED,
    st.INVITE_SERVER: st.PROCEEDING + st.COMPLETED + st.CONFIRMED + st.ACCEPTED + st.TERMINATED,
    st.SERVER: st.TRYING + st.PROCEEDING + st.COMPLETED + st.TERMINATED,
}


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
    transaction.start(now)
    return transaction, out, user


def test_the_table_has_only_known_states_and_actions():
    for key in st.TABLE:
        kind, state = key[0], key[1]
        assert state in STATES[kind]
        cells = st.TABLE[key].split()
        assert len(cells) == 7
        for cell in cells:
            assert cell == ".." or (cell[0] in STATES[kind] and cell[1] in ".ufarst"), (key, cell)
    for kind in STATES:
        for state in STATES[kind]:
            assert (kind + state in st.TABLE) == (state != st.TERMINATED)


def test_every_cell_does_what_it_says():
    for key in st.TABLE:
        for column, cell in enumerate(st.TABLE[key].split()):
            transaction, out, user = make(key[0])
            transaction.state = key[1]
            transaction.data = b"SIP/2.0 200 OK"
            del out[:]
            message = response(transaction.request, (180, 200, 486)[column], "t") if column < 3 else None
            took = transaction.step(column, 0, message)
            assert took == (cell != "..")
            assert transaction.state == (key[1] if cell == ".." else cell[0]), (key, column)
            assert len(out) == (cell[1] in "farsF")
            assert (user.responses != []) == (cell[1] in "uf" or (cell[1] == "t" and key[0] in "IN"))
            assert user.timeouts == (cell[1] == "t" and key[0] in "in")


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
    transaction.step(st.ACK, 3600)
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
