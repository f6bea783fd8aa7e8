"""SIP dialogs (RFC 3261 section 12): the identifiers, the route set and the target, and requests built from them."""

from testigo_wire.sip.message import MAX_FORWARDS, SIP_PORT, Message, SipError, address, uri


class Dialog:
    """One dialog. The local CSeq is kept by the call, since one INVITE may make several dialogs."""

    __slots__ = ("call_id", "local", "remote", "local_tag", "remote_tag", "target", "route", "remote_number")

    def __init__(self, message, tag="", default=""):
        """From an INVITE that came, with our tag (12.1.1), or from a response to ours (12.1.2). Some peers leave out its
        Contact or write it wrongly; the target is `default` then."""
        self.call_id = message.call_id
        try:
            self.target = target_of(message)
        except SipError:
            if not default:
                raise
            self.target = default
        if message.status:
            self.local = message.get("from")
            self.remote = message.get("to")
            self.local_tag = message.from_tag
            self.remote_tag = message.to_tag
            self.remote_number = -1
        else:
            self.local = message.get("to") + ";tag=" + tag
            self.remote = message.get("from")
            self.local_tag = tag
            self.remote_tag = message.from_tag
            self.remote_number = message.number
        self.route = message.all("record-route")
        for value in self.route:
            uri(address(value)[1])
        if message.status:
            self.route.reverse()

    def request(self, method, number):
        """A request within the dialog (12.2.1.1), still without Via."""
        target = self.target
        route = self.route
        if route:
            first = address(route[0])[1]
            if "lr" not in uri(first)[4]:
                # A strict router of RFC 2543: it expects itself in the Request-URI.
                route = route[1:] + ["<" + target + ">"]
                target = first
        message = Message(method, target)
        for value in route:
            message.add("route", value)
        message.add("max-forwards", str(MAX_FORWARDS))
        message.add("from", self.local)
        message.add("to", self.remote)
        message.add("call-id", self.call_id)
        message.add("cseq", "%d %s" % (number, method))
        message.number = number
        message.call_id = self.call_id
        return message

    def next_hop(self, default):
        """(host, port) that requests go to: the first route or the target where that is a numeric address, else the
        address that the call came from or was sent to, since looking up names is not done here."""
        first = address(self.route[0])[1] if self.route else self.target
        _, _, host, port, _ = uri(first)
        return (host, port or SIP_PORT) if is_numeric(host) else default

    def accept(self, request):
        """Check the order of a request of the peer (12.2.2) and refresh the target (12.2.1.2)."""
        if request.number <= self.remote_number:
            raise SipError("cseq out of order", 500)
        self.remote_number = request.number
        if request.method in ("INVITE", "UPDATE"):
            self.refresh(request)

    def refresh(self, message):
        if message.get("contact"):
            self.target = target_of(message)


def target_of(message):
    """The URI of the Contact (12.1.1)."""
    contacts = message.all("contact")
    if len(contacts) != 1:
        raise SipError("needs one contact")
    target = address(contacts[0])[1]
    uri(target)
    return target


def is_numeric(host):
    """Whether a host is an IPv4 address."""
    parts = host.split(".")
    return len(parts) == 4 and all([part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts])
