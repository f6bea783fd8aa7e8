"""Applies the policy to one call: whether it is recorded, who hears a notice and when, what is captured, and the reason that
its recording is sealed with.

`Call` (call/call.py) goes through its stages and calls the methods here at each. What may come during a conversation is in
commands.py, loaded when it comes.
"""

import asyncio

from recorder.consent.notice_session import NoticeSession
from recorder.media.bridge import HOLD_TIMEOUT_MS
from recorder.media.capture import Capture
from recorder.media.leg import FAR, NEAR
from recorder.storage.spool import SpoolError
from testigo_wire.policy import decision, fields
from testigo_wire.policy import recording_state as rs
from testigo_wire.sip.message import SipError


class RecordingControl:
    """Owns the state of the recording. `CallCommands` uses its attributes without an underscore."""

    def __init__(self, call, services, line_name):
        self.call = call
        self.services = services
        self._line_name = line_name
        self.policy = self.line = None
        self.notice = None  # the NoticeSession, where the call may be recorded
        self.state = rs.RecordingState()
        self.capture = Capture(services.hal)
        self.pause = None  # the Pause, while there is one
        self.worker_informed = False
        self.requested = False  # by the worker, on a line that is recorded on demand
        self.sessions = [None, None]  # of each leg: the identity of its peer, and the origin of its session
        self.participants = None
        self._commands = None
        self._preference = None  # a=recordpref of the worker's telephone
        self._unrecorded = ""  # why the call is not to be recorded
        self._voice = 0
        self._full_numbers = None  # of the parties, to be written when the recording begins
        self._erasing = None
        self._reason = "cancelled"

    def handle(self, event):
        """Takes an event of recording_state.py: stops capturing where the state is no longer ON, and has telephones notified."""
        was_on = self.state.state == rs.ON
        if self.state.handle(event):
            if event > rs.DECLINED:
                self.call.on_state_change()
            if was_on:
                self.capture.stop()  # last: to seal the open frame may raise MemoryError

    def check_storage(self):
        if self.capture.lost:
            self.handle(rs.LOST)

    # before the parties hear each other

    def select_line(self, first):
        """Finds the line of the policy, and whether the call is to be recorded. first: the leg that calls."""
        documents = self.services.documents
        self.policy = policy = documents.policy
        if policy is None:
            self._unrecorded = documents.policy_why
            return
        direction = "in" if first.side == FAR else "out"
        self.line = line = decision.find_line(policy.lines, self._line_name, direction)
        numbers = ("", "", "")
        if line is not None and (documents.objections or decision.needs_numbers(line)):
            asserted, sender, _ = identity_of(first.sip.request)
            numbers = self._to_e164((sender, asserted, first.sip.callee))
        other = numbers[2] if direction == "out" else numbers[1] or numbers[0]
        self._unrecorded = decision.unrecorded_reason(
            line,
            self.services.hal.unix_ms(),
            policy.offsets,
            other,
            line is not None and documents.on_objection_list(numbers),
        )
        if line and not self._unrecorded:
            self._voice = decision.first_voice(line, numbers[2])

    def write_first_events(self, first):
        """Writes what is known of the call into its recording, which has just been opened."""
        sip = first.sip
        line = self.line
        event = self.call.recording.event
        parties = [sip.caller, sip.callee]
        if line and line[fields.UNRECORDED_NUMBERS] != "full":
            from testigo_wire.policy import e164

            self._full_numbers = tuple(parties)
            other = 0 if first.side == FAR else 1
            parties[other] = e164.kept(parties[other], line[fields.UNRECORDED_NUMBERS])
        direction = "in" if first.side == FAR else "out"
        event("call", line[fields.NAME] if line else "", direction, parties[0], parties[1], sip.call_id, "sip")
        if line is None:
            event("policy", 0, b"", "never", "notify")
        else:
            event("policy", self.policy.version, self.policy.digest, line[fields.MODE], line[fields.RULE])
        taken = not self.call.has_place
        why = self._unrecorded or ("all places taken" if taken else "storage full" if self.call.recording.full else "")
        if why:
            event("unrecorded", why)
            self._reason = "unrecorded"
            self.refuse_if_required(486 if taken else 503)
            self._unrecorded = why
            return
        event("terms", line[fields.BASIS], line[fields.WORKER], line[fields.OBJECTION], line[fields.HIGH_LEVEL])
        services, recording = self.services, self.call.recording
        ends = (self._on_objection, self._end_call)
        self.notice = NoticeSession(services.primitives, services.documents, recording, line, self._voice, *ends)
        if self.records_all:
            self.handle(rs.REQUESTED)

    def refuse_if_required(self, status=503):
        """Nothing can be recorded: ends the call where the policy says so. status: of SIP, for a caller who has no answer yet."""
        if self.line is not None and not self._unrecorded and self.line[fields.IMPOSSIBLE] == "refuse-call":
            self.call.raise_end(None, status, "recording impossible")

    @property
    def records_all(self):
        """Whether the call is recorded without a request of the worker."""
        return self.notice is not None and self.line[fields.MODE] == "all"

    @property
    def notice_first(self):
        """Whether the notice comes before the other leg is called."""
        return self.line[fields.ORDER] == "notice-first"

    @property
    def consent_given(self):
        return self.notice is not None and self.notice.given

    # notices

    async def obtain_consent(self):
        """Plays the notice to the far party and takes the answer, before the parties are connected."""
        if self.notice.start():
            self.handle(rs.ANNOUNCE)
            await self._run_notice()
            if not self.consent_given:
                self.handle(rs.DECLINED)

    async def _run_notice(self):
        notice = self.notice
        bridge = self.call.bridge
        near, far = bridge.legs
        both = self.line[fields.NOTICE_LEGS] == "both" and near.agreed and far.agreed
        while await self._can_hear(far):
            legs = (FAR, NEAR) if both and not near.held else (FAR,)
            relays = tuple(bridge.relays[1 - side] for side in legs)  # what is sent to a leg comes from the other
            await self.call.while_up(notice.run(far.agreed.encoding, relays, legs))
            if not notice.held:
                break
        if notice.in_progress and not self.state.waiting:  # ended by a fault
            self.fail()
        if notice.given:
            self._reason = "hang-up"
            self._set_informed(FAR)
        elif not self.call.recording.holds_audio:
            self._reason = "refused" if notice.refused else "unrecorded"
        if notice.failed:
            self.refuse_if_required()

    async def _can_hear(self, leg):
        """Waits while the leg is on hold -> whether a notice is still to be played to it."""
        notice, bridge = self.notice, self.call.bridge
        if leg.held:
            bridge.forward(bridge.up)  # meanwhile the parties hear each other, and nothing is recorded
            deadline = self.services.hal.ms() + HOLD_TIMEOUT_MS
            while leg.held and (notice.in_progress or notice.given):
                left = deadline - self.services.hal.ms()
                if left <= 0:
                    self.call.raise_end(None, 408, "on hold for long")
                await self.call.next(left)
            bridge.forward(False)
        return notice.in_progress or notice.given

    async def _inform_worker(self):
        """Informs the worker as the policy says."""
        notice = self.notice
        way, reference = self.line[fields.WORKER], self.line[fields.WORKER_REFERENCE]
        while way == "notice" and (NEAR, reference) not in notice.completed:
            bridge = self.call.bridge
            if not await self._can_hear(bridge.legs[NEAR]):
                return
            played = notice.inform(reference, bridge.legs[NEAR].agreed.encoding, bridge.relays[FAR], NEAR)
            if not await self.call.while_up(played) and not notice.near_changed:
                self.call.recording.event("unrecorded", "notice of the worker missing or incomplete")
                return
        self.set_worker_informed()

    def set_worker_informed(self):
        self.call.recording.event("worker", self.line[fields.WORKER], self.line[fields.WORKER_REFERENCE])
        self.worker_informed = True
        self._set_informed(NEAR)

    def _set_informed(self, side):
        if self.participants:
            self.participants.set_informed(side)

    async def connect_parties(self):
        """Both legs are up, or a notice is owed in the conversation: plays the notices that are owed, starts the recording
        where there is consent, and lets the parties hear each other."""
        bridge = self.call.bridge
        notice = self.notice
        if not bridge.up and self._preference == "on" and notice and not self.records_all and notice.start():
            self.requested = True  # from the first word on
            self.handle(rs.REQUESTED)
            self.call.recording.event("started", "sdp")
        while True:
            self.handle(rs.ANNOUNCE)
            bridge.forward(False)
            if notice and notice.in_progress:
                await self._run_notice()
            if self.consent_given and not self.worker_informed:
                await self._inform_worker()
            if not self.state.waiting:  # no participant joined meanwhile
                break
        if not self.state.over:
            self.handle(rs.AGREED if self._start_capture() else rs.DECLINED)
        if self.consent_given and self.state.record == "off":
            self.call.on_state_change()  # the INVITE to the worker may have said that the call is recorded
            self.refuse_if_required()
        bridge.forward(True)
        self.capture.start_tone()

    def _start_capture(self):
        """Whether the call is captured from now on, or after the pause."""
        if not (self.consent_given and self.worker_informed):
            return False
        call = self.call
        recording = call.recording
        bridge = call.bridge
        try:
            self.capture.start(recording, self.line, bridge.relays, bridge.encodings(), self.state.paused)
        except (SpoolError, MemoryError) as exc:
            self.capture.discard()
            recording.event("unrecorded", str(exc) or "memory")
            return False
        if self._full_numbers:
            recording.event("parties", *self._full_numbers)
            self._full_numbers = None
        return True

    # during the conversation

    def _load_commands(self):
        if self._commands is None:
            from recorder.consent.commands import CallCommands

            self._commands = CallCommands(self)
        return self._commands

    def on_session(self, side, message, agreed, called=""):
        """A leg has a session, the first or another one. called: the URI that was called, where the peer answered."""
        if self.notice is None:
            return
        preference, agreed.preference = agreed.preference, ""  # "": it was handled before
        if side == NEAR and preference != "":
            if preference == self._preference == "on" and self.state.paused:
                preference = None  # a refreshed session repeats it: it does not end the pause
            else:
                self._preference = preference
        if agreed.held:
            self.notice.hold(side)
        if side == FAR and preference == "off":
            self.notice.object("", "sdp")
        identity = identity_of(message, called)
        if self._is_listed(identity):
            self.fail("objection list")
        if self.sessions[side] is None:
            self.sessions[side] = (identity, agreed.origin)
        elif (identity, agreed.origin) != self.sessions[side] or preference or self._commands:
            self._load_commands().on_session(side, identity, agreed.origin, preference)

    def _is_listed(self, identity):
        """Whether who is on a leg now is on the list of objections. `select_line` looked up caller and callee."""
        documents = self.services.documents
        return bool(documents.objections) and documents.on_objection_list(self._to_e164(identity[:2]))

    def _to_e164(self, values):
        """values: header values or URIs."""
        from testigo_wire.policy import e164  # loaded for lines that need numbers

        return [e164.e164(uri_in(value), self.policy.numbering) for value in values]

    def on_key(self, side, digit, channel):
        """A key of the call. Digits are recorded only while the notice is in progress or the call is recorded."""
        notice = self.notice
        if notice is None:
            return
        paused = self.state.paused
        if not paused and (notice.in_progress or self.capture.on):
            self.call.recording.event("dtmf", side, digit, channel)
        if side == NEAR:
            if any(self.line[fields.KEYS]):
                self._load_commands().key(digit)
        elif notice.in_progress or not paused:  # while paused it is a digit of a card, unless a notice is played
            notice.key(digit, channel)

    def command(self, action, by):
        """start, stop, pause or resume, by the worker's side -> "", or why it is not done."""
        if self.notice is None or not self.call.bridge.up:
            return self._unrecorded or "there is no conversation to be recorded"
        return self._load_commands().command(action, by)

    def end_pause(self):
        if self.pause:
            self.pause.write_gaps(self.call.recording)
            self.pause = None

    def _on_objection(self):
        self.pause = None
        self.capture.discard()
        self.handle(rs.OBJECTION)
        if self.call.recording.holds_audio:
            self._reason = "objection"
            self._erasing = asyncio.create_task(self.call.recording.erase_audio())
        else:
            self._reason = "refused"

    def fail(self, reason="memory"):
        """Nothing more is recorded: there was no memory for what had to be done, so that a party who joined may not have been
        informed; or a party is there who must not be recorded; or the call ends for an emergency call.
        """
        if self.notice and not (self.notice.failed or self.notice.refused):
            self.handle(rs.FAILED)
            self.notice.fail()
            self.call.recording.event("unrecorded", reason)
            if reason in ("memory", "fault") and self.line[fields.IMPOSSIBLE] == "refuse-call":
                self.call.end(None, 503, "recording impossible")

    def _end_call(self, reason):
        self.call.end(FAR, 603, reason)

    def tick(self, now):
        """Some twenty times a second during the conversation. now: fast_path.ticks()."""
        if self.notice is None:
            return
        capture, state = self.capture, self.state
        if state.state == rs.ON:
            capture.tick(now)
            if not capture.on:
                self.handle(rs.LOST)
            elif capture.exceeds_limit:
                self.handle(rs.LIMIT)
                self.call.recording.event("unrecorded", "limit")
                if self._reason == "hang-up":
                    self._reason = "limit"
        elif state.paused and self.pause and self.pause.expired(now):
            self._load_commands().command("resume", "limit")
        if capture.lost:
            self.handle(rs.LOST)
            if self.line[fields.IMPOSSIBLE] == "refuse-call":
                self.call.end(None, 503, "recording impossible")

    def end(self):
        """The call is over: nothing more is recorded."""
        self.end_pause()
        self.handle(rs.HANG_UP)
        self.capture.stop()  # on after a fault between its start and AGREED

    async def close(self, usual):
        """After `end` -> the reason that the recording is sealed with. usual: a party hung up, or the caller gave up."""
        recording = self.call.recording
        if self._erasing:
            await self._erasing
        reason = self._reason
        if not self.call.bridge.up:
            return reason if reason == "refused" else "cancelled" if usual else "failed"
        if reason == "cancelled" or (reason == "hang-up" and not recording.holds_audio):
            reason = "unrecorded"
            if self.notice and not self.requested and self.line[fields.MODE] == "on-demand":
                recording.event("unrecorded", "on demand, and nobody wanted it")
        return reason


def identity_of(message, called=""):
    """(asserted identity, From, Contact) of a message of the peer. called: the URI that was called, where it answered."""
    if message is None:
        return "", called, ""
    try:
        asserted = message.all("p-asserted-identity") or message.all("remote-party-id")
    except SipError:
        asserted = ()  # malformed: no identity
    # Two of them may name one person (RFC 3325 section 9.1): a number identifies better than a name.
    asserted = [value for value in asserted if "tel:" in value] or asserted
    sender = called or ("" if message.status else message.get("from", ""))
    return asserted[0] if asserted else "", sender, message.get("contact", "")


def uri_in(value):
    """The URI in a header value, or the value."""
    start, end = value.rfind("<"), value.rfind(">")
    return value[start + 1 : end] if 0 <= start < end else value.partition(";")[0]
