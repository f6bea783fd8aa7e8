"""An appliance between two telephones for tests, all on real sockets in one process."""

import asyncio
import os
import socket
import struct

from recorder import files
from recorder.documents.store import Settings
from recorder.storage.primitives import DEVICE
from recorder.storage.spool import SpoolError
from support.device import stores
from testigo_wire.encoding.schema import KEYS
from testigo_wire.policy import documents, fields, recording_state
from testigo_wire.recording import audio_frame_reader
from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

HOST = "127.0.0.1"
# Below what systems hand out by themselves, and below what the system tests take.
PORTS, PORTS_EACH, NEEDED = (4000, 6000, 8000, 10000), 2000, 20
NOTICE = 1600  # bytes of G.711: 200 ms
PACKET_MS = 20
ANYWHERE = ("confirmed", "dtmf", "on_hold", "hang_up", "quality")  # before or after the last frame of audio


class Board:
    NAME = "virtual"
    HAL = "hal_unix"
    HEAP_SMALL = False


def ports():
    """The first of twenty free ports. No two workers of pytest have the same: a test closes them and opens them again."""
    worker = int((os.getenv("PYTEST_XDIST_WORKER") or "gw0")[2:]) % 4
    while True:
        first = PORTS[worker] + int.from_bytes(os.urandom(2), "big") % (PORTS_EACH // NEEDED) * NEEDED
        held = []
        try:
            for port in range(first, first + NEEDED):
                held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                held[-1].bind(socket.getaddrinfo(HOST, port)[0][-1])
            return first
        except OSError:
            continue
        finally:
            for sock in held:
                sock.close()


def side(port, mode="trunk", host=HOST):
    return [mode, host, port, "", "", "", "main"]


def settings(port, version=1, bind=HOST, **sides):
    near, far = sides.get("near") or side(port + 1), sides.get("far") or side(port + 2)
    return stores.sign("settings", version, [["none"], [bind, port, port + 6, port + 14, near, far], ["serial"], 2])


def line(**changes):
    """A line of a policy: hearing the notice is enough, 9 objects; changes by the names of policy/fields.py, in lower case."""
    made = stores.LINE[:]
    made[fields.RULE] = "notify"
    for name in changes:
        made[getattr(fields, name.upper())] = changes[name]
    return made


def policy(*lines):
    numbering = ["34", "", "00"]
    body = [0, 0, "Controller", "contact", "example.net", bytes(32), numbering, [], stores.recipients(), list(lines)]
    return stores.sign("policy", 1, body)


class VerboseAgent(sip_agent.Agent):
    """An agent with headers of its own (`more`) and parameters of the Contact (`parameters`)."""

    more = ()
    parameters = ""

    def describe(self, message, local):
        super().describe(message, local)
        for name, value in self.more:
            message.add(name, value)

    def contact(self, value):
        return super().contact(value) + self.parameters


class Phone:
    """An agent and an RTP socket. invite() calls the appliance; a call that comes is answered at once.

    events: kinds, as they came. offers: what the appliance offered in the call. heard: payloads. extra: lines of its SDP.
    rings: a call that comes is answered by pick_up().
    """

    def __init__(self, hal, port, event_type=101):
        self.hal = hal
        self.sock = hal.udp(HOST, port)
        self.rtp = hal.udp(HOST, port + 2)
        self.agent = VerboseAgent(HOST, port, hal.random)
        self.media = sdp.Endpoint(HOST, port + 2, hal.random)
        self.event_type = event_type
        self.events = []
        self.offers = []
        self.heard = []
        self.extra = b""
        self.glare = 0  # so many offers are answered by `refusal`
        self.refusal = 491
        self.acks_to_lose = 0
        self.acknowledged = False  # by `offer_late`
        self.rings = False
        self.fill = 0  # what it says: payloads of this byte
        self.call = None
        self._sequence = self._time = 0
        self._speaking = None
        hal.on_readable(self.sock, self.receive)
        hal.on_readable(self.rtp, self._hear)

    def receive(self):
        while True:
            try:
                data, raw = self.sock.recvfrom(2048)
            except OSError:
                break
            for event in self.agent.receive(data, self.hal.peer(raw), self.hal.ms()):
                self.events.append(event.kind)
                self.call = event.call
                if event.kind == sip_event.INCOMING:
                    if self.rings:
                        event.call.ring(self.hal.ms())
                    else:
                        self.pick_up()
                elif event.kind in (sip_event.ANSWERED, sip_event.ACCEPTED):
                    self.agreed = self.media.accept(event.body)
                elif event.kind == sip_event.OFFER:
                    self._offered(event)
        self.flush()

    def pick_up(self):
        body, self.agreed = self.media.answer(self.call.body_received)
        self.call.answer(body + self.extra, self.hal.ms())
        self.flush()

    def _offered(self, event):
        self.offers.append(event.body)
        if self.glare:
            self.glare -= 1
            event.call.refuse(self.refusal, self.hal.ms())
        else:
            body, self.agreed = self.media.answer(event.body)
            event.call.accept(body + self.extra, self.hal.ms())

    def _hear(self):
        while True:
            try:
                self.heard.append(bytes(self.rtp.recv(2048)[12:]))
            except OSError:
                return

    def flush(self):
        for data, (host, port) in self.agent.datagrams():
            if self.acks_to_lose and data.startswith(b"ACK"):
                self.acks_to_lose -= 1
                continue
            self.sock.sendto(data, self.hal.address(host, port))

    def invite(self, port, uri="sip:100@x", body=b"", caller="sip:200@x", direction="sendrecv"):
        offer = self.media.offer(encodings=("PCMU",), event_type=self.event_type, direction=direction)
        body = body or offer + self.extra
        self.call = self.agent.invite(uri, caller, body, (HOST, port), self.hal.ms(), headers=self.agent.more)
        self.flush()

    def offer(self, body=None, direction="sendrecv"):
        """A re-INVITE; by default with the same session as before."""
        body = body or self.media.offer(encodings=("PCMU",), event_type=self.event_type, direction=direction)
        self.call.offer(body + self.extra, self.hal.ms())
        self.flush()

    def offer_late(self, delay_ms, **who):
        """A re-INVITE of somebody else (see `become`) that leaves the offer to the appliance, and answers it in the ACK."""
        call = self.call
        self.become(**who)

        async def acknowledge(message):
            await asyncio.sleep_ms(delay_ms)
            body, self.agreed = self.media.answer(message.body)
            call._acknowledge(call.dialog, request, body)
            self.flush()
            self.acknowledged = True

        def answered(transaction, message, now):
            if message.status >= 200 and call.offering:
                call.offering = None
                asyncio.create_task(acknowledge(message))

        call._on_offer_answer = answered
        call.offer(None, self.hal.ms())
        request = call.offering.request
        self.flush()

    def become(self, **who):
        """Somebody else is on this telephone from the next message on. who: session (another o=), asserted, name (From)."""
        if who.get("session"):
            self.media = sdp.Endpoint(HOST, self.media.port, self.hal.random)
        if who.get("asserted"):
            self.agent.more = (("p-asserted-identity", who["asserted"]),)
        if who.get("name"):
            local = self.call.dialog.local
            self.call.dialog.local = "<%s>%s" % (who["name"], local[local.rfind(";tag=") :])

    def hang_up(self):
        self.call.hang_up(self.hal.ms())
        self.flush()

    def key(self, event, payload_type, time, ssrc=0x01020304):
        self._sequence += 1
        head = struct.pack(">BBHII", 0x80, payload_type, self._sequence & 0xFFFF, time, ssrc)
        self.rtp.sendto(head + bytes((event, 10, 0, 160)), self.hal.address(self.agreed.host, self.agreed.port))

    async def press(self, keys):
        for digit in keys:
            self.key(KEYS.index(digit), self.event_type, self.hal.ms() * 8 & 0xFFFFFFFF)
            await asyncio.sleep_ms(PACKET_MS)

    def speak(self, fill):
        """Says payloads of this byte from now on; `say` says one."""
        self.fill = fill
        if self._speaking is None:
            self._speaking = asyncio.create_task(self._speak())

    def be_silent(self):
        if self._speaking:
            self._speaking.cancel()
            self._speaking = None

    async def _speak(self):
        while True:
            self.say(self.fill)
            await asyncio.sleep_ms(PACKET_MS)

    def say(self, fill):
        self._sequence += 1
        self._time += 160
        head = struct.pack(">BBHII", 0x80, 0, self._sequence & 0xFFFF, self._time, 0x05060708)
        self.rtp.sendto(head + bytes((fill,)) * 160, self.hal.address(self.agreed.host, self.agreed.port))

    def close(self):
        self.be_silent()
        for sock in (self.sock, self.rtp):
            self.hal.forget(sock)
            sock.close()


async def until(done, what, limit=100):
    for _ in range(limit):
        if done():
            return
        await asyncio.sleep_ms(50)
    raise AssertionError("waited for " + (what if isinstance(what, str) else what()))


async def join_as(phone, **who):
    """Somebody else is on this telephone now, and the appliance knows it."""
    phone.events.clear()
    phone.become(**who)
    phone.offer()
    await until(lambda: sip_event.ACCEPTED in phone.events, "the answer")


class Sealed:
    """A sealed recording without findings of the verifier.

    event_names: of its events in their order, and "audio" where there is some; those of ANYWHERE are left out.
    packets: [(leg, ms, payload), ...].
    """

    def __init__(self, app, number):
        items = []
        verifier = app.verify(number, items=items)
        assert not verifier.findings, (number, verifier.findings)
        self.events = verifier.events
        self.reason = verifier.seal[4]
        self.gone = verifier.gone
        self.packets = []
        names = []
        for item in items:
            if item.kind == "frame" and item.stream:
                self.packets += [(leg, ms, data[12:]) for leg, ms, data in audio_frame_reader.parse(item.plaintext)]
                if names[-1] != "audio":
                    names.append("audio")
            elif item.kind == "frame" and item.event[0] not in ANYWHERE:
                names.append(item.event[0])
        self.event_names = " ".join(names)

    def all(self, name):
        """The fields of every event of that name, without name and time."""
        return [event[2:] for event in self.events if event[0] == name]

    def spoken(self, leg):
        """The bytes of `Phone.speak` that were recorded of a party, each once, in the order in which they came."""
        found = []
        for one, _, payload in self.packets:
            if one == leg and len(payload) == 160 and payload[0] not in found:
                found.append(payload[0])
        return found


class Rig:
    def __init__(self, app, port):
        self.app = app
        self.port = port
        app.SpoolError = SpoolError
        self.near, self.far = Phone(app.hal, port + 1), Phone(app.hal, port + 2)
        self.gateway = gateway_of(app, settings(port))
        self.tasks = [asyncio.create_task(self.gateway.run()), asyncio.create_task(app.keypool.run())]

    @property
    def call(self):
        return self.gateway.calls[0]

    @property
    def control(self):
        return self.call._control

    @property
    def capture(self):
        return self.control.capture

    @property
    def state(self):
        return self.control.state

    @property
    def limit_reached(self):
        return self.state.over_by == recording_state.LIMIT

    async def talk(self, caller=None, recorded=True):
        """A call of the far party (or of `caller`) up to a conversation in which both speak."""
        (caller or self.far).invite(self.port)
        await until(lambda: self.gateway.calls and self.call.bridge.up, lambda: "the conversation: " + self.log())
        if recorded:
            await until(lambda: self.capture.on, lambda: "recording: " + self.log())
        self.near.speak(1)
        self.far.speak(2)
        await asyncio.sleep_ms(300)

    async def sealed(self, phone=None):
        """Hangs up, unless the call is over -> the Sealed recording."""
        number = self.app.spool.next_number - 1
        if self.gateway.calls:
            (phone or self.far).hang_up()
        await until(lambda: not self.gateway.calls, lambda: "the end: " + self.log())
        return Sealed(self.app, number)

    async def close(self, clean=True):
        """clean: no fault was logged."""
        await until(lambda: not self.gateway.calls, lambda: "calls to end: " + self.log())
        assert not self.app.hal.calls
        assert not clean or not ("failed:" in self.log() or "packet handler" in self.log()), self.log()
        for task in self.tasks:
            task.cancel()
        self.gateway.close()
        self.near.close()
        self.far.close()
        stores.remove_tree(self.app.root)

    def log(self):
        return "\n".join(self.app.log.lines())


def gateway_of(app, data):
    from recorder.call.gateway import Gateway  # here: from the top its chain of imports would be too deep for the stack

    return Gateway(app.hal, DEVICE, app, Settings(documents.parse(data)), HOST, app.log)


async def install_notice(app, name="hello", length=NOTICE, encodings=("PCMU",), version=1):
    """The audio of a notice that is in force now, by encoding."""
    audio = {encoding: os.urandom(length) for encoding in encodings}
    ok, why = await app.documents.accept(stores.notice(audio, version, name))
    assert ok, why
    for encoding in encodings:
        app.documents.blob("%s.%s" % (name, encoding), 0, audio[encoding], True)
    return audio


async def rig(name, *lines, notices=("hello",)):
    """An office whose policy has these lines. rig.notices: audio by notice and encoding."""
    root = stores.fresh_root(name)
    stores.provision(root)
    files.replace(root + "/policy.tsd", policy(*(lines or (stores.LINE,))))
    app = await stores.Appliance(root).boot()
    audio = {}
    for notice in notices:
        audio[notice] = await install_notice(app, notice)
    made = Rig(app, ports())
    made.notices = audio
    return made
