"""What the policy wants of one call: whether it is to be recorded, who is told what and when, what a key or a command of
the worker's side does, what happens when somebody joins, and what the record says in the end.

The call (`call.py`) walks through its stages and asks here at each; this holds the parts: `Asking`, `Capture`, `Parties`.
"""

import asyncio

from recorder.asking import Asking
from recorder.capture import Capture
from recorder.leg import FAR, NEAR
from recorder.parties import Parties
from recorder.spool import SpoolError
from testigo_wire import decision, numbers
from testigo_wire import documents as doc
from testigo_wire.key_sequence import KeySequences

ACTIONS = ("start", "stop", "pause", "resume")
PREFERENCES = {"on": "start", "off": "stop", "pause": "pause"}  # a=recordpref of the worker's telephone


class Conduct:
    def __init__(self, call, services, line_name):
        self._call = call
        self._services = services
        self._line_name = line_name
        self._line = None
        self._why = ""  # why the call is not to be recorded
        self._voice = 0
        self._asking = None
        self._parties = None
        self._sequences = None
        self._informed = False  # the worker
        self._todo = False  # somebody is to be told in mid-call
        self._announce = False
        self._erasing = None
        self._parties_full = None
        self._wanted = False
        self._reason = "cancelled"
        self.policy = None
        self.capture = Capture(services.hal, self._on_change)

    # before the first word

    def decide(self, first):
        """Which line of the policy applies, and whether the call is to be recorded. first: the leg that calls."""
        documents = self._services.documents
        self.policy = policy = documents.policy
        if policy is None:
            self._why = documents.policy_why
            return
        direction = "in" if first.side == FAR else "out"
        self._line = line = decision.find_line(policy.lines, self._line_name, direction)
        request = first.sip.request
        asserted = request.all("p-asserted-identity")
        who = [request.get("from", ""), asserted[0] if asserted else "", first.sip.callee]
        who = [numbers.e164(_uri(value), policy.numbering) for value in who]
        other = who[2] if direction == "out" else who[1] or who[0]
        self._why = decision.why_not(
            line, self._services.hal.unix_ms(), policy.offsets, other, line is not None and documents.objected(who)
        )
        if line and not self._why:
            self._voice = decision.first_voice(line, who[2])

    def open(self, first):
        """Writes down what is known of the call; its recording is open."""
        sip = first.sip
        line = self._line
        event = self._call.recording.event
        parties = [sip.caller, sip.callee]
        if line and line[doc.UNRECORDED_NUMBERS] != "full":
            self._parties_full = tuple(parties)
            other = 0 if first.side == FAR else 1
            parties[other] = numbers.kept(parties[other], line[doc.UNRECORDED_NUMBERS])
        direction = "in" if first.side == FAR else "out"
        event("call", line[doc.NAME] if line else "", direction, parties[0], parties[1], sip.call_id, "sip")
        if line is None:
            event("policy", 0, b"", "never", "notify")
        else:
            event("policy", self.policy.version, self.policy.digest, line[doc.MODE], line[doc.RULE])
        if self._why:
            event("unrecorded", self._why)
            self._reason = "unrecorded"
            return
        event("terms", line[doc.BASIS], line[doc.WORKER], line[doc.OBJECTION], line[doc.HIGH_LEVEL])
        services = self._services
        self._parties = Parties(self.policy.numbering)
        self._sequences = KeySequences(line[doc.KEYS])
        self._asking = Asking(
            services.primitives, services.documents, self._call.recording, line, self._voice, self._objected, self._end
        )

    def refuse_if_duty(self):
        """Recording is impossible: the call ends where recording is a duty, and goes on unrecorded elsewhere."""
        if self._line is not None and not self._why and self._line[doc.IMPOSSIBLE] == "refuse-call":
            self._call.raise_end(None, 503, "recording impossible")

    @property
    def asks(self):
        return self._asking is not None and self._line[doc.MODE] == "all"

    @property
    def notice_first(self):
        return self._line[doc.ORDER] == "notice-first"

    @property
    def given(self):
        return self._asking is not None and self._asking.given

    # who is told what

    async def ask(self):
        """Gives the notice to the other party and takes the answer."""
        asking = self._asking
        if asking.begin():
            await self._run()

    async def _run(self):
        asking = self._asking
        bridge = self._call.bridge
        near, far = bridge.legs
        both = self._line[doc.NOTICE_LEGS] == "both" and near.agreed and far.agreed
        legs = (FAR, NEAR) if both else (FAR,)
        flows = tuple(bridge.flows[1 - side] for side in legs)  # what goes out to a leg comes from the other
        await self._call.while_up(asking.run(far.agreed.encoding, flows, legs))
        if asking.given:
            self._reason = "hang-up"
        elif not self._call.recording.holds_audio:
            self._reason = "refused" if asking.refused else "unrecorded"
        if asking.failed:
            self.refuse_if_duty()
        elif asking.given:
            self._parties.told(FAR)

    async def _inform(self):
        """Tells the worker, as the policy says."""
        line = self._line
        asking = self._asking
        way, reference = line[doc.WORKER], line[doc.WORKER_REFERENCE]
        if way == "notice" and (NEAR, reference) not in asking.heard:
            bridge = self._call.bridge
            told = asking.tell(reference, bridge.legs[NEAR].agreed.encoding, bridge.flows[FAR], NEAR)
            if not await self._call.while_up(told):
                self._call.recording.event("unrecorded", "notice of the worker missing or incomplete")
                return
        self._call.recording.event("worker", way, reference)
        self._informed = True
        self._parties.told(NEAR)

    async def begin(self):
        """Both legs are up: takes what is agreed to, and lets the parties talk."""
        call = self._call
        recording = call.recording
        if self.given and not self._informed:
            await self._inform()
        if self.given and self._informed:
            if self._parties_full:
                recording.event("parties", *self._parties_full)
                self._parties_full = None
            try:
                self.capture.begin(recording, call.opened_ticks, self._line, call.bridge.flows, call.bridge.encodings())
            except (SpoolError, MemoryError) as exc:
                recording.event("unrecorded", str(exc) or "memory")
        if self.given and not self.capture.on and not self.capture.paused:
            self.refuse_if_duty()
        call.bridge.forward(True)
        self.capture.bridged()

    async def go_on(self):
        """In mid-call: somebody is to be told, or asked."""
        while self._todo:
            self._todo = False
            self._call.bridge.forward(False)
            if self._asking.asking:
                await self._run()
            await self.begin()

    # what happens meanwhile

    def session(self, side, message, agreed, called=""):
        """A leg has a session, the first or another one."""
        if self._asking is None:
            return
        how = self._parties.seen(side, message, agreed.origin, called)
        if side == FAR and agreed.preference == "off":
            self._asking.object("", "sdp")
        if how:
            self._joined(side, how)
        elif side == NEAR and agreed.preference in PREFERENCES and self._call.bridge.up:
            action = PREFERENCES[agreed.preference]
            if agreed.preference == "on" and self.capture.paused:
                action = "resume"
            self.control(action, "sdp")

    def _joined(self, side, how):
        """Somebody else is on that leg now."""
        asking = self._asking
        if not (asking.given or asking.asking):
            return  # nothing is taken, and before anything is, whoever is there then will be told
        who = self._parties.who(side)
        if self._line[doc.UNRECORDED_NUMBERS] != "full":
            who = numbers.kept("tel:" + who, self._line[doc.UNRECORDED_NUMBERS])
        event = self._call.recording.event
        if side == FAR:
            self.capture.halt()
            event("joined", side, who, how)
            self._todo = asking.join() and self._call.bridge.up or self._todo
        elif self._informed:
            asking.heard = [pair for pair in asking.heard if pair[0] != NEAR]
            self._informed = False
            if self._line[doc.WORKER] == "notice":
                self.capture.halt()
                self._todo = True
            else:
                self.capture.tap.flush()  # what was said before belongs before it
            event("joined", side, who, how)
            if not self._todo:
                event("worker", self._line[doc.WORKER], self._line[doc.WORKER_REFERENCE])
                self._informed = True
                self._parties.told(NEAR)

    def key(self, side, digit, channel):
        """A key of the call. Digits are kept only while a question is open or the call is recorded."""
        asking = self._asking
        if asking is None:
            return
        paused = self.capture.paused
        if not paused and (asking.asking or self.capture.on):
            self._call.recording.event("dtmf", side, digit, channel)
        if side == NEAR:
            found = self._sequences.key(digit, self._services.hal.ms())
            if found >= 0:
                self.control(ACTIONS[found], "key")
        elif not paused:  # while paused it is a digit of a card
            asking.key(digit, channel)

    def control(self, action, by):
        """One of ACTIONS, that the worker's side wants -> "" or why not."""
        call = self._call
        asking = self._asking
        if asking is None or not call.bridge.up:
            return self._why or "there is no conversation to be recorded"
        capture = self.capture
        if action not in ACTIONS:
            return "start, stop, pause or resume"
        if action == "pause":
            return capture.pause(by)
        if action == "resume":
            return capture.resume(by)
        if self._line[doc.MODE] != "on-demand":
            return "the line is not recorded on demand"
        if action == "start":
            if capture.limit_reached:
                return "the longest time is over"
            if not asking.begin():
                return "recorded already" if asking.given else "asked already, or objected to"
            self._wanted = True
            call.recording.event("started", by)
            self._todo = True
            return ""
        if not asking.stop():
            return "nothing is being recorded"
        capture.end()
        call.recording.event("stopped", by)
        return ""

    def _objected(self):
        """Called by the asking: the other party objects."""
        self.capture.drop()
        if self._call.recording.holds_audio:
            self._reason = "objection"
            self._erasing = asyncio.create_task(self._call.recording.erase_audio())
        else:
            self._reason = "refused"

    def _end(self, why):
        self._call.end(FAR, 603, why)

    def _on_change(self):
        self._announce = True

    def tick(self, now):
        """Some twenty times a second while the parties talk."""
        if self._asking is None:
            return
        capture = self.capture
        capture.tick(now)
        if capture.limit_reached and self._reason == "hang-up":
            self._reason = "limit"
        if capture.lost and self._line[doc.IMPOSSIBLE] == "refuse-call":
            self._call.end(None, 503, "recording impossible")
        if self._announce:
            self._announce = not self._call.bridge.announce(capture.state())
            self._services.flush()

    async def close(self, usual):
        """The call is over -> the reason that its recording is sealed with. usual: a party hung up or gave up."""
        recording = self._call.recording
        if self._erasing:
            await self._erasing
        reason = self._reason
        if not self._call.bridge.up:
            return reason if reason == "refused" else "cancelled" if usual else "failed"
        if reason == "cancelled" or (reason == "hang-up" and not recording.holds_audio):
            reason = "unrecorded"
            if self._asking and not self._wanted and self._line[doc.MODE] == "on-demand":
                recording.event("unrecorded", "on demand, and nobody wanted it")
        return reason


def _uri(value):
    """The URI in a header value, or the value."""
    start, end = value.rfind("<"), value.rfind(">")
    return value[start + 1 : end] if 0 <= start < end else value.partition(";")[0]
