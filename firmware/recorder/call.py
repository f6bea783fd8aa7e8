"""One bridged call: two SIP dialogs, two flows, one recording, from INVITE to BYE.

`first` is the leg whose INVITE came in, `second` the one that the appliance calls.
The call is a task that walks through its stages; SIP events reach it through
`on_sip`, keys through `on_key`, both from the event loop and never at once.
"""

import asyncio

from recorder import asking, media
from recorder.asking import Asking
from recorder.flow import Flow
from recorder.leg import CODECS, FAR, NAMES, NEAR
from recorder.tap import Tap
from testigo_wire import sdp, sip_call, sip_event

RING_TIMEOUT_MS = 120000
DESERTED_MS = 300000
HELD_MS = 7200000
KEYS_MS = 4000
UNAVAILABLE = 503


class Over(Exception):
    """The call ended: args (leg side or None, status, reason)."""


class Call:
    def __init__(self, services, first, second, line, target, log):
        """services: the composition root's parts. line: policy line or None. target: (uri, address, credentials)."""
        self._services = services
        self._hal = services.hal
        self._legs = (first, second) if first.side == NEAR else (second, first)
        self._first = first
        self._second = second
        self._line = line
        self._target = target
        self._log = log
        self._tap = Tap(services.hal)
        self._flows = tuple(Flow(side, self._tap, services.hal.random(4), self._on_rtp_key) for side in (NEAR, FAR))
        self._wake = asyncio.Event()
        self._over = None
        self._answered = None
        self._confirmed = None
        self._asking = None
        self._answer_taken = False
        self._erasing = None
        self._recording = None
        self._reason = "cancelled"
        self._bridged = False
        self._limit = None
        self.opened_ticks = self._bridged_ticks = 0

    # events, from the gateway and the flows

    def on_sip(self, event):
        leg = self._first if event.call is self._first.sip else self._second
        kind = event.kind
        if kind == sip_event.ENDED:
            if not self._over:
                self._over = Over(None if event.local else leg.side, event.status, event.reason or "")
        elif kind == sip_event.ANSWERED:
            self._answered = event
        elif kind == sip_event.CONFIRMED:
            self._confirmed = event.body or b""
        elif kind == sip_event.PROGRESS:
            if event.status == 180 and self._first.sip.state == sip_call.INCOMING:
                self._first.sip.ring(self._hal.ms())
        elif kind == sip_event.KEY:
            self._on_key(leg.side, event.digit, "info")
        elif kind == sip_event.OFFER:
            self._on_offer(leg, event)
        self._wake.set()

    def _on_offer(self, leg, event):
        """re-INVITE or UPDATE: hold, resume, a new address. The codec stays."""
        now = self._hal.ms()
        if event.body is None or leg.agreed is None:
            leg.sip.accept(None, now)
            return
        try:
            body, agreed = leg.endpoint.answer(event.body, encodings=(leg.agreed.encoding,), record=self._awareness())
            changed = leg.agree(agreed)
        except sdp.SdpError:
            leg.sip.refuse(488, now)
            return
        self._route(leg)  # keys may have a new payload type: an objection must be heard
        leg.sip.accept(body, now)
        if changed and self._recording:
            self._recording.event("on_hold", leg.side, leg.held)

    def _on_rtp_key(self, side, digit):
        self._on_key(side, digit, "rfc4733")

    def _on_key(self, side, digit, channel):
        if self._asking:
            self._asking.key(side, digit, channel)
        self._wake.set()

    def _awareness(self):
        """a=record of RFC 7866 section 6.2."""
        return "on" if self._tap.on else "off"

    # the stages

    async def run(self):
        services = self._services
        self._hal.calls += 1
        try:
            await self._open()
            if self._asks() and self._line[asking.ORDER] == "notice-first" and self._first.side == FAR:
                await self._answer_first()
                await self._ask()
                await self._dial()
            else:
                await self._dial()
                await self._answer_first()
                if self._asks():
                    await self._ask()
            self._bridge()
            await self._talk()
        except Over as over:
            side, status, reason = over.args
            if self._recording:
                self._recording.event("hang_up", FAR if side is None else side, status, reason)
        finally:
            try:
                self._hang_up()
            finally:
                try:
                    await self._close()
                finally:
                    self._hal.calls -= 1
                    services.flush()

    def _asks(self):
        return self._recording is not None and self._line is not None and self._line[asking.MODE] == "all"

    async def _open(self):
        """Opens the recording, in which every call is accounted for, whether audio follows or not."""
        services = self._services
        policy = services.documents.policy
        why = ""
        try:
            if services.documents.recipients():  # without a policy no key will ever be ready
                await asyncio.wait_for_ms(services.keypool.ready(), KEYS_MS)
            self._recording = services.recordings.open(policy)
        except (services.SpoolError, asyncio.TimeoutError) as exc:
            why = str(exc) or "no keys"
            self._log("call not recorded: " + why)
            if self._line is not None and self._line[11] == "refuse-call":
                self._end(None, UNAVAILABLE, "recording impossible")
            return
        self.opened_ticks = media.ticks()
        sip = self._first.sip
        recording = self._recording
        line = self._line
        direction = "in" if self._first.side == FAR else "out"
        recording.event("call", line[0] if line else "", direction, sip.caller, sip.callee, sip.call_id, "sip")
        if line is None:
            recording.event("policy", 0, b"", "never", "notify")
            recording.event("unrecorded", services.documents.policy_why or "no line in the policy")
            self._reason = "unrecorded"
        else:
            recording.event("policy", policy.version, policy.digest, line[asking.MODE], line[asking.RULE])
            if line[asking.MODE] != "all":
                recording.event("unrecorded", "mode " + line[asking.MODE])
                self._reason = "unrecorded"

    async def _answer_first(self):
        leg = self._first
        if self._over:
            raise self._over
        sip = leg.sip
        offer = sip.body_received
        encodings = (self._second.agreed.encoding,) if self._second.agreed else CODECS
        try:
            if offer is None:  # the caller leaves the offer to us: its answer comes with the ACK
                sip.answer(leg.endpoint.offer(encodings=encodings), self._hal.ms())
                self._services.flush()
                while self._confirmed is None:
                    await self._next(None)
                agreed = leg.endpoint.accept(self._confirmed)
            else:
                body, agreed = leg.endpoint.answer(offer, encodings=encodings)
                sip.answer(body, self._hal.ms())
                self._services.flush()
            leg.agree(agreed)
        except sdp.SdpError as exc:
            self._end(leg.side, 488, str(exc))
        self._connect(leg)

    def _end(self, side, status, reason):
        self._over = Over(side, status, reason)
        raise self._over

    def _connect(self, leg):
        """leg has a session: its packets come in, the other leg's (or the notice) go out to it."""
        self._route(leg)
        if self._recording:
            agreed = leg.agreed
            self._recording.event("media", leg.side, agreed.encoding, agreed.payload_type, 8000, agreed.ptime or 20)

    def _route(self, leg):
        leg.listen(self._flows[leg.side])
        self._flows[1 - leg.side].give_to(leg.sock, leg.agreed.event_type)

    async def _dial(self):
        leg = self._second
        if self._over:  # while the recording was opened
            raise self._over
        uri, address, credentials = self._target
        first = self._first
        encodings = CODECS
        agreed = first.agreed
        try:
            if agreed:
                encodings = (agreed.encoding,)
            elif first.sip.body_received:
                # what the caller can take decides what the other party is offered: nothing is transcoded
                agreed = first.endpoint.answer(first.sip.body_received)[1]
                encodings = agreed.encodings
        except sdp.SdpError as exc:
            self._end(first.side, 488, str(exc))
        services = self._services
        event_type = agreed.event_type if agreed and agreed.event_type else 101
        record = "on" if self._asking and self._asking.given else None  # "off" would be untrue a moment later
        body = leg.endpoint.offer(encodings=encodings, event_type=event_type, record=record)
        leg.sip = services.invite(uri, first.sip.caller, body, address, credentials, self)
        deadline = self._hal.ms() + RING_TIMEOUT_MS
        while not self._answered:
            left = deadline - self._hal.ms()
            if left <= 0:
                self._end(leg.side, 408, "no answer")
            await self._next(left)
        try:
            leg.agree(leg.endpoint.accept(self._answered.body or b""))
        except sdp.SdpError as exc:
            self._end(leg.side, 488, str(exc))
        self._connect(leg)

    async def _ask(self):
        """Runs the notice and the question; a hang-up meanwhile ends both."""
        line = self._line
        services = self._services
        self._asking = Asking(services.primitives, self._recording, line, self._late_objection)
        encoding = self._legs[FAR].agreed.encoding
        notice = services.documents.notice(line[asking.NOTICES][0]) if line[asking.NOTICES] else None
        both = line[asking.NOTICE_LEGS] == "both" and self._second.agreed and self._first.agreed
        legs = (FAR, NEAR) if both else (FAR,)
        flows = tuple(self._flows[1 - side] for side in legs)  # what goes out to a leg comes from the other
        task = asyncio.create_task(self._asked(notice, encoding, flows, legs))
        try:
            while not self._answer_taken:
                await self._next(None)
        finally:
            task.cancel()
            await asyncio.sleep_ms(0)  # a notice that was cut short is written down before the hang-up
        if self._asking.given:
            self._reason = "hang-up"
        else:
            self._reason = "refused" if self._asking.refused else "unrecorded"

    async def _asked(self, notice, encoding, flows, legs):
        try:
            await self._asking.run(notice, encoding, flows, legs)
        finally:
            self._answer_taken = True  # after a fault too, without consent: nobody waits in silence
            self._wake.set()

    def _bridge(self):
        """From this moment the parties hear each other; if consent is given, the tap is on before it."""
        if self._asking and self._asking.given:
            try:
                self._tap.start(self._recording, self.opened_ticks)
                self._limit = self._line[12] or None
            except self._services.SpoolError as exc:
                self._recording.event("unrecorded", str(exc))
                self._reason = "unrecorded"
        elif self._reason == "cancelled":
            self._reason = "unrecorded"
        for flow in self._flows:
            flow.forward(True)
        self._bridged = True
        self._bridged_ticks = media.ticks()

    async def _talk(self):
        while True:
            await self._next(None)

    def tick(self):
        """What time brings to a conversation; the gateway calls it some twenty times a second, and it allocates nothing."""
        if self._over or not self._bridged:
            return
        now = media.ticks()
        self._tap.flush_old(now)
        if self._limit and self._tap.on and media.since(now, self.opened_ticks) > self._limit:
            self._tap.flush()
            self._tap.stop()
            self._recording.event("unrecorded", "limit")
            self._reason = "limit"
        if self._deserted(now):
            self._over = Over(None, 408, "no audio for long")
            self._wake.set()

    def _deserted(self, now):
        """Neither party has sent anything for long: their BYE must have been lost. Silence may be longer on hold."""
        limit = HELD_MS if self._legs[NEAR].held or self._legs[FAR].held else DESERTED_MS
        if media.since(now, self._bridged_ticks) < limit:
            return False
        for side in (NEAR, FAR):
            if media.since(now, self._flows[side].state[media.SENT_MS]) < limit:
                return False
        return True

    async def _next(self, timeout_ms):
        """Waits for something to happen. Raises Over when a party is gone."""
        if not self._over:
            if timeout_ms is None:
                await self._wake.wait()
            else:
                try:
                    await asyncio.wait_for_ms(self._wake.wait(), timeout_ms)
                except asyncio.TimeoutError:
                    pass
            self._wake.clear()
        if self._over:
            raise self._over

    # the end

    def _late_objection(self):
        self._tap.stop()
        self._reason = "objection"
        self._erasing = asyncio.create_task(self._recording.erase_audio())

    def _hang_up(self):
        now = self._hal.ms()
        status = self._over.args[1] if self._over and self._over.args[1] >= 400 else 480
        for leg in self._legs:
            if leg.sip and leg.sip.state != sip_call.TERMINATED:
                leg.sip.hang_up(now, status)
        self._services.flush()

    async def _close(self):
        self._tap.flush()
        self._tap.stop()
        for leg in self._legs:
            leg.close()
        recording = self._recording
        if not recording:
            return
        if self._bridged:
            for flow in self._flows:
                recording.event("quality", flow.leg, *flow.quality())
                if flow.dropped:
                    recording.event("gap", flow.leg, flow.dropped, 0, "not of the session, or no room to send")
        elif self._reason != "refused":
            self._reason = "cancelled" if self._over and self._over.args[1] in (200, 487) else "failed"
        if self._erasing:
            await self._erasing
        await recording.close(self._reason)
        self._log("call %d ended: %s" % (recording.number, self._reason))

    def describe(self):
        """One line for diag."""
        return NAMES[self._first.side] + (" recording" if self._tap.on else " not recording")
