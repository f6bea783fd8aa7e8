"""The SIP gateway: one agent on one UDP port, and the calls that it bridges.

The source address of an INVITE decides its side. The near side is the worker's: a phone with a fixed address, or one that
registers here. The far side is the trunk: a fixed address, or a server that the appliance registers with.
"""

import asyncio
import io
import sys

from recorder.call.call import Call
from recorder.call.emergency import Emergency
from recorder.consent.recording_control import RecordingControl
from recorder.media.leg import FAR, NEAR, Leg, PortError
from recorder.udp_poll import clear_peer_closed
from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.message import SipError
from testigo_wire.sip.message import uri as parse_uri

MODE, HOST, PORT, USER, AUTH_USER, PASSWORD, LINE = range(7)
SIDES = ("near", "far")
DATAGRAM = 2048
TICK_MS = 50


class Gateway:
    """settings: body of the settings document (testigo_wire.policy.documents). host: the appliance's address on the network.

    store: has documents, recordings and keypool.
    """

    def __init__(self, hal, primitives, store, settings, host, log):
        self.hal = hal
        self.primitives = primitives
        self.documents = store.documents
        self.recordings = store.recordings
        self.keypool = store.keypool
        self.calls = []
        self.registration = ""
        self._unknown_source = ""
        self.log = log
        self._host = host
        sip = settings.sip
        self.line_name = sip[4][LINE]
        self._max_calls = settings.max_calls
        self.ports = (sip[2], sip[3])
        self._sides = (sip[4], sip[5])
        self._agent = sip_agent.Agent(host, sip[1], hal.random, max_calls=2 * self._max_calls + 1)
        self._agent.source_filter = self.side_of
        self._addresses = {}
        for side in self._sides:
            self._open_side(side)
        self._sock = hal.udp(host, sip[1])  # last: a failure before it leaves no port in use
        hal.on_readable(self._sock, self._receive)
        self.emergency = Emergency(self, settings, host, log)
        self._agent.is_urgent = self.emergency.is_urgent
        self.flush()

    def _open_side(self, side):
        agent = self._agent
        now = self.hal.ms()
        if side[MODE] == "register":
            from testigo_wire.sip import register as sip_register

            aor = "sip:%s@%s" % (side[USER], side[HOST])
            sip_register.register(agent, aor, (self._resolve(side[HOST]), side[PORT]), self._credentials(side), now)
        elif side[MODE] == "registrar":
            from testigo_wire.sip import registrar as sip_registrar

            registrar = sip_registrar.Registrar("testigo", {side[USER]: side[PASSWORD]}, self.hal.random)
            agent.registrar = registrar
            agent.authenticator = registrar.authenticator
            other = self._sides[NEAR if side is self._sides[FAR] else FAR]
            agent.trusted = {self._resolve(other[HOST])} if other[HOST] else set()
        else:
            self._resolve(side[HOST])  # looked up once, here: a look-up blocks every call

    def _resolve(self, host):
        if host not in self._addresses:
            self._addresses[host] = self.hal.peer(self.hal.address(host, 5060))[0]
        return self._addresses[host]

    def _credentials(self, side):
        if not side[PASSWORD]:
            return None
        from testigo_wire.sip import auth as sip_auth  # loaded for a side that needs a password

        return sip_auth.Credentials(side[AUTH_USER] or side[USER], side[PASSWORD], self.hal.random)

    def close(self):
        self.emergency.close()
        self.hal.forget(self._sock)
        self._sock.close()

    # datagrams in and out

    def _receive(self):
        while True:
            try:
                datagram, raw = self._sock.recvfrom(DATAGRAM)
            except OSError:
                break
            if not datagram:  # some phones send them to keep a NAT binding open
                clear_peer_closed(self._sock)
                continue
            source = self.hal.peer(raw)
            try:
                events = self._agent.receive(datagram, source, self.hal.ms())
            except MemoryError:
                if not self.emergency.frees_memory(datagram, source):
                    raise
                events = self._agent.receive(datagram, source, self.hal.ms())
            self._handle(events)
        self.flush()

    async def run(self):
        """Timers of the transactions and of the calls; ends only by being cancelled."""
        while True:
            await asyncio.sleep_ms(TICK_MS)
            try:
                deadline = self._agent.deadline()
                if deadline is not None and deadline <= self.hal.ms():
                    self.flush()
                for call in self.calls:
                    try:
                        call.tick()
                    except Exception as exc:  # noqa: BLE001 - the other calls' timers go on
                        self.failed("timer", exc)
                        call.fail()
                self.emergency.tick(self.hal.ms())
            except Exception as exc:  # noqa: BLE001 - the calls' timers go on
                self.failed("SIP timer", exc)

    def flush(self):
        """Handles the timers that are due, then sends the messages that wait."""
        agent = self._agent
        deadline = agent.deadline()
        if deadline is not None and deadline <= self.hal.ms():
            self._handle(agent.tick(self.hal.ms()))
        for datagram, (host, port) in agent.datagrams():
            try:
                self._sock.sendto(datagram, self.hal.address(host, port))
            except OSError as exc:
                self.log("SIP to %s:%d: %s" % (host, port, exc))

    def _handle(self, events):
        for event in events:
            kind = event.kind
            try:
                if kind == sip_event.INCOMING:
                    self._incoming(event)
                elif kind in (sip_event.REGISTERED, sip_event.UNREGISTERED):
                    self._registered(event)
                elif kind != sip_event.BINDING and event.call.owner:
                    event.call.owner.on_sip(event)
            except Exception as exc:  # noqa: BLE001 - the next events belong to other calls
                self.failed("SIP", exc)
                if kind == sip_event.INCOMING and not event.call.owner:
                    event.call.hang_up(self.hal.ms(), 503)  # else it would count as a call for ever

    def failed(self, what, exc):
        text = io.StringIO()
        sys.print_exception(exc, text)
        self.log(what + " failed: " + text.getvalue()[-140:].replace("\n", ";"))

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
            self.emergency.incoming(sip)
            return
        side = self.side_of(sip.target)
        call_back = side == FAR and self.emergency.expects_call_back
        if not self._has_place(call_back):
            self._refuse(sip, 486, "busy", "%d calls are up" % len(self.calls))
            return
        other = 1 - side
        target = self.target(other, sip)
        if target is None:
            self._refuse(sip, 480, "no phone", "no phone is registered")
            return
        if call_back:
            if not self.emergency.calls().call_back(sip, target):
                self._refuse(sip, 503, "resources", "no ports or memory for a call back")
            return
        legs = []
        try:
            legs.append(Leg(self.hal, side, self._host, self.ports))
            legs.append(Leg(self.hal, other, self._host, self.ports))
            legs[0].sip = sip
            call = Call(self, legs[0], legs[1], self._control, target, self.log)
        except (PortError, MemoryError) as exc:
            for leg in legs:
                leg.close()
            self._refuse(sip, 503, "resources", str(exc))
            return
        sip.owner = call
        self.start(call)

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
        """Whether another call may begin. A call that has ended stays in `calls` while its recording is signed, and takes no
        place; but no more than `max_calls` may be at that. There is one place more for a call back."""
        up = 0
        for call in self.calls:
            up += not call.ended
        return up < self._max_calls + call_back and len(self.calls) < 2 * self._max_calls + call_back

    def _refuse(self, sip, status, why, text):
        """A call that leaves no recording, and is counted."""
        self.log("call refused: " + text)
        sip.reject(status, self.hal.ms())
        self.recordings.unrecorded.add(why)

    def open(self):
        """[[number of the recording, "on", "off" or "paused"], ...] of the calls that are up."""
        return [[call.recording.number, call.state()] for call in self.calls if call.recording]

    def control(self, action, number):
        """start, stop, pause, resume: of the recording of that number, 0 for the one call that is up.

        -> (its number, "" or why not).
        """
        chosen = [call for call in self.calls if not number or (call.recording and call.recording.number == number)]
        if len(chosen) != 1:
            return 0, "%d calls are up: say which" % len(chosen) if chosen else "no such call is up"
        call = chosen[0]
        return call.recording.number if call.recording else 0, call.control(action, "host")

    async def _run(self, call):
        try:
            await call.run()
        except Exception as exc:  # noqa: BLE001 - a fault of one call must not end the others, and is logged
            self.failed("call", exc)
        finally:
            self.calls.remove(call)
            self.flush()
            if not call.recorded:
                call.emergency.ended(call)

    def side_of(self, source):
        """The side whose address the datagram came from, by host and port first, then by host; None: neither."""
        for exact in (True, False):
            for side in (NEAR, FAR):
                if self._is_from(self._sides[side], source, exact):
                    return side
        if source[0] != self._unknown_source:  # logged once: the thousands of a scanner would wear out the flash
            self._unknown_source = source[0]
            self.log("INVITE from unknown source: %s:%d" % source)
        return None

    def _is_from(self, side, source, exact):
        if side[MODE] == "registrar":
            found = self._agent.registrar.lookup(side[USER], self.hal.ms())
            return found is not None and (found[1] == source if exact else found[1][0] == source[0])
        address = (self._resolve(side[HOST]), side[PORT])
        return address == source if exact else address[0] == source[0]

    def target(self, side, sip, user=""):
        """(request URI, address, credentials) of the leg to call, or None. user: the number, if not that of the INVITE."""
        config = self._sides[side]
        if config[MODE] == "registrar":
            found = self._agent.registrar.lookup(config[USER], self.hal.ms())
            return None if found is None else (found[0], found[1], None)
        address = (self._resolve(config[HOST]), config[PORT])
        if side == NEAR and config[USER]:
            user = config[USER]
        user = user or parse_uri(sip.callee)[1]
        return "sip:%s@%s:%d" % (user, config[HOST], config[PORT]), address, self._credentials(config)

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
