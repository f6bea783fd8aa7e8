"""SIP transactions over UDP (RFC 3261 section 17, with the Accepted state of RFC 6026).

One class for the four machines, driven by one table. What differs from the text: the retransmission of a 2xx until its
ACK (13.3.1.4) belongs to the UAS core there; here the INVITE server transaction does it in its Accepted state, since it
holds the response and the timer anyway. The ACK for a 2xx is the dialog's, and it tells the transaction.
"""

from testigo_wire.compat import const
from testigo_wire.sip.message import COOKIE, Message

T1 = const(500)
T2 = const(4000)
T4 = const(5000)
TIMEOUT = const(32000)  # 64 * T1: timers B, F, H, J, L, M; also D

# Kinds
INVITE_CLIENT = const(0x100)
CLIENT = const(0x200)
INVITE_SERVER = const(0x300)
SERVER = const(0x400)

# States
CALLING = const(1)
TRYING = const(2)
PROCEEDING = const(3)
COMPLETED = const(4)
ACCEPTED = const(5)
CONFIRMED = const(6)
TERMINATED = const(7)

# Inputs. For a client the first three are what came, for a server what is to be sent.
PROVISIONAL = const(0)
SUCCESS = const(1)
FAILURE = const(2)
RETRANSMIT = const(3)  # timers A, E, G
EXPIRE = const(4)  # timers B, D, F, H, I, J, K, L, M
REQUEST = const(5)  # the same request again
ACK = const(6)

# Actions
PASS_UP = const(0x10)  # give the response to the user
ACK_AND_PASS_UP = const(0x20)
REPEAT = const(0x30)  # send the last message again; at a client that has sent its ACK, the ACK
SEND = const(0x40)
TIME_OUT = const(0x50)  # tell the user that nothing came
NEXT_STATE = const(0x0F)  # the part of a cell that is not the action

# In each state of each kind, what an input leads to: the next state, with an action or without. Inputs that are not
# listed are ignored.
TABLE = {
    INVITE_CLIENT + CALLING: {
        PROVISIONAL: PROCEEDING + PASS_UP,
        SUCCESS: ACCEPTED + PASS_UP,
        FAILURE: COMPLETED + ACK_AND_PASS_UP,
        RETRANSMIT: CALLING + REPEAT,
        EXPIRE: TERMINATED + TIME_OUT,
    },
    INVITE_CLIENT + PROCEEDING: {
        PROVISIONAL: PROCEEDING + PASS_UP,
        SUCCESS: ACCEPTED + PASS_UP,
        FAILURE: COMPLETED + ACK_AND_PASS_UP,
        EXPIRE: TERMINATED + TIME_OUT,
    },
    INVITE_CLIENT + COMPLETED: {FAILURE: COMPLETED + REPEAT, EXPIRE: TERMINATED},
    INVITE_CLIENT + ACCEPTED: {SUCCESS: ACCEPTED + PASS_UP, EXPIRE: TERMINATED},
    CLIENT + TRYING: {
        PROVISIONAL: PROCEEDING + PASS_UP,
        SUCCESS: COMPLETED + PASS_UP,
        FAILURE: COMPLETED + PASS_UP,
        RETRANSMIT: TRYING + REPEAT,
        EXPIRE: TERMINATED + TIME_OUT,
    },
    CLIENT + PROCEEDING: {
        PROVISIONAL: PROCEEDING + PASS_UP,
        SUCCESS: COMPLETED + PASS_UP,
        FAILURE: COMPLETED + PASS_UP,
        RETRANSMIT: PROCEEDING + REPEAT,
        EXPIRE: TERMINATED + TIME_OUT,
    },
    CLIENT + COMPLETED: {EXPIRE: TERMINATED},
    INVITE_SERVER + PROCEEDING: {
        PROVISIONAL: PROCEEDING + SEND,
        SUCCESS: ACCEPTED + SEND,
        FAILURE: COMPLETED + SEND,
        REQUEST: PROCEEDING + REPEAT,
    },
    INVITE_SERVER + COMPLETED: {
        RETRANSMIT: COMPLETED + REPEAT,
        EXPIRE: TERMINATED + TIME_OUT,
        REQUEST: COMPLETED + REPEAT,
        ACK: CONFIRMED,
    },
    INVITE_SERVER + CONFIRMED: {EXPIRE: TERMINATED},
    INVITE_SERVER + ACCEPTED: {
        SUCCESS: ACCEPTED + SEND,
        RETRANSMIT: ACCEPTED + REPEAT,
        EXPIRE: TERMINATED + TIME_OUT,
        REQUEST: ACCEPTED + REPEAT,
        ACK: CONFIRMED,
    },
    SERVER + TRYING: {
        PROVISIONAL: PROCEEDING + SEND,
        SUCCESS: COMPLETED + SEND,
        FAILURE: COMPLETED + SEND,
    },
    SERVER + PROCEEDING: {
        PROVISIONAL: PROCEEDING + SEND,
        SUCCESS: COMPLETED + SEND,
        FAILURE: COMPLETED + SEND,
        REQUEST: PROCEEDING + REPEAT,
    },
    SERVER + COMPLETED: {EXPIRE: TERMINATED, REQUEST: COMPLETED + REPEAT},
}
# (first retransmission, expiry) in ms on entering a state; 0 none, -1 goes on as it was
TIMERS = {
    INVITE_CLIENT + CALLING: (T1, TIMEOUT),
    INVITE_CLIENT + COMPLETED: (0, TIMEOUT),
    INVITE_CLIENT + ACCEPTED: (0, TIMEOUT),
    CLIENT + TRYING: (T1, TIMEOUT),
    CLIENT + PROCEEDING: (T2, -1),
    CLIENT + COMPLETED: (0, T4),
    INVITE_SERVER + COMPLETED: (T1, TIMEOUT),
    INVITE_SERVER + ACCEPTED: (T1, TIMEOUT),
    INVITE_SERVER + CONFIRMED: (0, T4),
    SERVER + COMPLETED: (0, TIMEOUT),
}
NO_TIMERS = (0, 0)


class Transaction:
    """One transaction; `user` gets `on_response(transaction, message or None, now)` or, at a server, `on_timeout`."""

    __slots__ = (
        "kind",
        "state",
        "request",
        "address",
        "datagram",
        "user",
        "out",
        "interval",
        "retransmit_at",
        "expires_at",
        "attempts",
    )

    def __init__(self, kind, request, address, out, user=None):
        self.kind = kind
        self.request = request
        self.address = address
        self.out = out
        self.user = user
        self.datagram = None  # what was sent last, (bytes, address)
        self.attempts = 0
        self.state = self.interval = self.retransmit_at = self.expires_at = 0

    def prepare(self):
        """Make what `start` sends: it allocates nothing itself."""
        if self.kind in (INVITE_CLIENT, CLIENT):
            self.datagram = (self.request.encode(), self.address)

    def start(self, now):
        """Send the request (client) or begin to hold it (server)."""
        if self.kind in (INVITE_CLIENT, CLIENT):
            self._enter(CALLING if self.kind == INVITE_CLIENT else TRYING, now)
            self.out.append(self.datagram)
        else:
            self._enter(PROCEEDING if self.kind == INVITE_SERVER else TRYING, now)

    def respond(self, message, now):
        """Send a response (server); whether the state allowed it."""
        return self.handle(_input_of(message.status), now, message)

    def receive(self, message, now):
        """A response that matched (client)."""
        return self.handle(_input_of(message.status), now, message)

    def handle(self, event, now, message=None):
        """Take one input; whether the table has an entry for it. Without memory for it the transaction stays as it was, and
        the MemoryError travels: the peer repeats its message, and a timer is due again."""
        row = TABLE.get(self.kind + self.state)
        if row is None or event not in row:
            return False
        cell = row[event]
        following = cell & NEXT_STATE
        action = cell - following
        datagram = self.datagram
        if action == SEND:
            datagram = (message.encode(), self.address)
        elif action == ACK_AND_PASS_UP:
            datagram = (acknowledgement(self.request, message).encode(), self.address)
        state, interval = self.state, self.interval
        retransmit_at, expires_at = self.retransmit_at, self.expires_at
        if following != state:
            self._enter(following, now)
        try:
            self._tell_user(action, message, now)
        except MemoryError:
            self.state, self.interval = state, interval
            self.retransmit_at, self.expires_at = retransmit_at, expires_at
            raise
        self.datagram = datagram
        if datagram and action in (SEND, ACK_AND_PASS_UP, REPEAT):
            self.out.append(datagram)
        if self.state == COMPLETED and self.kind in (CLIENT, SERVER):
            self.request = None  # only the bytes are needed from here on, for seconds
        elif self.state == ACCEPTED and self.kind == INVITE_CLIENT:
            self.datagram = None  # it is answered, and its response may come again for half a minute
        return True

    def _tell_user(self, action, message, now):
        user = self.user
        if user is None:
            return
        if action in (PASS_UP, ACK_AND_PASS_UP):
            user.on_response(self, message, now)
        elif action == TIME_OUT:
            if self.kind in (INVITE_CLIENT, CLIENT):
                user.on_response(self, None, now)
            else:
                user.on_timeout(self, now)

    def deadline(self):
        """When `tick` is due, or None."""
        if self.retransmit_at and self.expires_at:
            return min(self.retransmit_at, self.expires_at)
        return self.retransmit_at or self.expires_at or None

    def tick(self, now):
        if self.expires_at and now >= self.expires_at:
            if not self.handle(EXPIRE, now):
                self.expires_at = self.retransmit_at = 0
        elif self.retransmit_at and now >= self.retransmit_at:
            interval = self.interval * 2
            if self.kind != INVITE_CLIENT and interval > T2:
                interval = T2
            self.interval = interval
            self.retransmit_at = now + interval
            self.handle(RETRANSMIT, now)

    def _enter(self, state, now):
        self.state = state
        self.interval, expiry = TIMERS.get(self.kind + state, NO_TIMERS)
        self.retransmit_at = now + self.interval if self.interval else 0
        if expiry >= 0:
            self.expires_at = now + expiry if expiry else 0


def _input_of(status):
    return PROVISIONAL if status < 200 else SUCCESS if status < 300 else FAILURE


def server_key(message, method=None):
    """What a request is matched by (17.2.3); an ACK and a CANCEL look for the INVITE."""
    method = method or message.method
    if message.branch.startswith(COOKIE):
        return message.branch, message.sent_by, method
    # RFC 2543: no unique branch
    return message.get("via"), message.call_id, message.from_tag, message.number, method


def acknowledgement(request, failure):
    """The ACK for a response other than 2xx (17.1.1.3)."""
    message = _request_like("ACK", request)
    message.set("to", failure.get("to"))
    return message


def cancellation(request):
    """The CANCEL for a request (9.1)."""
    return _request_like("CANCEL", request)


def _request_like(method, request):
    message = Message(method, request.uri)
    for name, value in request.headers:
        if name in ("via", "route", "max-forwards", "from", "to", "call-id"):
            message.add(name, value)
    message.add("cseq", "%d %s" % (request.number, method))
    message.branch = request.branch
    return message
