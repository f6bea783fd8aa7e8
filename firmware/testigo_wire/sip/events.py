"""The events that a SIP agent gives the application: one class, a kind, and the fields that the kind has."""

from testigo_wire.compat import const

INCOMING = const(1)  # call, body (offer or None), message: an INVITE came
PROGRESS = const(2)  # call, status, body: a provisional response came
ANSWERED = const(3)  # call, status, body: a 2xx came
CONFIRMED = const(4)  # call, body: the ACK for our 2xx came
OFFER = const(5)  # call, body (None asks for an offer), message: to be answered by accept() or refuse()
ACCEPTED = const(6)  # call, body: our offer in a call was taken
REFUSED = const(7)  # call, status, reason: our offer in a call was not
KEY = const(8)  # call, digit, duration (ms): by INFO
ENDED = const(9)  # call, status, reason, local: once for every call
REGISTERED = const(10)  # call (the Registration), expires (s)
UNREGISTERED = const(11)  # call (the Registration), status, reason
BINDING = const(12)  # reason (the user), expires (s, 0 gone): at our registrar
UPDATED = const(
    13
)  # call, message: an UPDATE without a description: the name and number of the peer changed (RFC 4916)


class Event:
    """One event; fields that its kind does not have are None."""

    __slots__ = ("kind", "call", "status", "reason", "body", "message", "digit", "duration", "expires", "local")

    def __init__(self, kind, call=None, status=None, reason=None, body=None, message=None):
        self.kind = kind
        self.call = call
        self.status = status
        self.reason = reason
        self.body = body
        self.message = message
        self.digit = self.duration = self.expires = self.local = None
