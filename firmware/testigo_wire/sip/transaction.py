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
INVITE_CLIENT = "I"
CLIENT = "N"
INVITE_SERVER = "i"
SERVER = "n"

# States
CALLING = "C"
TRYING = "T"
PROCEEDING = "P"
COMPLETED = "K"
ACCEPTED = "A"
CONFIRMED = "F"
TERMINATED = "X"

# Inputs, the columns of the table. For a client the first three are what came, for a server what is to be sent.
PROVISIONAL = const(0)
SUCCESS = const(1)
FAILURE = const(2)
RETRANSMIT = const(3)  # timers A, E, G
EXPIRE = const(4)  # timers B, D, F, H, I, J, K, L, M
REQUEST = const(5)  # the same request again
ACK = const(6)

# kind + state: a cell is the next state and an action, or ".." where the input is ignored. Actions: u pass up,
# f send ACK and pass up, a send ACK again, r send the last message again, s send, t tell the user of the time-out.
TABLE = {
    #      1xx 2xx err rtx exp req ack
    "IC": "Pu Au Kf Cr Xt .. ..",
    "IP": "Pu Au Kf .. Xt .. ..",
    "IK": ".. .. Ka .. X. .. ..",
    "IA": ".. Au .. .. X. .. ..",
    "NT": "Pu Ku Ku Tr Xt .. ..",
    "NP": "Pu Ku Ku Pr Xt .. ..",
    "NK": ".. .. .. .. X. .. ..",
    "iP": "Ps As Ks .. .. Pr ..",
    "iK": ".. .. .. Kr Xt Kr F.",
    "iF": ".. .. .. .. X. .. ..",
    "iA": ".. As .. Ar Xt Ar F.",
    "nT": "Ps Ks Ks .. .. .. ..",
    "nP": "Ps Ks Ks .. .. Pr ..",
    "nK": ".. .. .. .. X. Kr ..",
}
# kind + state: (first retransmission, expiry) in ms on entering it; 0 none, -1 goes on as it was
TIMERS = {
    "IC": (T1, TIMEOUT),
    "IK": (0, TIMEOUT),
    "IA": (0, TIMEOUT),
    "NT": (T1, TIMEOUT),
    "NP": (T2, -1),
    "NK": (0, T4),
    "iK": (T1, TIMEOUT),
    "iA": (T1, TIMEOUT),
    "iF": (0, T4),
    "nK": (0, TIMEOUT),
}
NO_TIMERS = (0, 0)


class Transaction:
    """One transaction; `user` gets `on_response(transaction, message or None, now)` or, at a server, `on_timeout`."""

    __slots__ = (
        "kind",
        "state",
        "request",
        "address",
        "data",
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
        self.data = None
        self.attempts = 0
        self.state = ""

    def start(self, now):
        """Send the request (client) or begin to hold it (server)."""
        if self.kind in (INVITE_CLIENT, CLIENT):
            self.data = self.request.encode()
            self._send()
            self._enter(CALLING if self.kind == INVITE_CLIENT else TRYING, now)
        else:
            self._enter(PROCEEDING if self.kind == INVITE_SERVER else TRYING, now)

    def respond(self, message, now):
        """Send a response (server); whether the state allowed it."""
        return self.step(_column(message.status), now, message)

    def receive(self, message, now):
        """A response that matched (client)."""
        return self.step(_column(message.status), now, message)

    def step(self, column, now, message=None):
        """Take one input; whether the table had an entry for it."""
        row = TABLE.get(self.kind + self.state, "")
        state = row[3 * column : 3 * column + 1]
        action = row[3 * column + 1 : 3 * column + 2]
        if state in (".", ""):
            return False
        if action == "s":
            self.data = message.encode()
        elif action == "f":
            self.data = acknowledgement(self.request, message).encode()
        if state != self.state:
            self._enter(state, now)
        if action in ("s", "f", "a", "r"):
            self._send()
        if action in ("u", "f"):
            if self.user:
                self.user.on_response(self, message, now)
        elif action == "t" and self.user:
            if self.kind in (INVITE_CLIENT, CLIENT):
                self.user.on_response(self, None, now)
            else:
                self.user.on_timeout(self, now)
        if self.state == COMPLETED and self.kind in (CLIENT, SERVER):
            self.request = None  # only the bytes are needed from here on, for seconds
        return True

    def deadline(self):
        """When `tick` is due, or None."""
        if self.retransmit_at and self.expires_at:
            return min(self.retransmit_at, self.expires_at)
        return self.retransmit_at or self.expires_at or None

    def tick(self, now):
        if self.expires_at and now >= self.expires_at:
            self.expires_at = self.retransmit_at = 0
            self.step(EXPIRE, now)
        elif self.retransmit_at and now >= self.retransmit_at:
            interval = self.interval * 2
            if self.kind != INVITE_CLIENT and interval > T2:
                interval = T2
            self.interval = interval
            self.retransmit_at = now + interval
            self.step(RETRANSMIT, now)

    def _enter(self, state, now):
        self.state = state
        self.interval, expiry = TIMERS.get(self.kind + state, NO_TIMERS)
        self.retransmit_at = now + self.interval if self.interval else 0
        if expiry >= 0:
            self.expires_at = now + expiry if expiry else 0

    def _send(self):
        if self.data:
            self.out.append((self.data, self.address))


def _column(status):
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
    message = _alike("ACK", request)
    message.set("to", failure.get("to"))
    return message


def cancellation(request):
    """The CANCEL for a request (9.1)."""
    return _alike("CANCEL", request)


def _alike(method, request):
    message = Message(method, request.uri)
    for name, value in request.headers:
        if name in ("via", "route", "max-forwards", "from", "to", "call-id"):
            message.add(name, value)
    message.add("cseq", "%d %s" % (request.number, method))
    message.branch = request.branch
    return message
