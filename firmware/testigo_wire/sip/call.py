"""A call: one INVITE, its dialog and what happens inside it (RFC 3261 sections 9, 13, 14, 15; RFC 3262 for a peer that
requires it; RFC 3311 UPDATE; RFC 4028 as far as a refreshed peer needs it; RFC 6086 INFO with keys).

`Agent` makes the calls and passes messages on to them. A call of either direction has the same actions. An action that
fails for want of memory leaves the call as it was, so that it can be tried again: what is needed is made first.
"""

from testigo_wire.sip import events as sip_event
from testigo_wire.sip.body import SDP, keep_sdp
from testigo_wire.sip.dialog import Dialog
from testigo_wire.sip.message import SipError, address, response
from testigo_wire.sip.transaction import ACK, PROCEEDING, TIMEOUT, cancellation

# States
CALLING = "C"  # our INVITE is out
EARLY = "E"  # a provisional response came
CANCELLING = "X"  # we cancelled; a final response is awaited
INCOMING = "I"  # an INVITE came, unanswered
ACCEPTED = "A"  # we sent a 2xx; the ACK is awaited
CONFIRMED = "F"
TERMINATED = "T"

# What the application may do in a state
ALLOWED = {
    EARLY: ("accept", "refuse"),
    INCOMING: ("ring", "answer", "reject", "accept", "refuse"),
    CONFIRMED: ("offer", "accept", "refuse"),
}


class Call:
    """One call; `owner` is free for the application."""

    def __init__(self, agent, request, target, outgoing, credentials=None):
        self.agent = agent
        self.request = request
        self.target = target
        self.outgoing = outgoing
        self.credentials = credentials
        self.owner = None
        self.urgent = False  # an INVITE that came in passed the agent's limits, see Agent.is_urgent
        self.call_id = request.call_id
        self.caller = address(request.get("from"))[1]
        self.callee = request.uri
        self.number = request.number if outgoing else 0
        self.body_sent = (request.body or None) if outgoing else None
        self.body_received = None if outgoing else request.body or None
        self.transaction = None  # of the INVITE: a client's, or a server's until its ACK
        self.offering = self.offered = None  # transactions of our re-INVITE, and of the peer's re-INVITE or UPDATE
        self.ack = None  # (bytes, address) for the 2xx, sent again whenever that comes again
        self.ending = False
        self._last_event = sip_event.Event(sip_event.ENDED, self)
        self.timer = None  # a SessionTimer, where a peer wants one
        self.sequence = 0  # RSeq
        self.pending = self.waiting = None  # a ReliableResponse until its PRACK; (status, body) to ring with after it
        if outgoing:
            self.tag, self.dialog, self.state = request.from_tag, None, CALLING
        else:
            self.tag = agent.token()
            self.dialog = Dialog(request, self.tag)
            self.state = INCOMING

    def ring(self, now, body=None, status=180):
        """Send a provisional response; one with a body is early media (183)."""
        self._check_allowed("ring")
        if body:
            status = 183
            self.body_sent = body
        message = self._response(self.request, status, body)
        if not self.request.has("require", "100rel"):
            self.transaction.respond(message, now)
        elif self.pending:
            self.waiting = status, body  # RFC 3262 section 3: one at a time
        else:
            from testigo_wire.sip.timers import ReliableResponse

            self.sequence += 1
            self.pending = ReliableResponse(message, self.sequence, now)
            self.transaction.respond(message, now)

    def answer(self, body, now):
        """Send the 200 with an SDP body, which is repeated until the ACK comes."""
        self._check_allowed("answer")
        message = self._response(self.request, 200, body)
        self._agree_timer(self.request, message, now)
        self.transaction.respond(message, now)
        self.body_sent = body
        self.pending = None
        self.state = ACCEPTED

    def reject(self, status, now, reason=None):
        """Send a final response from 300 on, which ends the call."""
        self._check_allowed("reject")
        self._respond_failure(self.transaction, status, now, reason)
        self._end(now, status, reason or "", True)

    def hang_up(self, now, status=480):
        """End the call in any state: by CANCEL, a rejection with `status`, or BYE."""
        state = self.state
        if state == INCOMING:
            self.reject(status, now)
        elif state in (CALLING, EARLY):
            if self.transaction.state == PROCEEDING:
                self._cancel(now)  # else a CANCEL has to wait for a provisional response (9.1)
            self.state = CANCELLING
            self.ending = True
        elif state == ACCEPTED:
            self.ending = True  # a callee's BYE has to wait for the ACK (15)
        elif state == CONFIRMED:
            if self.ack is None and self.outgoing:
                self._acknowledge(self.dialog, self.request, None)
            self._bye(self.dialog, now)
            self._end(now, 200, "", True)

    def offer(self, body, now):
        """Send a re-INVITE (14.1)."""
        self._check_allowed("offer")
        if self.offering or self.offered:
            raise SipError("offer pending", 491)
        self.offering = self._request("INVITE", now, SDP, body)
        self.body_sent = body

    def accept(self, body, now):
        """Take the peer's re-INVITE or UPDATE; a body of None repeats the description in force."""
        self._check_allowed("accept")
        transaction = self.offered
        if transaction is None:
            raise SipError("no offer")
        request = transaction.request
        body = body or self.body_sent
        message = self._response(request, 200, body)
        self._agree_timer(request, message, now)
        self.body_received = request.body or self.body_received
        transaction.respond(message, now)
        self.offered = None
        self.body_sent = body
        if request.method == "INVITE":
            self.transaction = transaction

    def refuse(self, status, now):
        """Leave the session as it is."""
        self._check_allowed("refuse")
        if self.offered:
            self._respond_failure(self.offered, status, now)
        self.offered = None

    def deadline(self):
        """When `tick` is due, or None."""
        at = self.timer.at if self.timer else 0
        if self.pending and (not at or self.pending.at < at):
            at = self.pending.at
        return at or None

    def tick(self, now):
        pending = self.pending
        if pending and now >= pending.at:
            data = pending.retransmit(now)
            if data is None:
                self.hang_up(now, 504)
                return
            self.agent.out.append((data, self.transaction.address))
        timer = self.timer
        if timer and timer.at and now >= timer.at:
            timer.at = now + timer.interval // 2
            if not timer.refresher:
                self._peer_gone(now)
            elif self.request.has("allow", "update"):
                self._request("UPDATE", now)
            elif not self.offering and not self.offered:
                self.offer(self.body_sent, now)

    def cancelled(self, now):
        """A CANCEL matched the INVITE (9.2)."""
        if self.state == INCOMING:
            self._respond_failure(self.transaction, 487, now)
            self._end(now, 487, "", False)

    def acknowledged(self, message, now):
        """An ACK for a 2xx came."""
        transaction = self.transaction
        body = message.body or None
        event = sip_event.Event(sip_event.CONFIRMED if self.state == ACCEPTED else sip_event.ACCEPTED, self, body=body)
        if transaction.request.number != message.number or not transaction.handle(ACK, now):
            return
        self.body_received = body or self.body_received
        if self.state == ACCEPTED:
            self.state = CONFIRMED
            self.agent.emit(event)
            if self.ending:
                self.hang_up(now)
        elif body:
            self.agent.emit(event)

    def receive(self, transaction, message, now):
        """A request within the dialog."""
        self.dialog.accept(message)
        method = message.method
        if method == "BYE":
            transaction.respond(response(message, 200), now)
            if self.state == INCOMING:
                self._respond_failure(self.transaction, 487, now)
            self._end(now, 200, "", False)
        elif method == "INVITE" or (method == "UPDATE" and message.body):
            if self.offering or self.state == ACCEPTED:
                raise SipError("offer pending", 491)
            if self.offered or (method == "INVITE" and self.state == INCOMING):
                raise SipError("offer pending", 500)
            keep_sdp(message)
            self.agent.emit(sip_event.Event(sip_event.OFFER, self, body=message.body or None, message=message))
            self.offered = transaction
            transaction.user = self
        elif method == "INFO":
            from testigo_wire.sip import dtmf  # loaded for a peer that sends keys this way

            key = dtmf.from_info(message.get("content-type", ""), message.body)
            if key is None and message.body:
                raise SipError("not a key", 415)
            event = sip_event.Event(sip_event.KEY, self)
            transaction.respond(response(message, 200), now)
            if key:
                event.digit, event.duration = key
                self.agent.emit(event)
        elif method == "PRACK":
            self._prack(transaction, message, now)
        elif method in ("UPDATE", "OPTIONS"):
            answer = self._response(message, 200)
            if method == "UPDATE":
                self._agree_timer(message, answer, now)
                self.agent.emit(sip_event.Event(sip_event.UPDATED, self, message=message))
            transaction.respond(answer, now)
        else:
            raise SipError("unknown method", 405)

    def on_response(self, transaction, message, now):
        """A response to a request of ours, or None when none came."""
        method = transaction.request.method
        offering = self.offering
        if transaction is self.transaction:
            self._on_answer(message, now)
        elif method == "INVITE":
            try:
                self._on_offer_answer(transaction, message, now)
            except MemoryError:
                self.offering = offering  # the response comes again
                raise
        elif method in ("UPDATE", "INFO") and (message is None or message.status in (408, 481)):
            self._peer_gone(now)

    def on_timeout(self, transaction, now):
        """No ACK came for a final response."""
        if transaction.datagram[0][:9] == b"SIP/2.0 2":
            self._peer_gone(now)

    def _on_answer(self, message, now):
        if message is None:
            if self.state in (CALLING, EARLY, CANCELLING):
                self._end(now, 408, "", self.state == CANCELLING)
        elif message.status < 200:
            if self.state == CANCELLING:
                if not self.transaction.expires_at:
                    self._cancel(now)
            elif message.status > 100 and self.state in (CALLING, EARLY):
                if message.to_tag:
                    self.dialog = Dialog(message, default=self.request.uri)
                self.agent.emit(self._event(sip_event.PROGRESS, message))
                self.state = EARLY
        elif message.status < 300:
            self._on_success(message, now)
        elif self.state in (CALLING, EARLY, CANCELLING):
            self._end(now, message.status, message.reason, self.state == CANCELLING, message)

    def _on_success(self, message, now):
        try:
            dialog = Dialog(message, default=self.request.uri)
        except SipError as error:
            self._end(now, 502, error.reason, True)  # the response does not say how to reach the peer
            return
        if self.state in (CALLING, EARLY):
            event = self._event(sip_event.ANSWERED, message)
            if self.request.body:
                self._acknowledge(dialog, self.request, None)
            self.dialog = dialog
            self.state = CONFIRMED
            self.agent.emit(event)
        elif self.state != CANCELLING and self.dialog and self.dialog.remote_tag == message.to_tag:
            if self.ack:
                self.agent.out.append(self.ack)
        else:
            # Too late, or another branch of a fork answered (13.2.2.4)
            kept = self.ack
            self._acknowledge(dialog, self.request, None)
            self._bye(dialog, now)
            if self.state == CANCELLING:
                self.dialog = dialog
                self._end(now, 487, "", True)
            else:
                self.ack = kept

    def _on_offer_answer(self, transaction, message, now):
        status = message.status if message else 408
        if status < 200:
            return
        if status < 300:
            if self.offering is transaction:
                event = self._event(sip_event.ACCEPTED, message)
                self.offering = None
                self.dialog.refresh(message)
                self._acknowledge(self.dialog, transaction.request, None)
                self.agent.emit(event)
            elif self.ack:
                self.agent.out.append(self.ack)
            return
        if status in (408, 481):
            self._peer_gone(now)
        elif self.state == CONFIRMED:
            self.agent.emit(self._event(sip_event.REFUSED, message))
        self.offering = None

    def _prack(self, transaction, message, now):
        if not self.pending or not self.pending.acknowledged(message.get("rack", "")):
            raise SipError("nothing to acknowledge", 481)
        transaction.respond(response(message, 200), now)
        self.pending = None
        if self.waiting and self.state == INCOMING:
            (status, body), self.waiting = self.waiting, None
            self.ring(now, body, status)

    def _agree_timer(self, request, message, now):
        if request.get("session-expires"):
            from testigo_wire.sip.timers import SessionTimer

            self.timer = self.timer or SessionTimer()
            self.timer.agree(request, message, now)

    def _check_allowed(self, action):
        if action not in ALLOWED.get(self.state, ()):
            raise SipError(action + " out of place", 500)

    def _response(self, request, status, body=None):
        message = response(request, status, self.tag)
        for value in request.all("record-route"):
            message.add("record-route", value)
        self.agent.describe(message, self.dialog.local)
        message.set_body(SDP, body)
        return message

    def _respond_failure(self, transaction, status, now, reason=None):
        transaction.respond(response(transaction.request, status, self.tag, reason), now)

    def _request(self, method, now, content_type=None, body=None):
        self.number += 1
        message = self.dialog.request(method, self.number)
        if method != "INFO":
            self.agent.describe(message, self.dialog.local)
        message.set_body(content_type, body)
        return self.agent.send(message, self.dialog.next_hop(self.target), self, now)

    def _acknowledge(self, dialog, request, body):
        message = dialog.request("ACK", request.number)
        message.set_body(SDP, body)
        for name, value in request.headers:
            if name in ("authorization", "proxy-authorization"):
                message.add(name, value)  # 22.1
        self.agent.route(message)
        self.ack = message.encode(), dialog.next_hop(self.target)
        self.agent.out.append(self.ack)

    def _bye(self, dialog, now):
        self.number += 1
        self.agent.send(dialog.request("BYE", self.number), dialog.next_hop(self.target), self, now)

    def _cancel(self, now):
        self.transaction.expires_at = now + TIMEOUT  # also without memory for the CANCEL
        self.agent.send(cancellation(self.transaction.request), self.transaction.address, None, now)

    def _peer_gone(self, now):
        # 12.2.1.2, 13.3.1.4: the peer has no such call any more, or does not answer
        if self.state in (ACCEPTED, CONFIRMED):
            self._bye(self.dialog, now)
            self._end(now, 408, "peer gone", False)

    def _event(self, kind, message):
        body = message.body or None
        self.body_received = body or self.body_received
        return sip_event.Event(kind, self, message.status, message.reason, body, message)

    def _end(self, now, status, reason, local, message=None):
        if self.state == TERMINATED:
            return
        if self.offered:
            self._respond_failure(self.offered, 487, now)
        self.offered = self.pending = self.timer = None
        # Its transaction keeps this call for half a minute.
        self.request.body = b""
        self.body_sent = self.body_received = None
        self.state = TERMINATED
        self.agent.forget(self)
        event = self._last_event
        event.status, event.reason, event.message, event.local = status, reason, message, local
        self.agent.emit(event)
