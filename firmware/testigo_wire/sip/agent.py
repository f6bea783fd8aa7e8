"""A SIP user agent over UDP (RFC 3261, RFC 3581), without I/O: datagrams in, events out, and datagrams to send.

    agent = Agent(host, port, random)
    for event in agent.receive(datagram, source, now): ...
    for datagram, address in agent.datagrams(): ...

Call `tick` when `deadline` has come, and send `datagrams` after each call of any method, of a Call's too. Requests
outside of a call are answered without state, so that a flood of them holds no memory.
"""

from testigo_wire.compat import const
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import refusals
from testigo_wire.sip.body import SDP, keep_sdp
from testigo_wire.sip.call import Call
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import (
    ALLOW,
    COOKIE,
    EXTENSIONS,
    MAX_FORWARDS,
    Message,
    SipError,
    address,
    complete_via,
    number,
    response,
    uri,
)
from testigo_wire.sip.parser import parse
from testigo_wire.sip.queue import Queue
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

MIN_TRANSACTIONS = const(40)
TRANSACTIONS_PER_CALL = const(4)  # INVITE, BYE, and two requests in between, each held for half a minute
MAX_CHALLENGES = const(2)
# Transactions that only wait for a repeated message, which seldom comes.
DONE = (SERVER + COMPLETED, CLIENT + COMPLETED, INVITE_SERVER + CONFIRMED, INVITE_CLIENT + COMPLETED)


class Agent:
    """One end, at one address: `host` and `port` stand in Via and Contact; `random(n)` gives n random bytes."""

    def __init__(self, host, port, random, user_agent="Testigo", max_calls=8):
        self.host = host
        self.port = port
        self.random = random
        self.user_agent = user_agent
        self.registrar = None
        self.authenticator = None  # where set, an INVITE from a host that is not in `trusted` needs credentials
        self.trusted = ()
        # where set: gate(message, source) -> 0, or the status with which an INVITE is refused, which holds no memory
        self.gate = None
        # Where set, an INVITE for which is_urgent(message, source) is true needs no credentials, passes the gate, and is
        # taken beyond every limit.
        self.is_urgent = None
        self.calls = []
        self.registrations = []
        self.transactions = {}
        self.out = Queue(0)
        self.events = Queue(0)
        self.set_max_calls(max_calls)
        self.refused = [0] * refusals.KINDS
        self.tag = self.token()

    def set_max_calls(self, max_calls):
        """Other limits from now on; what is there already stays."""
        self.max_calls = max_calls
        self.max_transactions = max(MIN_TRANSACTIONS, TRANSACTIONS_PER_CALL * (max_calls + 2))
        self.out.grow(self.max_transactions + 16)
        self.events.grow(4 * max_calls + 16)

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
            if message is None:
                self.refused[refusals.MALFORMED] += 1
            message = message or error.message
            if message and not message.status and message.method != "ACK":
                from testigo_wire.sip.replies import to_malformed  # loaded for the first one

                answer = to_malformed(message, source, error, self.tag)
                if answer:
                    self._reply(*answer)
        return self.events.take()

    def tick(self, now):
        """Run the timers that are due; returns their events, and those that actions of calls left."""
        for key in list(self.transactions):
            transaction = self.transactions[key]
            self._tick(transaction, now)
            if transaction.state == TERMINATED:
                del self.transactions[key]
        for one in self.calls + self.registrations:
            self._tick(one, now)
        return self.events.take()

    def _tick(self, one, now):
        try:
            at = one.deadline()
            if at is not None and now >= at:
                one.tick(now)
        except MemoryError:
            self.refused[refusals.MEMORY] += 1  # its timer is due again at the next tick

    def deadline(self):
        """When `tick` is due, in ms, or None."""
        if len(self.events):
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
        return self.out.take()

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
        try:
            call.transaction = self.send(message, target, call, now)
        except MemoryError:
            self.calls.remove(call)
            raise
        return call

    # For calls and registrations

    def token(self):
        return self.random(8).hex()

    def emit(self, event):
        self.events.append(event)

    def forget(self, call):
        if call in self.calls:
            self.calls.remove(call)

    def drop(self, transaction):
        """Take back a request that was not started."""
        del self.transactions[(transaction.request.branch, transaction.request.method)]

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
        """Send a request in a new transaction; `user` receives the responses and has the `credentials`, or is None. With a
        `now` of None it is left to the caller to start the transaction."""
        if not message.branch:
            if user and user.credentials:
                user.credentials.authorize(message)
            self.route(message)
        kind = INVITE_CLIENT if message.method == "INVITE" else CLIENT
        return self._open(kind, message, (message.branch, message.method), target, user, now)

    def _open(self, kind, message, key, target, user, now):
        """Start a transaction; it is in the table only when it is complete."""
        transaction = Transaction(kind, message, target, self.out, user)
        transaction.prepare()
        self.transactions[key] = transaction
        if now is not None:
            transaction.start(now)
        return transaction

    # Inside

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
                credentials.retry(self, transaction, message, attempts, now)
                return
        transaction.receive(message, now)

    def _receive_request(self, message, source, now):
        target = complete_via(message, source)
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
            self._receive_in_call(call, message, key, target, now)
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

    def _receive_in_call(self, call, message, key, target, now):
        received = call.dialog.remote_number
        room = self._make_room(0)
        kind = INVITE_SERVER if message.method == "INVITE" else SERVER
        transaction = self._open(kind, message, key, target, None, now)
        try:
            try:
                if not room and message.method != "BYE":
                    self.refused[refusals.BUSY] += 1
                    raise SipError("too many requests", 500)
                self._check_interval(message)
                call.receive(transaction, message, now)
            except SipError as error:
                from testigo_wire.sip.replies import error_response

                transaction.respond(error_response(message, error, self.tag), now)
        except MemoryError:
            del self.transactions[key]  # the peer repeats its request
            call.dialog.remote_number = received
            raise
        if not room:
            del self.transactions[key]

    def _receive_invite(self, message, source, key, target, urgent, now):
        for call in self.calls:
            if call.call_id == message.call_id and not call.outgoing and call.dialog.remote_tag == message.from_tag:
                raise SipError("merged request", 482)
        if not urgent and self.authenticator and source[0] not in self.trusted:
            user, stale = self.authenticator.check(message, source, now)
            if not user:
                answer = response(message, 401, self.tag)
                for value in self.authenticator.challenges(now, stale):
                    answer.add("www-authenticate", value)
                self._reply(answer, target)
                return
        status = self.gate(message, source) if self.gate and not urgent else 0
        if status:
            raise SipError("refused", status)
        keep_sdp(message)
        self._check_interval(message)
        if (not self._make_room(self.max_calls) or len(self.calls) >= self.max_calls) and not urgent:
            self.refused[refusals.BUSY] += 1
            raise SipError("busy", 503)
        call = Call(self, message, source, False)
        call.urgent = urgent
        event = Event(sip_event.INCOMING, call, body=call.body_received, message=message)
        self.calls.append(call)
        try:
            call.transaction = self._open(INVITE_SERVER, message, key, target, call, now)
            call.transaction.respond(response(message, 100), now)
        except MemoryError:
            self.transactions.pop(key, None)
            self.calls.remove(call)
            raise
        self.emit(event)

    def _check_interval(self, message):
        # RFC 4028 section 9
        if message.get("session-expires") and message.has("supported", "timer"):
            from testigo_wire.sip.timers import MIN_SE

            if number(message.get("session-expires").split(";")[0].strip()) < MIN_SE:
                raise SipError("interval too small", 422)

    def _make_room(self, reserve):
        """Whether another transaction may be opened, so that room for `reserve` more is left. Where there are too many, the
        older half of those that only wait for a repeated message is removed: keys by INFO leave many."""
        transactions = self.transactions
        limit = self.max_transactions - reserve
        if len(transactions) >= limit:
            done = [(one.expires_at, key) for key, one in transactions.items() if one.kind + one.state in DONE]
            done.sort(key=lambda pair: pair[0])
            for _, key in done[: (len(done) + 1) // 2]:
                del transactions[key]
        return len(transactions) < limit

    def _find_call(self, message):
        for call in self.calls:
            if call.call_id == message.call_id and call.tag == message.to_tag:
                if call.dialog and call.dialog.remote_tag == message.from_tag:
                    return call
        return None

    def _reply(self, message, target):
        self.out.append((message.encode(), target))
