"""A SIP user agent over UDP (RFC 3261, RFC 3581), without I/O: datagrams in, events out, and datagrams to send.

    agent = Agent(host, port, random)
    for event in agent.receive(datagram, source, now): ...
    for datagram, address in agent.datagrams(): ...

Call `tick` when `deadline` has come, and send `datagrams` after each call of any method, of a Call's too. Requests
outside of a call are answered without state, so that a flood of them holds no memory.
"""

from testigo_wire.compat import const
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.body import SDP, keep_sdp
from testigo_wire.sip.call import ALLOW, Call
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import (
    COOKIE,
    MAX_FORWARDS,
    REASONS,
    SIP_PORT,
    Message,
    SipError,
    address,
    number,
    response,
    split,
    uri,
    via,
)
from testigo_wire.sip.parser import parse
from testigo_wire.sip.timers import MIN_SE
from testigo_wire.sip.transaction import (
    ACK,
    CLIENT,
    COMPLETED,
    CONFIRMED,
    INVITE_CLIENT,
    INVITE_SERVER,
    REQUEST,
    SERVER,
    TERMINATED,
    Transaction,
    server_key,
)

MAX_TRANSACTIONS = const(40)
MAX_CHALLENGES = const(2)
EXTENSIONS = ("timer", "100rel")


class Agent:
    """One end, at one address: `host` and `port` stand in Via and Contact; `random(n)` gives n random bytes."""

    def __init__(self, host, port, random, user_agent="Testigo", max_calls=8):
        self.host = host
        self.port = port
        self.random = random
        self.user_agent = user_agent
        self.max_calls = max_calls
        self.registrar = None
        self.authenticator = None  # where set, an INVITE from a host that is not in `trusted` needs credentials
        self.trusted = ()
        self.source_filter = (
            None  # where set, an INVITE is refused, and holds no memory, if source_filter(source) is None
        )
        # Where set, an INVITE for which is_urgent(message, source) is true needs no credentials, passes the filter, and is
        # taken beyond every limit.
        self.is_urgent = None
        self.calls = []
        self.registrations = []
        self.transactions = {}
        self.out = []
        self.events = []
        self.tag = self.token()

    def receive(self, datagram, source, now):
        """Take a datagram from `source`, (host, port); returns its events."""
        message = None
        try:
            message = parse(datagram)
            if message.status:
                self._receive_response(message, now)
            else:
                self._receive_request(message, source, now)
        except SipError as error:
            message = message or error.message
            if message and not message.status and message.method != "ACK":
                self._answer_malformed(message, source, error)
        return self._take_events()

    def tick(self, now):
        """Run the timers that are due; returns their events, and those that actions of calls left."""
        for key in list(self.transactions):
            transaction = self.transactions[key]
            transaction.tick(now)
            if transaction.state == TERMINATED:
                del self.transactions[key]
        for one in self.calls + self.registrations:
            at = one.deadline()
            if at is not None and now >= at:
                one.tick(now)
        return self._take_events()

    def deadline(self):
        """When `tick` is due, in ms, or None."""
        if self.events:
            return 0
        earliest = None
        for group in (self.transactions.values(), self.calls, self.registrations):
            for one in group:
                at = one.deadline()
                if at is not None and (earliest is None or at < earliest):
                    earliest = at
        return earliest

    def datagrams(self):
        """[(bytes, (host, port))] to send, in order."""
        out = self.out[:]
        self.out.clear()  # not a new list: the transactions refer to this one
        return out

    def invite(self, to_uri, from_uri, body, target, now, credentials=None, headers=()):
        """Call `to_uri` through `target`, (host, port); a `body` of None leaves the offer to the peer."""
        message = Message("INVITE", to_uri)
        message.call_id = self.token() + "@" + self.host
        message.from_tag = self.token()
        message.number = 1
        message.add("max-forwards", str(MAX_FORWARDS))
        message.add("from", "<%s>;tag=%s" % (from_uri, message.from_tag))
        message.add("to", "<%s>" % to_uri)
        message.add("call-id", message.call_id)
        message.add("cseq", "1 INVITE")
        self.describe(message, message.get("from"))
        for name, value in headers:
            message.add(name.lower(), value)
        message.set_body(SDP, body)
        call = Call(self, message, target, True, credentials)
        self.calls.append(call)
        call.transaction = self.send(message, target, call, now)
        return call

    # For calls and registrations

    def token(self):
        return self.random(8).hex()

    def emit(self, event):
        self.events.append(event)

    def forget(self, call):
        if call in self.calls:
            self.calls.remove(call)

    def contact(self, value):
        """Our Contact, with the user part of a From or To value."""
        try:
            user = uri(address(value)[1])[1]
        except SipError:
            user = ""  # of an unknown scheme
        return "<sip:%s%s:%d>" % (user + "@" if user else "", self.host, self.port)

    def describe(self, message, local):
        """Add Contact and Allow, in a request or response that makes or refreshes a dialog."""
        message.add("contact", self.contact(local))
        message.add("allow", ALLOW)
        if message.status:
            message.add("supported", "timer, 100rel")  # as a caller we need neither

    def route(self, message):
        """Put our Via on top, with a new branch (8.1.1.7)."""
        message.branch = COOKIE + self.token()
        value = "SIP/2.0/UDP %s:%d;rport;branch=%s" % (self.host, self.port, message.branch)
        message.headers.insert(0, ("via", value))
        message.add("user-agent", self.user_agent)

    def send(self, message, target, user, now):
        """Send a request in a new transaction; `user` receives the responses and has the `credentials`, or is None."""
        if not message.branch:
            if user and user.credentials:
                user.credentials.authorize(message)
            self.route(message)
        kind = INVITE_CLIENT if message.method == "INVITE" else CLIENT
        transaction = Transaction(kind, message, target, self.out, user)
        self.transactions[(message.branch, message.method)] = transaction
        transaction.start(now)
        return transaction

    # Inside

    def _take_events(self):
        events = self.events
        self.events = []
        return events

    def _receive_response(self, message, now):
        transaction = self.transactions.get((message.branch, message.method))
        if transaction is None or len([1 for name, _ in message.headers if name == "via"]) != 1:
            return  # 17.1.3, 18.1.2
        user = transaction.user
        credentials = user.credentials if user else None
        if message.status in (401, 407) and credentials and transaction.state != COMPLETED and not user.ending:
            stale = "stale=true" in message.get("www-authenticate", message.get("proxy-authenticate", "")).lower()
            attempts = transaction.attempts + 1
            # The first challenge may be to a nonce of an earlier call.
            if attempts <= MAX_CHALLENGES + stale and credentials.take(message):
                transaction.user = None  # it ends here
                request = transaction.request
                transaction.receive(message, now)
                self._retry_with_credentials(transaction, request, user, attempts, now)
                return
        transaction.receive(message, now)

    def _retry_with_credentials(self, old, request, user, attempts, now):
        # 22.2: the same request with credentials, the next number and a new branch
        user.number += 1
        message = Message(request.method, request.uri)
        message.number = user.number
        message.call_id = request.call_id
        message.from_tag = request.from_tag
        message.body = request.body
        for name, value in request.headers:
            if name == "cseq":
                value = "%d %s" % (user.number, request.method)
            if name not in ("via", "user-agent"):
                message.add(name, value)
        transaction = self.send(message, old.address, user, now)
        transaction.attempts = attempts
        if user.transaction is old:
            user.transaction = transaction
            user.request = message
        elif getattr(user, "offering", None) is old:
            user.offering = transaction

    def _receive_request(self, message, source, now):
        target = _complete_via(message, source)
        method = message.method
        if method == "ACK":
            transaction = self.transactions.get(server_key(message, "INVITE"))
            if transaction and transaction.state in (COMPLETED, CONFIRMED):
                transaction.handle(ACK, now)
            else:
                call = self._find_call(message)
                if call:
                    call.acknowledged(message, now)
            return
        key = server_key(message)
        transaction = self.transactions.get(key)
        if transaction:
            transaction.handle(REQUEST, now)
            return
        if method == "CANCEL":
            transaction = self.transactions.get(server_key(message, "INVITE"))
            if transaction is None:
                raise SipError("no such transaction", 481)
            self._reply(response(message, 200, self.tag), target)
            if transaction.user:
                transaction.user.cancelled(now)
            return
        urgent = method == "INVITE" and not message.to_tag and self.is_urgent and self.is_urgent(message, source)
        if not urgent:
            if not message.to_tag:
                uri(message.uri)  # raises 416
            for tag in message.all("require"):
                if tag.lower() not in EXTENSIONS:
                    raise SipError("bad extension", 420)
        if message.to_tag:
            call = self._find_call(message)
            if call is None:
                raise SipError("no such call", 481)
            self._make_room()
            transaction = self._open_server_transaction(message, key, target, None, now)
            try:
                call.receive(transaction, message, now)
            except SipError as error:
                transaction.respond(_error_response(message, error, self.tag), now)
        elif method == "INVITE":
            self._receive_invite(message, source, key, target, urgent, now)
        elif method == "OPTIONS":
            answer = response(message, 200, self.tag)
            self.describe(answer, message.get("to"))
            answer.add("accept", SDP)
            self._reply(answer, target)
        elif method == "REGISTER" and self.registrar:
            answer, event = self.registrar.receive(message, source, self.tag, now)
            self._reply(answer, target)
            if event:
                self.emit(event)
        else:
            raise SipError("method not allowed", 405)

    def _receive_invite(self, message, source, key, target, urgent, now):
        for call in self.calls:
            if call.call_id == message.call_id and not call.outgoing and call.dialog.remote_tag == message.from_tag:
                raise SipError("merged request", 482)
        if not urgent and self.authenticator and source[0] not in self.trusted:
            user, stale = self.authenticator.check(message, now)
            if not user:
                answer = response(message, 401, self.tag)
                for value in self.authenticator.challenges(now, stale):
                    answer.add("www-authenticate", value)
                self._reply(answer, target)
                return
        if not urgent and self.source_filter and self.source_filter(source) is None:
            raise SipError("unknown source", 403)
        keep_sdp(message)
        if message.has("supported", "timer") and message.get("session-expires"):
            if number(message.get("session-expires").split(";")[0].strip()) < MIN_SE:
                raise SipError("interval too small", 422)
        if (not self._make_room() or len(self.calls) >= self.max_calls) and not urgent:
            raise SipError("busy", 503)
        call = Call(self, message, source, False)
        call.urgent = urgent
        call.transaction = self._open_server_transaction(message, key, target, call, now)
        self.calls.append(call)
        call.transaction.respond(response(message, 100), now)
        self.emit(Event(sip_event.INCOMING, call, body=call.body_received, message=message))

    def _make_room(self):
        """Whether another transaction may be opened. Keys by INFO leave many completed ones, which only wait for a repeated
        request: where there are too many, the older half of them is removed."""
        transactions = self.transactions
        if len(transactions) >= MAX_TRANSACTIONS:
            done = [
                (one.expires_at, key) for key, one in transactions.items() if one.kind + one.state == SERVER + COMPLETED
            ]
            done.sort(key=lambda pair: pair[0])
            for _, key in done[: len(done) // 2]:
                del transactions[key]
        return len(transactions) < MAX_TRANSACTIONS

    def _open_server_transaction(self, message, key, target, user, now):
        kind = INVITE_SERVER if message.method == "INVITE" else SERVER
        transaction = Transaction(kind, message, target, self.out, user)
        self.transactions[key] = transaction
        transaction.start(now)
        return transaction

    def _find_call(self, message):
        for call in self.calls:
            if call.call_id == message.call_id and call.tag == message.to_tag:
                if call.dialog and call.dialog.remote_tag == message.from_tag:
                    return call
        return None

    def _answer_malformed(self, message, source, error):
        # Only where the request has what a response needs (8.2.6)
        for name in ("via", "from", "to", "call-id", "cseq"):
            if not message.get(name):
                return
        try:
            target = _complete_via(message, source)
        except SipError:
            return
        self._reply(_error_response(message, error, self.tag), target)

    def _reply(self, message, target):
        self.out.append((message.encode(), target))


def _complete_via(message, source):
    """Add to the top Via where a request came from (18.2.1, RFC 3581); returns where its responses go (18.2.2)."""
    value = message.get("via")
    values = split(value, ",")
    parts = split(values[0], ";")
    _, host, port, given = via(values[0])
    kept = [part for part in parts if part.split("=")[0].strip().lower() not in ("received", "rport")]
    kept.append("received=" + source[0])
    if "rport" in given:
        port = source[1]
        kept.append("rport=%d" % port)
    values[0] = ";".join(kept)
    for i in range(len(message.headers)):
        if message.headers[i][0] == "via":
            message.headers[i] = ("via", ", ".join(values))
            break
    return source[0], port or SIP_PORT


def _error_response(message, error, tag):
    status = error.status
    answer = response(message, status, tag, REASONS.get(status, error.reason))
    if status == 405:
        answer.add("allow", ALLOW)
    elif status == 415:
        answer.add("accept", SDP)
    elif status == 420:
        for value in message.all("require"):
            if value.lower() not in EXTENSIONS:
                answer.add("unsupported", value)
    elif status == 422:
        answer.add("min-se", str(MIN_SE))
    elif status in (500, 503):
        answer.add("retry-after", "5")
    return answer
