"""One bridged call: two SIP dialogs, two relays, one recording, from INVITE to BYE.

`run` goes through the stages of the call in a task of its own. SIP events come through `on_sip` and keys of the media
through `_on_rtp_key`, both from the event loop, never at the same time. What is recorded is decided by
consent/recording_control.py.
"""

import asyncio

from recorder.media import fast_path
from recorder.media.bridge import Bridge
from recorder.media.leg import FAR
from recorder.storage.primitives import steps
from recorder.storage.spool import SpoolError
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

KEYS_MS = 4000
GAVE_WAY = "gave way to an emergency call"


class CallEnded(Exception):
    """args: side of the leg that ended the call or None, SIP status, reason."""


class Call:
    recorded = True  # or would be, if policy and parties let it
    has_place = True  # one of max_calls; without one it is not recorded
    ring_timeout_ms = 120000

    def __init__(self, services, first, second, control, target, log):
        """services: the Gateway. control: a function that makes the RecordingControl of this call, or what stands in its place.

        target: (request URI, address, credentials) of the second leg.
        """
        self._services = services
        self._hal = services.hal
        self._target = target
        self._log = log
        self._control = control(self)
        self.bridge = Bridge(services.hal, first, second, self._control.capture.tap, self._on_rtp_key)
        self._first = first
        self._second = second
        self._wake = asyncio.Event()
        self._ended = None  # the CallEnded, once it is over
        self._faulty = False
        self._state_changed = False  # of the recording, and a telephone may have to be notified
        self._not_before = [0, 0]  # of each leg: when it may be notified, in milliseconds of the HAL
        self._answered = None
        self._confirmed = None
        self._unseen = 3  # bit 0: no media of the near leg has come yet, bit 1: of the far leg
        self.recording = None
        self.gives_way = False  # it ends for an emergency call

    # events, from the gateway and the relays

    def on_sip(self, event):
        try:
            self._handle(event)
        except MemoryError:
            self._control.fail()
            if event.kind == sip_event.OFFER and event.call.offered:
                event.call.refuse(500, self._hal.ms())  # the session does not change
            raise

    def _handle(self, event):
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

            self._on_session(renegotiation.offered(self.bridge, event, self.state(), self._hal.ms()))
        elif kind == sip_event.UPDATED:
            leg = self.bridge.leg_of(event.call)
            self._on_session((leg, event.message, leg.agreed, False))
        elif kind == sip_event.ACCEPTED:
            from recorder.call import renegotiation

            self._on_session(renegotiation.accepted(self.bridge, event))
        elif kind == sip_event.REFUSED:
            self._offer_refused(self.bridge.leg_of(event.call), event.status)
        self._wake.set()

    def _on_session(self, session):
        leg, message, agreed, hold_changed = session
        if hold_changed and self.recording:
            self.recording.event("on_hold", leg.side, leg.held)
        if agreed:
            self._control.on_session(leg.side, message, agreed)

    def _on_rtp_key(self, side, digit):
        self._on_key(side, digit, "rfc4733")

    def _on_key(self, side, digit, channel):
        try:
            self._on_media(side, "key")
            self._control.on_key(side, digit, channel)
        except MemoryError:
            self._control.fail()
            raise
        finally:
            self._wake.set()

    def _on_media(self, side, how):
        """The first packet or key of a leg, or ("none") the end without one: the recording says which."""
        if self._unseen >> side & 1:
            self._unseen &= ~(1 << side)
            if self.recording:
                self.recording.event("confirmed", side, how)

    def _check_media(self):
        for relay in self.bridge.relays:
            if relay.state[fast_path.LENGTH]:
                self._on_media(relay.leg, "rtp")

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
        return self._control.state.record

    def control(self, action, by):
        """start, stop, pause or resume the recording, for the worker's side -> "", or why it is not done."""
        reason = self._control.command(action, by)
        self._wake.set()
        return reason

    def end(self, side, status, reason):
        """Ends the call. Only the first reason counts."""
        if not self._ended:
            self._ended = CallEnded(side, status, reason)
        self._wake.set()

    @property
    def ended(self):
        """Whether it is over for the parties; its recording may still have to be signed."""
        return self._ended is not None

    def raise_end(self, side, status, reason):
        self.end(side, status, reason)
        raise self._ended

    # the stages

    async def converse(self):
        """The call from its INVITE to its end, which is a CallEnded."""
        control = self._control
        await self._open_recording()
        records_all = control.records_all
        if records_all and control.notice_first and self._first.side == FAR:
            await self._answer_first()
            await control.obtain_consent()
            await self._dial()
        else:
            await self._dial()
            await self._answer_first()
            if records_all:
                await control.obtain_consent()
        await control.connect_parties()
        while True:
            await self.next(None)
            if control.state.waiting:
                await control.connect_parties()

    async def run(self):
        self._hal.calls += 1
        try:
            await self.converse()
        except CallEnded as ended:
            side, status, reason = ended.args
            if self.recording:
                self.recording.event("hang_up", FAR if side is None else side, status, reason)
        finally:
            try:
                status = self._ended.args[1] if self._ended and self._ended.args[1] >= 400 else 480
                self.bridge.hang_up(status)
                self._services.flush()
            finally:
                try:
                    await self._close()
                finally:
                    self._hal.calls -= 1
                    self._services.flush()

    async def _open_recording(self):
        """Every call has a recording, with audio or without."""
        services = self._services
        control = self._control
        control.select_line(self._first)
        try:
            if services.documents.recipients():  # without them no key will ever be ready
                await asyncio.wait_for_ms(services.keypool.ready(), KEYS_MS)
            if services.recordings is None:
                raise SpoolError("start")
            self.recording = await steps(services.recordings.open_steps(control.policy))
        except (SpoolError, asyncio.TimeoutError) as exc:
            self._log("call not recorded: " + (str(exc) or "no keys"))
            services.unrecorded.add(getattr(exc, "why", "keys"))
            control.refuse_if_required()
            return
        control.write_first_events(self._first)
        services.unrecorded.tell(self.recording)

    async def _answer_first(self):
        leg = self._first
        if self._ended:
            raise self._ended
        sip = leg.sip
        offer = sip.body_received
        encodings = (self._second.agreed.encoding,) if self._second.agreed else sdp.ENCODINGS
        leg.supports_record_aware = sip.request.has("supported", "record-aware")
        try:
            if offer is None:  # the appliance makes the offer; the caller's answer comes with the ACK
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
        self._control.on_session(leg.side, message, agreed, called)

    async def _dial(self):
        leg = self._second
        if self._ended:  # while the recording was opened
            raise self._ended
        uri, address, credentials = self._target
        first = self._first
        encodings = sdp.ENCODINGS
        agreed = first.agreed
        try:
            if agreed:
                encodings = (agreed.encoding,)
            elif first.sip.body_received:
                # nothing is transcoded: the other party is offered what the caller supports
                agreed = first.endpoint.answer(first.sip.body_received)[1]
                encodings = agreed.encodings
        except sdp.SdpError as exc:
            self.raise_end(first.side, 488, str(exc))
        services = self._services
        event_type = agreed.event_type if agreed and agreed.event_type else 101
        record = "on" if self._control.consent_given else None  # "off" may change a moment later
        body = leg.endpoint.offer(encodings=encodings, event_type=event_type, record=record)
        leg.announced_state = record or ""
        leg.sip = services.invite(uri, first.sip.caller, body, address, credentials, self)
        deadline = self._hal.ms() + self.ring_timeout_ms
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
        """The timers of the conversation. The gateway calls it some twenty times a second; it allocates nothing."""
        if self._ended or self._faulty:
            return
        if self._unseen:
            self._check_media()
        if not self.bridge.up:
            return
        for relay in self.bridge.relays:
            if relay.held_keys:
                relay.tell_held_keys()
        now = fast_path.ticks()
        self._control.tick(now)
        if self._state_changed:
            self._notify_state()
        if self.bridge.media_timed_out(now):
            self.end(None, 408, "no audio for long")

    def fail(self, reason="fault"):
        """After a fault in `tick`: the conversation goes on, nothing more is recorded, and `tick` does nothing from now on."""
        self._faulty = True
        self._control.fail(reason)

    def give_way(self):
        """Ends the call, so that an emergency call has its place. A tone tells the parties, if there is memory for it."""
        self.gives_way = True
        try:
            from recorder.call import way_tone

            asyncio.create_task(way_tone.end(self, GAVE_WAY, self._log))
        except MemoryError:
            self.end(None, 503, GAVE_WAY)

    async def next(self, timeout_ms):
        """Waits for an event of the call, or until the time is over. Raises CallEnded."""
        if not self._ended:
            if timeout_ms is None:
                await self._wake.wait()
            else:
                try:
                    await asyncio.wait_for_ms(self._wake.wait(), timeout_ms)
                except asyncio.TimeoutError:
                    pass
            self._wake.clear()
        if self._ended:
            raise self._ended

    async def while_up(self, work):
        """Runs a coroutine as long as the call lasts -> what it returns, None where it failed. Raises CallEnded."""
        done = []
        task = asyncio.create_task(self._run_and_wake(work, done))
        try:
            while not done:
                await self.next(None)
        finally:
            task.cancel()
            await asyncio.sleep_ms(0)  # the event of a notice that was cut short comes before the hang-up
        return done[0]

    async def _run_and_wake(self, work, done):
        result = None
        try:
            result = await work
        finally:
            done.append(result)  # after a fault too, which would otherwise block the call
            self._wake.set()

    async def _close(self):
        bridge = self.bridge
        bridge.close()
        self._control.end()
        recording = self.recording
        if not recording:
            return
        self._check_media()
        for leg in bridge.legs:
            if leg.agreed:
                self._on_media(leg.side, "none")
        if bridge.up:
            for relay in bridge.relays:
                recording.event("quality", relay.leg, *relay.quality())
                if relay.dropped:
                    recording.event("gap", relay.leg, relay.dropped, 0, "not of the session, or no room to send")
                if relay.state[fast_path.TOO_LONG]:
                    recording.event("gap", relay.leg, relay.state[fast_path.TOO_LONG], 0, "longer than a frame takes")
        reason = await self._control.close(self._ended is not None and self._ended.args[1] in (200, 487))
        await recording.close(reason)
        self._log("call %d ended: %s" % (recording.number, reason))
