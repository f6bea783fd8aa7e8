"""The SIP gateway: one agent on one UDP port, and the calls that it bridges.

The source address of an INVITE decides its side. The near side is the worker's: a phone with a fixed address, or one that
registers here. The far side is the trunk: a fixed address, or a server that the appliance registers with.

A turn of the event loop takes a few datagrams, and its answers are sent after each, so that neither a flood nor a burst
delays audio. What is refused or dropped is counted by kind (testigo_wire/sip/refusals.py); the log tells it once a minute.
"""

import asyncio
import time

from recorder.call.call import Call
from recorder.call.emergency import Emergency
from recorder.call.sources import COUNTED, DROP, HOST, LINE, MODE, Sources
from recorder.consent.recording_control import RecordingControl
from recorder.loading import unload
from recorder.media.leg import FAR, Leg, PortError
from recorder.udp_poll import clear_peer_closed
from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import refusals
from testigo_wire.sip.dialog import is_numeric
from testigo_wire.sip.message import SipError
from testigo_wire.sip.message import uri as parse_uri

DATAGRAM = 2048
START = 12  # of a datagram: what shows its method
REQUEST_LINE = 128
TURN = 32  # of the event loop: what may be spent on datagrams
PROCESSED = 8  # a datagram costs so much
DROPPED = 1
TICK_MS = 50


class Gateway:
    """settings: body of the settings document (testigo_wire.policy.documents). host: the appliance's address on the network.

    store: has documents, recordings, spool and keypool.
    """

    def __init__(self, hal, primitives, store, settings, host, log):
        self.hal = hal
        self.primitives = primitives
        self.documents = store.documents
        self.recordings = store.recordings  # None where that stage of the start failed
        self.unrecorded = store.spool.unrecorded
        self.keypool = store.keypool
        self.calls = []
        self.registration = ""
        self.turns = 0  # of `run`, since it was last set to 0
        self.log = log
        self._told = [0] * refusals.KINDS
        self._refused_log = None
        self._unknown = None  # the source of the last of these
        self._byte = bytearray(1)
        self._host = host
        self.older = None  # the gateway of earlier settings, while its calls last
        self._adopt(settings)
        self.address = (host, settings.sip[1])
        from recorder.call import sides

        self._agent = sip_agent.Agent(host, settings.sip[1], hal.random, max_calls=self._sip_calls)
        self._agent.gate = self._gate
        self.refused = self._agent.refused
        self.sources = Sources(hal, self._sides, self._agent)
        sides.look_up(self._sides, self.sources, hal, log)
        sides.open_all(self._agent, self._sides, self.sources, hal)
        unload("recorder.call.sides")
        self._sock = hal.udp(*self.address)  # last: a failure before it leaves no port in use
        hal.hold_many(self._sock)
        hal.on_readable(self._sock, self._receive, False)
        self.emergency = Emergency(self, settings, host, log)
        self._agent.is_urgent = self.emergency.is_urgent
        self.flush()

    def _adopt(self, settings):
        sip = settings.sip
        self.line_name = sip[4][LINE]
        self._max_calls = settings.max_calls
        self._sip_calls = 2 * self._max_calls * (1 if self.hal.heap_small else 2) + 1  # see beyond.py
        self.ports = (sip[2], sip[3])
        self._sides = (sip[4], sip[5])

    def apply(self, settings):
        """Puts other settings for the same address and port into force; calls that are up go on as they began. Raises OSError
        where a name cannot be looked up, and then the old settings stay."""
        from recorder.call import new_settings

        unload("recorder.call.new_settings", "recorder.call.sides")
        self.sources = new_settings.reopen(self, self._agent, self.sources, self._sides, settings.sip[4:6])
        self._adopt(settings)
        self._agent.set_max_calls(self._sip_calls)
        self.emergency.change(settings)
        self.flush()

    def retire(self):
        """The settings have another address or port: takes no more calls. Those that are up end here."""
        self._agent.gate = lambda message, source: 503
        self._agent.is_urgent = None
        del self._agent.registrations[:]
        self.emergency.close()

    def close(self):
        self.emergency.close()
        self.hal.forget(self._sock)
        self._sock.close()

    # datagrams in and out

    def _receive(self):
        left = TURN
        while left > 0:
            try:
                datagram, raw = self.hal.peek(self._sock, START) or self._sock.recvfrom(DATAGRAM)
                now = self.hal.ms()
                source = self.sources.admits(datagram, raw, now) if datagram else DROP
                if self.hal.CAN_PEEK:
                    if source == DROP:
                        self._sock.readinto(self._byte)
                    else:
                        datagram, raw = self._sock.recvfrom(DATAGRAM)
            except MemoryError:
                self._drop_unread()
                return
            except OSError:
                return
            if source == DROP:
                left -= DROPPED
                if datagram:
                    self.refused[refusals.RATE] += 1
                else:
                    clear_peer_closed(self._sock)  # some phones send them to keep a NAT binding open
                continue
            left -= PROCESSED
            begun = time.ticks_us()
            try:
                self._process(datagram, self.hal.peer(raw), now)
            except MemoryError:
                self.refused[refusals.MEMORY] += 1  # nothing was kept of it; its peer repeats it
            self.flush()
            if source == COUNTED:
                self.sources.spend(time.ticks_diff(time.ticks_us(), begun))

    def _drop_unread(self):
        """There is no memory for the next datagram, which would be the next one again. Its beginning shows whether it is an
        emergency call, for which memory is kept back: its telephone sends it again."""
        self.refused[refusals.MEMORY] += 1
        try:
            start, raw = self._sock.recvfrom(REQUEST_LINE)
            self.emergency.frees_memory(start, self.hal.peer(raw))
        except MemoryError:
            self._sock.readinto(self._byte)

    def _process(self, datagram, source, now):
        try:
            events = self._agent.receive(datagram, source, now)
        except MemoryError:
            if not self.emergency.frees_memory(datagram, source):
                raise
            events = self._agent.receive(datagram, source, now)
        self._handle(events)

    async def run(self):
        """Timers of the transactions and of the calls; ends only by being cancelled."""
        while True:
            await asyncio.sleep_ms(TICK_MS)
            self.turns += 1
            try:
                self._tick(self.hal.ms())
            except Exception as exc:  # noqa: BLE001 - the calls' timers go on
                self.failed("SIP timer", exc)
            for call in self.calls:
                try:
                    call.tick()
                except Exception as exc:  # noqa: BLE001 - the other calls' timers go on
                    self.failed("timer", exc)
                    call.fail()

    def _tick(self, now):
        agent = self._agent
        deadline = agent.deadline()
        if deadline is not None and deadline <= now:
            self._handle(agent.tick(now))
        self.flush()
        self._end_unowned(now)
        self.emergency.tick(now)
        if self.refused != self._told:
            self._tell(now)

    def _end_unowned(self, now):
        """Ends SIP calls for which the gateway could not make a call, or whose call has ended without memory for a BYE. An
        emergency call waits for its own."""
        for sip in self._agent.calls:
            if sip.owner is None and not sip.ending and not sip.urgent:
                sip.hang_up(now, 503)
                self.flush()
                break  # the list has changed; the next tick takes the next one

    def _tell(self, now):
        from recorder.call.refused_log import RefusedLog  # loaded for the first one

        if self._refused_log is None:
            self._refused_log = RefusedLog(self.log)
        self._refused_log.tell(self.refused, self._told, self._unknown, now)

    def flush(self):
        """Handles the events that actions of calls left, then sends the messages that wait."""
        agent = self._agent
        try:
            while len(agent.events):
                self._handle(agent.events.take())
            for datagram, address in agent.datagrams():
                self._send(datagram, address)
        except MemoryError:
            self.refused[refusals.MEMORY] += 1  # what still waits is sent by the next tick

    def _send(self, datagram, address):
        try:
            if not is_numeric(address[0]):  # a look-up would block every call
                raise OSError
            self._sock.sendto(datagram, self.hal.address(address[0], address[1]))
        except OSError:
            self.refused[refusals.UNSENT] += 1

    def _handle(self, events):
        for event in events:
            kind = event.kind
            try:
                if kind == sip_event.INCOMING:
                    self._incoming(event)
                elif kind in (sip_event.REGISTERED, sip_event.UNREGISTERED):
                    self._registered(event)
                elif kind == sip_event.BINDING:
                    self.sources.refresh()
                elif event.call.owner:
                    event.call.owner.on_sip(event)
            except Exception as exc:  # noqa: BLE001 - the next events belong to other calls
                self.failed("SIP", exc)
                if kind == sip_event.INCOMING and event.call.owner is None:
                    event.call.urgent = False  # the next tick ends it

    def failed(self, what, exc):
        try:
            self.log.traceback(what + " failed: ", exc)
        except MemoryError:
            self.refused[refusals.MEMORY] += 1  # the other calls go on

    def _registered(self, event):
        if event.kind == sip_event.REGISTERED:
            text = "registered"
        else:
            text = "registration failed: %d %s" % (event.status, event.reason or "")
        if text != self.registration:
            self.registration = text
            self.log(text)

    # calls

    def _incoming(self, event):
        sip = event.call
        if sip.urgent:
            self.emergency.calls().incoming(sip)
            return
        side = self.side_of(sip.target)
        other = 1 - side
        target = self.target(other, sip)
        if target is None:
            config = self._sides[other]
            if config[MODE] == "registrar":
                self._refuse(sip, 480, "no phone", "no phone is registered")
            else:
                self._refuse(sip, 480, "no address", config[HOST] + " has no address")
            return
        call_back = side == FAR and self.emergency.expects_call_back
        place = self._has_place(call_back)
        if not place and not self._may_exceed():
            self._refuse(sip, 486, "busy", "%d calls are up" % len(self.calls))
            return
        if call_back and place:
            if not self.emergency.calls().call_back(sip, target):
                self._refuse(sip, 503, "resources", "no ports or memory for a call back")
            return
        legs = []
        try:
            legs.append(Leg(self.hal, side, self._host, self.ports))
            legs.append(Leg(self.hal, other, self._host, self.ports))
            legs[0].sip = sip
            call = Call(self, legs[0], legs[1], self._control, target, self.log)
            call.has_place = place
            self.start(call)
        except (PortError, MemoryError) as exc:
            for leg in legs:
                leg.close()
            self._refuse(sip, 503, "resources", str(exc) or "memory")
            return
        sip.owner = call

    def _control(self, call):
        return RecordingControl(call, self, self.line_name)

    def start(self, call):
        """Runs a call that has its legs. Raises MemoryError, and then the call is not there."""
        task = self._run(call)
        self.calls.append(call)
        try:
            asyncio.create_task(task)
        except MemoryError:
            self.calls.remove(call)
            raise

    def _has_place(self, call_back=False):
        """Whether another call may begin that can be recorded. A call that has ended stays in `calls` while its recording is
        signed, and takes no place; but no more than `max_calls` may be at that. There is one place more for a call back."""
        up = len(self.older.calls) if self.older else 0
        held = 0
        for call in self.calls:
            if call.has_place:
                held += 1
                up += not call.ended
        return up < self._max_calls + call_back and held < 2 * self._max_calls + call_back

    def _may_exceed(self):
        """Whether one call more is connected, which is not recorded."""
        if self.hal.heap_small:
            return False
        from recorder.call import beyond

        unload("recorder.call.beyond")
        return beyond.may_begin(self, self._all_calls(), self._max_calls)

    def _refuse(self, sip, status, why, text):
        """A call that leaves no recording, and is counted."""
        self.log("call refused: " + text)
        sip.reject(status, self.hal.ms())
        self.unrecorded.add(why)

    def open(self):
        """[[number of the recording, "on", "off" or "paused"], ...] of the calls that are up."""
        return [[call.recording.number, call.state()] for call in self._all_calls() if call.recording]

    def _all_calls(self):
        return self.calls + self.older._all_calls() if self.older else self.calls

    def control(self, action, number):
        """As of by_command.py."""
        from recorder.call import by_command

        unload("recorder.call.by_command")
        return by_command.run(self._all_calls(), action, number)

    async def _run(self, call):
        try:
            await call.run()
        except Exception as exc:  # noqa: BLE001 - a fault of one call must not end the others, and is logged
            self.failed("call", exc)
        finally:
            self.calls.remove(call)
            for leg in call.bridge.legs:
                if leg.sip:
                    leg.sip.owner = None  # its transactions wait half a minute, and would keep the call and its buffers
                    leg.sip.urgent = False
            self.flush()
            if not call.recorded:
                call.emergency.ended(call)

    def side_of(self, source):
        return self.sources.side_of(source)

    def _gate(self, message, source):
        """-> 0, or the status with which an INVITE is refused before anything is made for it."""
        if self.side_of(source) is None:
            self._unknown = source
            self.refused[refusals.UNKNOWN] += 1
            return 403
        return 0

    def target(self, side, sip, user=""):
        """As of Sources."""
        return self.sources.target(side, sip, user)

    def invite(self, uri, caller, body, address, credentials, owner):
        """The call's second leg. Returns the SIP call, whose events reach owner."""
        try:
            user = parse_uri(caller)[1] or "anonymous"
        except SipError:
            user = "anonymous"  # of a scheme that the far side would not take
        caller_uri = "sip:%s@%s" % (user, self._host)
        sip = self._agent.invite(uri, caller_uri, body, address, self.hal.ms(), credentials=credentials)
        sip.owner = owner
        self.flush()
        return sip
