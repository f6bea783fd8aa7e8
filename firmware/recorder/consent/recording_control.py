"""What the policy wants of one call: whether it is to be recorded, who is told what and when, what is taken, and what the
record says in the end.

The call (`call.py`) walks through its stages and asks here at each. What may come in the middle of a conversation (a
command of the worker's side, somebody who joins) is in `steering.py`, loaded when it comes.
"""

import asyncio

from recorder.consent.notice_session import Asking
from recorder.media.bridge import HOLD_TIMEOUT_MS
from recorder.media.capture import Capture
from recorder.media.leg import FAR, NEAR
from recorder.storage.spool import SpoolError
from testigo_wire.policy import decision, fields
from testigo_wire.sip.message import SipError


class Conduct:
    """For `Steering` too: call, services, policy, line, asking, capture, informed (the worker), todo (somebody is to be told)."""

    def __init__(self, call, services, line_name):
        self.call = call
        self.services = services
        self._line_name = line_name
        self.policy = self.line = self.asking = None
        self._preferred = None  # by the worker's telephone
        self._why = ""  # why the call is not to be recorded
        self._voice = 0
        self.informed = False
        self.todo = False
        self.telling = False  # the parties do not hear each other
        self._erasing = None
        self._parties_full = None
        self._steering = None
        self.sessions = [None, None]  # of each leg: what its peer said of itself, and the origin of its session
        self.wanted = False  # on demand, by the worker
        self._reason = "cancelled"
        self.capture = Capture(services.hal, call.on_state_change)

    # before the first word

    def decide(self, first):
        """Which line of the policy applies, and whether the call is to be recorded. first: the leg that calls."""
        documents = self.services.documents
        self.policy = policy = documents.policy
        if policy is None:
            self._why = documents.policy_why
            return
        direction = "in" if first.side == FAR else "out"
        self.line = line = decision.find_line(policy.lines, self._line_name, direction)
        who = ("", "", "")
        if line is not None and (documents.objections or decision.asks_for_numbers(line)):
            asserted, sender, _ = heard_from(first.sip.request)
            who = self._numbers((sender, asserted, first.sip.callee))
        other = who[2] if direction == "out" else who[1] or who[0]
        self._why = decision.why_not(
            line, self.services.hal.unix_ms(), policy.offsets, other, line is not None and documents.objected(who)
        )
        if line and not self._why:
            self._voice = decision.first_voice(line, who[2])

    def open(self, first):
        """Writes down what is known of the call; its recording is open."""
        sip = first.sip
        line = self.line
        event = self.call.recording.event
        parties = [sip.caller, sip.callee]
        if line and line[fields.UNRECORDED_NUMBERS] != "full":
            from testigo_wire.policy import e164

            self._parties_full = tuple(parties)
            other = 0 if first.side == FAR else 1
            parties[other] = e164.kept(parties[other], line[fields.UNRECORDED_NUMBERS])
        direction = "in" if first.side == FAR else "out"
        event("call", line[fields.NAME] if line else "", direction, parties[0], parties[1], sip.call_id, "sip")
        if line is None:
            event("policy", 0, b"", "never", "notify")
        else:
            event("policy", self.policy.version, self.policy.digest, line[fields.MODE], line[fields.RULE])
        if self._why:
            event("unrecorded", self._why)
            self._reason = "unrecorded"
            return
        event("terms", line[fields.BASIS], line[fields.WORKER], line[fields.OBJECTION], line[fields.HIGH_LEVEL])
        services = self.services
        self.asking = Asking(
            services.primitives, services.documents, self.call.recording, line, self._voice, self._objected, self._end
        )

    def refuse_if_duty(self):
        """Recording is impossible: the call ends where recording is a duty, and goes on unrecorded elsewhere."""
        if self.line is not None and not self._why and self.line[fields.IMPOSSIBLE] == "refuse-call":
            self.call.raise_end(None, 503, "recording impossible")

    @property
    def asks(self):
        return self.asking is not None and self.line[fields.MODE] == "all"

    @property
    def notice_first(self):
        return self.line[fields.ORDER] == "notice-first"

    @property
    def given(self):
        return self.asking is not None and self.asking.given

    # who is told what

    async def ask(self):
        """Gives the notice to the other party and takes the answer."""
        if self.asking.begin():
            await self._run()

    async def _run(self):
        asking = self.asking
        bridge = self.call.bridge
        near, far = bridge.legs
        both = self.line[fields.NOTICE_LEGS] == "both" and near.agreed and far.agreed
        while await self._hears(far):
            legs = (FAR, NEAR) if both and not near.held else (FAR,)
            flows = tuple(bridge.flows[1 - side] for side in legs)  # what goes out to a leg comes from the other
            await self.call.while_up(asking.run(far.agreed.encoding, flows, legs))
            if not asking.held:
                break
        if asking.asking and not self.todo:  # a fault broke it off
            self.fail()
        if asking.given:
            self._reason = "hang-up"
            self._told(FAR)
        elif not self.call.recording.holds_audio:
            self._reason = "refused" if asking.refused else "unrecorded"
        if asking.failed:
            self.refuse_if_duty()

    async def _hears(self, leg):
        """Waits while a leg is on hold, which hears nothing -> whether there is still something to tell."""
        asking, bridge = self.asking, self.call.bridge
        if leg.held:
            bridge.forward(bridge.up)  # meanwhile they hear each other, and nothing is kept
            deadline = self.services.hal.ms() + HOLD_TIMEOUT_MS
            while leg.held and (asking.asking or asking.given):
                left = deadline - self.services.hal.ms()
                if left <= 0:
                    self.call.raise_end(None, 408, "on hold for long")
                await self.call.next(left)
            bridge.forward(False)
        return asking.asking or asking.given

    async def _inform(self):
        """Tells the worker, as the policy says."""
        asking = self.asking
        way, reference = self.line[fields.WORKER], self.line[fields.WORKER_REFERENCE]
        while way == "notice" and (NEAR, reference) not in asking.heard:
            bridge = self.call.bridge
            if not await self._hears(bridge.legs[NEAR]):
                return
            told = asking.tell(reference, bridge.legs[NEAR].agreed.encoding, bridge.flows[FAR], NEAR)
            if not await self.call.while_up(told) and not asking.missed:
                self.call.recording.event("unrecorded", "notice of the worker missing or incomplete")
                return
        self.worker_informed()

    def worker_informed(self):
        self.call.recording.event("worker", self.line[fields.WORKER], self.line[fields.WORKER_REFERENCE])
        self.informed = True
        self._told(NEAR)

    def _told(self, side):
        if self._steering:
            self._steering.parties.told(side)

    async def begin(self):
        """Both legs are up, or somebody is to be told in mid-call: tells all who have to be, takes what is agreed to, and
        lets the parties talk."""
        bridge = self.call.bridge
        if not bridge.up and self._preferred == "on" and self.asking and not self.asks and self.asking.begin():
            self.wanted = True  # from the first word on
            self.call.recording.event("started", "sdp")
        self.todo = self.telling = True
        while self.todo:  # somebody may join while another is being told
            self.todo = False
            bridge.forward(False)
            if self.asking and self.asking.asking:
                await self._run()
            if self.given and not self.informed:
                await self._inform()
        self.telling = False
        if self.given and self.informed:
            self._take()
        if self.given and not self.capture.on and not self.capture.paused:
            self.refuse_if_duty()
        bridge.forward(True)
        self.capture.bridged()

    def _take(self):
        call = self.call
        recording = call.recording
        try:
            self.capture.begin(recording, call.opened_ticks, self.line, call.bridge.flows, call.bridge.encodings())
        except (SpoolError, MemoryError) as exc:
            recording.event("unrecorded", str(exc) or "memory")
            return
        if self._parties_full:
            recording.event("parties", *self._parties_full)
            self._parties_full = None

    # what happens meanwhile

    def steering(self):
        if self._steering is None:
            from recorder.consent.commands import Steering

            self._steering = Steering(self)
        return self._steering

    def session(self, side, message, agreed, called=""):
        """A leg has a session, the first or another one. called: the URI that was called, where the peer was."""
        if self.asking is None:
            return
        preference, agreed.preference = agreed.preference, ""  # said once: "" is an old one
        if side == NEAR and preference != "":
            if preference == self._preferred == "on" and self.capture.paused:
                preference = None  # said ever again, as in a session that is refreshed: it ends no pause
            else:
                self._preferred = preference
        if agreed.held:
            self.asking.hold(side)
        if side == FAR and preference == "off":
            self.asking.object("", "sdp")
        said = heard_from(message, called)
        if self._listed(said):
            self.fail("objection list")
        if self.sessions[side] is None:
            self.sessions[side] = (said, agreed.origin)
        elif (said, agreed.origin) != self.sessions[side] or preference or self._steering:
            self.steering().session(side, said, agreed.origin, preference)

    def _listed(self, said):
        """Whether who is on a leg now is on the list of objections; who called, and who was called, `decide` asked about."""
        documents = self.services.documents
        return bool(documents.objections) and documents.objected(self._numbers(said[:2]))

    def _numbers(self, values):
        """In E.164, of header values or URIs."""
        from testigo_wire.policy import e164  # for those who ask for them

        return [e164.e164(uri_in(value), self.policy.numbering) for value in values]

    def key(self, side, digit, channel):
        """A key of the call. Digits are kept only while a question is open or the call is recorded."""
        asking = self.asking
        if asking is None:
            return
        paused = self.capture.paused
        if not paused and (asking.asking or self.capture.on):
            self.call.recording.event("dtmf", side, digit, channel)
        if side == NEAR:
            if any(self.line[fields.KEYS]):
                self.steering().key(digit)
        elif asking.asking or not paused:  # while paused it is a digit of a card, unless nobody hears it
            asking.key(digit, channel)

    def control(self, action, by):
        """start, stop, pause or resume, that the worker's side wants -> "" or why not."""
        if self.asking is None or not self.call.bridge.up:
            return self._why or "there is no conversation to be recorded"
        return self.steering().control(action, by)

    def _objected(self):
        """Called by the asking: the other party objects."""
        self.capture.drop()
        if self.call.recording.holds_audio:
            self._reason = "objection"
            self._erasing = asyncio.create_task(self.call.recording.erase_audio())
        else:
            self._reason = "refused"

    def fail(self, why="memory"):
        """Nothing more is taken: what was to be done, or what came, found no memory, and who may have joined cannot be told;
        or somebody is there who is never to be recorded.
        """
        if self.asking and not (self.asking.failed or self.asking.refused):
            self.capture.halt()
            self.asking.fail()
            self.call.recording.event("unrecorded", why)
            if why != "objection list" and self.line[fields.IMPOSSIBLE] == "refuse-call":
                self.call.end(None, 503, "recording impossible")

    def _end(self, why):
        self.call.end(FAR, 603, why)

    def tick(self, now):
        """Some twenty times a second while the parties talk."""
        if self.asking is None:
            return
        capture = self.capture
        if capture.tick(now):
            self.steering().control("resume", "limit")
        if capture.limit_reached and self._reason == "hang-up":
            self._reason = "limit"
        if capture.lost and self.line[fields.IMPOSSIBLE] == "refuse-call":
            self.call.end(None, 503, "recording impossible")

    def end(self):
        """The call is over: nothing more is taken."""
        if self._steering:
            self._steering.close()
        self.capture.end()

    async def close(self, usual):
        """The call is over -> the reason that its recording is sealed with. usual: a party hung up or gave up."""
        recording = self.call.recording
        if self._erasing:
            await self._erasing
        reason = self._reason
        if not self.call.bridge.up:
            return reason if reason == "refused" else "cancelled" if usual else "failed"
        if reason == "cancelled" or (reason == "hang-up" and not recording.holds_audio):
            reason = "unrecorded"
            if self.asking and not self.wanted and self.line[fields.MODE] == "on-demand":
                recording.event("unrecorded", "on demand, and nobody wanted it")
        return reason


def heard_from(message, called=""):
    """(asserted identity, From, Contact) of a message of the peer, or of the URI that was called."""
    if message is None:
        return "", called, ""
    try:
        asserted = message.all("p-asserted-identity") or message.all("remote-party-id")
    except SipError:
        asserted = ()  # malformed: it says nothing of anybody
    # Two may name one person (RFC 3325 section 9.1): the number tells more than the name.
    asserted = [value for value in asserted if "tel:" in value] or asserted
    sender = called or ("" if message.status else message.get("from", ""))
    return asserted[0] if asserted else "", sender, message.get("contact", "")


def uri_in(value):
    """The URI in a header value, or the value."""
    start, end = value.rfind("<"), value.rfind(">")
    return value[start + 1 : end] if 0 <= start < end else value.partition(";")[0]
