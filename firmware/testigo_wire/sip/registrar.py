"""A small registrar, so that phones can register at the appliance (RFC 3261 section 10.3): one binding for each user,
whose name and password are known. An agent that has one as `registrar` answers REGISTER with it.
"""

from testigo_wire.compat import const
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.authenticator import Authenticator
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import SipError, address, number, response, uri

MIN_EXPIRES = const(60)
MAX_EXPIRES = const(3600)


class Registrar:
    """Bindings of users, `{name: password}`."""

    def __init__(self, realm, users, random, algorithms=("MD5",)):
        self.users = users
        self.authenticator = Authenticator(realm, users, random, algorithms)
        self.bindings = {}  # user: (contact URI, source, expires at, call-id, cseq)

    def lookup(self, user, now):
        """(contact URI, (host, port) it registered from) of a user, or None."""
        binding = self.bindings.get(user)
        return binding[:2] if binding and binding[2] > now else None

    def receive(self, request, source, tag, now):
        """(response, event or None) for a REGISTER."""
        user, stale = self.authenticator.check(request, source, now)
        if not user:
            answer = response(request, 401, tag)
            for value in self.authenticator.challenges(now, stale):
                answer.add("www-authenticate", value)
            return answer, None
        if uri(address(request.get("to"))[1])[1] != user:
            return response(request, 403, tag), None
        contacts = request.all("contact")
        if len(contacts) > 1:
            raise SipError("one contact only")
        old = binding = self.bindings.get(user)
        event = None
        if contacts:
            if old and old[3] == request.call_id and old[4] >= request.number:
                raise SipError("cseq out of order", 500)
            expires = _wanted(contacts[0], request)
            if 0 < expires < MIN_EXPIRES and contacts[0] != "*":
                answer = response(request, 423, tag)
                answer.add("min-expires", str(MIN_EXPIRES))
                return answer, None
            binding = _changed(old, contacts[0], expires, request, source, now)
            event = Event(sip_event.BINDING, reason=user)
            event.expires = expires
        answer = response(request, 200, tag)
        if binding and binding[2] > now:
            answer.add("contact", "<%s>;expires=%d" % (binding[0], (binding[2] - now) // 1000))
        if binding:
            self.bindings[user] = binding
        elif old:
            del self.bindings[user]
        return answer, event


def _changed(old, contact, expires, request, source, now):
    """The binding that a Contact value leads to, or None (10.3 step 7)."""
    if contact == "*":
        if expires:
            raise SipError("expires not 0")
        return None
    target = address(contact)[1]
    uri(target)
    if expires:
        return (target, source, now + expires * 1000, request.call_id, request.number)
    return None if old and old[0] == target else old


def _wanted(contact, request):
    # 10.3 step 7: the parameter, else the header, else our default; longer is cut
    text = None
    if contact != "*":
        text = address(contact)[2].get("expires")
    text = text or request.get("expires")
    return min(number(text), MAX_EXPIRES) if text else MAX_EXPIRES
