"""A registration at a registrar, kept alive (RFC 3261 section 10.2). `register` starts one on an agent."""

from testigo_wire.compat import const
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import MAX_FORWARDS, Message, SipError, address, number, parameters, split, uri

RETRY_MS = const(60000)
MARGIN = const(30)  # s before the end of a binding

# States
REGISTERING = "R"
REGISTERED = "F"
FAILED = "E"
ENDED = "T"


def register(agent, aor, target, credentials, now, expires=3600):
    """Register `aor` ("sip:user@domain") through `target`, (host, port). Events REGISTERED and UNREGISTERED follow."""
    registration = Registration(agent, aor, target, credentials, expires)
    registration.send(expires, now)
    agent.registrations.append(registration)
    return registration


class Registration:
    """One address of record at one registrar."""

    ending = False  # unlike a Call, this does not end while it answers a challenge

    def __init__(self, agent, aor, target, credentials, expires):
        self.agent = agent
        self.aor = aor
        self.target = target
        self.credentials = credentials
        self.expires = expires
        self.call_id = agent.token() + "@" + agent.host
        self.tag = agent.token()
        self.number = 0
        self.at = None
        self.transaction = None
        self.request = None
        self.state = REGISTERING

    def deadline(self):
        return self.at

    def tick(self, now):
        self.send(self.expires, now)

    def unregister(self, now):
        """Remove the binding and stop."""
        self.state = ENDED
        self.send(0, now)

    def send(self, expires, now):
        """Send a REGISTER for so many seconds."""
        _, _, host, port, _ = uri(self.aor)
        self.number += 1
        message = Message("REGISTER", "sip:%s:%d" % (host, port) if port else "sip:" + host)
        message.number = self.number
        message.call_id = self.call_id
        message.from_tag = self.tag
        message.add("max-forwards", str(MAX_FORWARDS))
        message.add("from", "<%s>;tag=%s" % (self.aor, self.tag))
        message.add("to", "<%s>" % self.aor)
        message.add("call-id", self.call_id)
        message.add("cseq", "%d REGISTER" % self.number)
        message.add("contact", self.agent.contact("<%s>" % self.aor))
        message.add("expires", str(expires))
        self.transaction = self.agent.send(message, self.target, self, now)
        self.at = None

    def on_response(self, transaction, message, now):
        if transaction is not self.transaction or (message and message.status < 200):
            return
        if self.state == ENDED:
            self._emit(sip_event.UNREGISTERED, message)
            self.agent.registrations.remove(self)
        elif message and message.status < 300:
            expires = self._granted(message)
            self._emit(sip_event.REGISTERED, message, expires)
            self.state = REGISTERED
            self.at = now + 1000 * max(expires - MARGIN, expires // 2)
        elif message and message.status == 423 and message.get("min-expires"):
            self.expires = number(message.get("min-expires"))
            self.send(self.expires, now)
        else:
            self._emit(sip_event.UNREGISTERED, message)
            self.state = FAILED
            self.at = now + RETRY_MS

    def _granted(self, message):
        # 10.2.4: of our Contact among those of the others, else the header's
        ours = self.agent.contact("<%s>" % self.aor)[1:-1].lower()
        expires = message.get("expires", str(self.expires))
        for value in message.all("contact"):
            if address(value)[1].split(";")[0].lower() == ours:
                expires = parameters(split(value, ";")[1:]).get("expires", expires)
        try:
            return max(number(expires), 2)
        except SipError:
            return self.expires

    def _emit(self, kind, message, expires=None):
        event = Event(kind, self, message.status if message else 408, message.reason if message else "")
        event.expires = expires
        self.agent.emit(event)
