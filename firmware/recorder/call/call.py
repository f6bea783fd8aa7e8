"""One bridged call: two SIP dialogs, two flows, one recording, from INVITE to BYE.

The call is a task that walks through its stages; SIP events reach it through `on_sip`, keys through `on_key`, both from
the event loop and never at once. What the policy wants of it is in `conduct.py`.
"""

import asyncio

from recorder.consent.recording_control import Conduct
from recorder.media import fast_path
from recorder.media.bridge import Bridge
from recorder.media.leg import FAR
from recorder.storage.spool import SpoolError
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

RING_TIMEOUT_MS = 120000
KEYS_MS = 4000
UNAVAILABLE = 503


class Over(Exception):
    """The call ended: args (leg side or None, status, reason)."""


class Call:
    def __init__(self, services, first, second, line_name, target, log):
        """services: the composition root's parts. line_name: in the policy. target: (uri, address, credentials)."""
        self._services = services
        self._hal = services.hal
        self._target = target
        self._log = log
        self._conduct = Conduct(self, services, line_name)
        self.bridge = Bridge(services.hal, first, second, self._conduct.capture.tap, self._on_rtp_key)
        self._first = first
        self._second = second
        self._wake = asyncio.Event()
        self._over = None
        self._faulty = False
        self._state_changed = False  # of the recording, and a telephone may have to be notified
        self._not_before = [0, 0]  # of each leg: when it may be notified, in milliseconds of the HAL
        self._answered = None
        self._confirmed = None
        self.recording = None
        self.opened_ticks = 0

    # events, from the gateway and the flows

    def on_sip(self, event):
        try:
            self._take(event)
        except MemoryError:
            self._conduct.fail()
            if event.kind == sip_event.OFFER and event.call.offered:
                event.call.refuse(500, self._hal.ms())  # the session stays as it is
            raise

    def _take(self, event):
        kind = event.kind
        if kind == sip_event.ENDED:
            leg = self.bridge.leg_of(event.call)
            self.end(None if event.local else leg.side, event.status, event.reason or "")
        elif kind == sip_event.ANSWERED:
            self._answered = event
        elif kind == sip_event.CONFIRMED:
            self._confirmed = event.body or b""
        elif kind == sip_event.PROGRESS:
            if event.status == 180 and self._first.sip.state == sip_call.INCOMING:
                self._first.sip.ring(self._hal.ms())
        elif kind == sip_event.KEY:
            self._on_key(self.bridge.leg_of(event.call).side, event.digit, "info")
        elif kind == sip_event.OFFER:
            from recorder.call import renegotiation

            self._on_session(renegotiation.offered(self.bridge, event, self._conduct.capture.state(), self._hal.ms()))
        elif kind == sip_event.UPDATED:
            leg = self.bridge.leg_of(event.call)
            self._on_session((leg, event.message, leg.agreed, False))
        elif kind == sip_event.ACCEPTED:
            from recorder.call import renegotiation

            self._on_session(renegotiation.accepted(self.bridge, event))
        elif kind == sip_event.REFUSED:
            self._offer_refused(self.bridge.leg_of(event.call), event.status)
        self._wake.set()

    def _on_session(self, settled):
        leg, message, agreed, changed = settled
        if changed and self.recording:
            self.recording.event("on_hold", leg.side, leg.held)
        if agreed:
            self._conduct.session(leg.side, message, agreed)

    def _on_rtp_key(self, side, digit):
        self._on_key(side, digit, "rfc4733")

    def _on_key(self, side, digit, channel):
        try:
            self._conduct.key(side, digit, channel)
        except MemoryError:
            self._conduct.fail()
            raise
        finally:
            self._wake.set()

    def on_state_change(self):
        """The state of recording that telephones are notified of is another one."""
        self._state_changed = True

    def _offer_refused(self, leg, status):
        """A telephone refused the offer with the state of recording."""
        from recorder.call import record_aware

        retry_at = record_aware.refused(leg, status, self._hal.ms(), self._hal.random)
        if retry_at is not None:
            self._not_before[leg.side] = retry_at
            self._state_changed = True

    def _notify_state(self):
        self._state_changed = False
        if self.bridge.supports_record_aware:
            from recorder.call import record_aware

            self._state_changed = not record_aware.notify_state(
                self.bridge, self.state(), self._hal.ms(), self._not_before
            )
            self._services.flush()

    def state(self):
        """Of its recording: "on", "off" or "paused"."""
        return self._conduct.capture.state()

    def control(self, action, by):
        """start, stop, pause, resume: what the worker's side wants -> "" or why not."""
        reason = self._conduct.control(action, by)
        self._wake.set()
        return reason

    def end(self, side, status, reason):
        """The call is over; what ended it first stands."""
        if not self._over:
            self._over = Over(side, status, reason)
        self._wake.set()

    def raise_end(self, side, status, reason):
        self.end(side, status, reason)
        raise self._over

    # the stages

    async def run(self):
        conduct = self._conduct
        self._hal.calls += 1
        try:
            await self._open()
            asks = conduct.asks
            if asks and conduct.notice_first and self._first.side == FAR:
                await self._answer_first()
                await conduct.ask()
                await self._dial()
            else:
                await self._dial()
                await self._answer_first()
                if asks:
                    await conduct.ask()
            await conduct.begin()
            while True:
                await self.next(None)
                if conduct.todo:
                    await conduct.begin()
        except Over as over:
            side, status, reason = over.args
            if self.recording:
                self.recording.event("hang_up", FAR if side is None else side, status, reason)
        finally:
            try:
                status = self._over.args[1] if self._over and self._over.args[1] >= 400 else 480
                self.bridge.hang_up(status)
                self._services.flush()
            finally:
                try:
                    await self._close()
                finally:
                    self._hal.calls -= 1
                    self._services.flush()

    async def _open(self):
        """Opens the recording, in which every call is accounted for, whether audio follows or not."""
        services = self._services
        conduct = self._conduct
        conduct.decide(self._first)
        try:
            if services.documents.recipients():  # without a policy no key will ever be ready
                await asyncio.wait_for_ms(services.keypool.ready(), KEYS_MS)
            self.recording = services.recordings.open(conduct.policy)
        except (SpoolError, asyncio.TimeoutError) as exc:
            self._log("call not recorded: " + (str(exc) or "no keys"))
            conduct.refuse_if_duty()
            return
        self.opened_ticks = fast_path.ticks()
        conduct.open(self._first)

    async def _answer_first(self):
        leg = self._first
        if self._over:
            raise self._over
        sip = leg.sip
        offer = sip.body_received
        encodings = (self._second.agreed.encoding,) if self._second.agreed else sdp.ENCODINGS
        leg.supports_record_aware = sip.request.has("supported", "record-aware")
        try:
            if offer is None:  # the caller leaves the offer to us: its answer comes with the ACK
                sip.answer(leg.endpoint.offer(encodings=encodings), self._hal.ms())
                self._services.flush()
                while self._confirmed is None:
                    await self.next(None)
                agreed = leg.endpoint.accept(self._confirmed)
            else:
                body, agreed = leg.endpoint.answer(offer, encodings=encodings)
                sip.answer(body, self._hal.ms())
                self._services.flush()
            leg.agree(agreed)
        except sdp.SdpError as exc:
            self.raise_end(leg.side, 488, str(exc))
        self._connect(leg, sip.request)

    def _connect(self, leg, message, called=""):
        self.bridge.route(leg)
        agreed = leg.agreed
        if self.recording:
            self.recording.event("media", leg.side, agreed.encoding, agreed.payload_type, 8000, agreed.ptime or 20)
        self._conduct.session(leg.side, message, agreed, called)

    async def _dial(self):
        leg = self._second
        if self._over:  # while the recording was opened
            raise self._over
        uri, address, credentials = self._target
        first = self._first
        encodings = sdp.ENCODINGS
        agreed = first.agreed
        try:
            if agreed:
                encodings = (agreed.encoding,)
            elif first.sip.body_received:
                # what the caller can take decides what the other party is offered: nothing is transcoded
                agreed = first.endpoint.answer(first.sip.body_received)[1]
                encodings = agreed.encodings
        except sdp.SdpError as exc:
            self.raise_end(first.side, 488, str(exc))
        services = self._services
        event_type = agreed.event_type if agreed and agreed.event_type else 101
        record = "on" if self._conduct.given else None  # "off" would be untrue a moment later
        body = leg.endpoint.offer(encodings=encodings, event_type=event_type, record=record)
        leg.announced_state = record or ""
        leg.sip = services.invite(uri, first.sip.caller, body, address, credentials, self)
        deadline = self._hal.ms() + RING_TIMEOUT_MS
        while not self._answered:
            left = deadline - self._hal.ms()
            if left <= 0:
                self.raise_end(leg.side, 408, "no answer")
            await self.next(left)
        answered = self._answered
        leg.supports_record_aware = answered.message.has("supported", "record-aware")
        try:
            leg.agree(leg.endpoint.accept(answered.body or b""))
        except sdp.SdpError as exc:
            self.raise_end(leg.side, 488, str(exc))
        self._connect(leg, answered.message, leg.sip.callee)

    def tick(self):
        """What time brings to a conversation; the gateway calls it some twenty times a second, and it allocates nothing."""
        if self._over or self._faulty or not self.bridge.up:
            return
        now = fast_path.ticks()
        self._conduct.tick(now)
        if self._state_changed:
            self._notify_state()
        if self.bridge.media_timed_out(now):
            self.end(None, 408, "no audio for long")

    def fail(self):
        """A fault in `tick`: the parties talk on, nothing more is taken, and it is not tried again."""
        self._faulty = True
        self._conduct.fail("fault")

    async def next(self, timeout_ms):
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

    async def while_up(self, work):
        """What a coroutine returns, unless a party hangs up meanwhile; None where it failed."""
        done = []
        task = asyncio.create_task(self._doing(work, done))
        try:
            while not done:
                await self.next(None)
        finally:
            task.cancel()
            await asyncio.sleep_ms(0)  # a notice that was cut short is written down before the hang-up
        return done[0]

    async def _doing(self, work, done):
        result = None
        try:
            result = await work
        finally:
            done.append(result)  # after a fault too: nobody waits in silence
            self._wake.set()

    async def _close(self):
        bridge = self.bridge
        bridge.close()
        self._conduct.end()
        recording = self.recording
        if not recording:
            return
        if bridge.up:
            for flow in bridge.flows:
                recording.event("quality", flow.leg, *flow.quality())
                if flow.dropped:
                    recording.event("gap", flow.leg, flow.dropped, 0, "not of the session, or no room to send")
                if flow.state[fast_path.TOO_LONG]:
                    recording.event("gap", flow.leg, flow.state[fast_path.TOO_LONG], 0, "longer than a frame takes")
        reason = await self._conduct.close(self._over is not None and self._over.args[1] in (200, 487))
        await recording.close(reason)
        self._log("call %d ended: %s" % (recording.number, reason))
