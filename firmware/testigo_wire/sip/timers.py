"""Two timers of a call that few peers use: the refresh of a session (RFC 4028, for a caller that requests it) and the
reliable provisional response (RFC 3262, for a caller that requires it)."""

from testigo_wire.compat import const
from testigo_wire.sip.message import number
from testigo_wire.sip.transaction import T1, T2, TIMEOUT

MIN_SE = const(90)  # s, RFC 4028 section 5


class SessionTimer:
    """When a session has to be refreshed by us or has run out (`at`, ms; 0 never)."""

    __slots__ = ("interval", "refresher", "at")

    def __init__(self):
        self.interval = self.at = 0
        self.refresher = False

    def agree(self, request, message, now):
        """Answer a request's Session-Expires in the 2xx: the caller refreshes, unless it named us (section 9)."""
        value = request.get("session-expires")
        if not value or not request.has("supported", "timer"):
            return
        parts = value.lower().split(";")
        seconds = max(number(parts[0].strip()), MIN_SE)
        self.interval = seconds * 1000
        self.refresher = "refresher=uas" in [part.strip() for part in parts]
        self.at = now + (self.interval // 2 if self.refresher else self.interval)
        message.add("session-expires", "%d;refresher=%s" % (seconds, "uas" if self.refresher else "uac"))
        message.add("require", "timer")


class ReliableResponse:
    """A provisional response that is repeated until its PRACK (RFC 3262 section 3)."""

    __slots__ = ("sequence", "data", "interval", "at", "last")

    def __init__(self, message, sequence, now):
        message.add("require", "100rel")
        message.add("rseq", str(sequence))
        self.sequence = sequence
        self.data = message.encode()
        self.interval = T1
        self.at = now + T1
        self.last = now + TIMEOUT

    def retransmit(self, now):
        """The bytes to send again, or None after 64 * T1."""
        self.interval = min(self.interval * 2, T2)
        self.at = now + self.interval
        return self.data if now < self.last else None

    def acknowledged(self, rack):
        """Whether a RAck value means this response: response-num LWS CSeq-num LWS Method, section 7.2."""
        parts = rack.split()
        return len(parts) == 3 and number(parts[0]) == self.sequence
