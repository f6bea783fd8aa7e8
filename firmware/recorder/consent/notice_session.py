"""Plays the notice and takes the answer: runs the consent table of one call.

What was played, how far, and which key answered, is written into the recording as it happens.
"""

import asyncio

from recorder.consent.player import Player
from recorder.media.leg import FAR, NEAR
from testigo_wire.policy import consent, fields


class NoticeSession:
    """The consent of one call. Each run of the notice ends in GIVEN, REFUSED or FAILED; an objection may come at any moment.

    documents: has notice(name). line: of the policy. voice: index of the language to begin with.
    on_objection(): called once, when the far party objects. end_call(reason): the objection ends the call, because the line
    has a duty to record.
    """

    def __init__(self, primitives, documents, recording, line, voice, on_objection, end_call):
        self._primitives = primitives
        self._documents = documents
        self._recording = recording
        self._line = line
        self._voice = voice
        self._machine = consent.Consent(line[fields.RULE], line[fields.REPEATS], line[fields.OBJECTION])
        self._wake = asyncio.Event()
        self._on_objection = on_objection
        self._end_call = end_call
        self._answer = ("notice", "", "")  # how the party answered: by, key, channel
        self._objected = False
        self._restart = False  # the notice begins anew: what is being played, or awaited, does not count
        self.held = False  # the far leg is on hold, which stops the notice
        self.completed = []  # (leg, notice name) of each notice that was played to its end
        self.near_changed = False  # the near leg changed while a notice was played to it, so that it does not count

    @property
    def given(self):
        return self._machine.state == consent.GIVEN

    @property
    def refused(self):
        return self._machine.state == consent.REFUSED

    @property
    def failed(self):
        return self._machine.state == consent.FAILED

    @property
    def in_progress(self):
        """Whether the notice is being played, or its answer is awaited."""
        return consent.IDLE < self._machine.state < consent.GIVEN

    def start(self):
        """Recording is requested -> whether the notice has to be played for it."""
        self._answer = ("notice", "", "")
        return self._machine.handle(consent.START) == consent.PLAY

    def join(self):
        """A party that has not heard the notice is on the far leg -> whether `run` has to be called for it."""
        running = not self.given
        if self._machine.handle(consent.JOIN) != consent.PLAY:
            return False
        self._begin_anew()
        return not running

    def near_joined(self):
        """Another party is on the near leg: the notices that were played there do not count."""
        self.completed = [pair for pair in self.completed if pair[0] == FAR]
        self.hold(NEAR)

    def hold(self, leg):
        """The leg does not hear what is played to it, so that it does not count."""
        if leg != FAR:
            self.near_changed = True
            self._wake.set()
        elif self.in_progress:
            self._machine.handle(consent.JOIN)
            self.held = True
            self._begin_anew()

    def fail(self):
        """Consent cannot be obtained any more."""
        self._machine.fail()
        self._wake.set()

    def stop(self):
        """The worker ends the recording -> whether there was one, or the notice for one."""
        self._wake.set()
        return self._machine.handle(consent.STOP) == consent.PAUSE

    def _begin_anew(self):
        self._restart = True
        self._answer = ("notice", "", "")
        self._wake.set()

    def key(self, digit, channel):
        """A key of the far party. channel: "rfc4733" or "info"."""
        line = self._line
        if digit == line[fields.OBJECT_KEY]:
            self.object(digit, channel)
        elif digit == line[fields.ACCEPT_KEY]:
            before = self._machine.state
            self._machine.handle(consent.ACCEPT)
            if self._machine.state != before:
                self._answer = ("key", digit, channel)
                self._wake.set()
        else:
            for i in range(len(line[fields.VOICES])):
                if line[fields.VOICES][i][fields.KEY] == digit and i != self._voice:
                    if self._machine.handle(consent.LANGUAGE) == consent.PLAY:
                        self._voice = i
                        self._begin_anew()

    def object(self, digit, channel):
        """The far party objects, by a key or (digit "") by the SDP of its telephone."""
        holds_audio = self._recording.holds_audio
        if self._objected or ((self.refused or self.failed) and not holds_audio):
            return  # nothing is recorded, and nothing will be
        action = self._machine.handle(consent.OBJECT)
        if holds_audio and action == consent.END:
            self._end_call("key to end the call: recording is a duty")
            return
        self._objected = True
        self._answer = ("key" if digit else "sdp", digit, channel)
        self._recording.event("objection", FAR, digit, channel)
        self._on_objection()
        if action == consent.END:
            self._end_call("objection: recording is a duty")
        self._wake.set()

    async def run(self, encoding, relays, legs):
        """Plays the notice and takes the answer, after `start` or `join` returned True.

        relays: that carry the notice. legs: that hear it. Returns whether consent was given; where `held` is set, it has to be
        run again. When a party hangs up it is cancelled, and the recording then says how far the notice was played.
        """
        machine = self._machine
        action = consent.PLAY
        self.held = False
        while action in (consent.PLAY, consent.WAIT):
            if self.held:
                return False
            if action == consent.PLAY:
                action = await self._play(encoding, relays, legs)
            else:
                action = await self._await_answer()
        if not self.failed and machine.state != consent.IDLE:
            by, key, channel = self._answer
            self._recording.event("consent", machine.rule, self.given, by, key, channel)
        return self.given

    def _notice(self, encoding, name):
        notice = self._documents.notice(name)
        return notice if notice and encoding in notice.encodings else None

    async def _play(self, encoding, relays, legs):
        machine = self._machine
        self._restart = False
        notice = self._notice(encoding, self._line[fields.VOICES][self._voice][fields.NOTICE])
        if notice is None:
            self._recording.event("unrecorded", "notice missing")
            return machine.handle(consent.BROKEN)
        completed = await self._play_notice(notice, encoding, relays, legs, self._plays_on)
        if self._restart:
            return consent.PLAY
        if not self.in_progress:
            return consent.CONNECT
        action = machine.handle(consent.PLAYED if completed else consent.BROKEN)
        if self.failed:
            self._recording.event("unrecorded", "notice incomplete or not the signed one")
        return action

    def _plays_on(self):
        return self._machine.state in (consent.NOTICE, consent.AGREED) and not self._restart

    async def inform(self, name, encoding, relay, leg):
        """Plays a notice that needs no answer to one leg -> whether it was played to its end."""
        self.near_changed = False
        notice = self._notice(encoding, name)
        return notice is not None and await self._play_notice(
            notice, encoding, (relay,), (leg,), lambda: not self.near_changed
        )

    async def _play_notice(self, notice, encoding, relays, legs, plays_on):
        player = Player(self._primitives, notice, encoding, relays)
        self._wake.clear()
        self.near_changed = False
        task = asyncio.create_task(self._run_player(player))
        try:
            while not player.ended and plays_on():
                await self._wake.wait()
                self._wake.clear()
        finally:
            task.cancel()
            for leg in legs:
                self._recording.event(
                    "notice",
                    leg,
                    notice.language,
                    notice.name,
                    notice.digest(encoding),
                    player.played_ms,
                    notice.total_ms,
                    player.completed,
                )
                if player.completed and not (self.near_changed and leg != FAR):
                    self.completed.append((leg, notice.name))
        return player.completed

    async def _run_player(self, player):
        try:
            await player.run()
        except OSError:
            pass  # the file cannot be read: the notice stays incomplete
        finally:
            player.ended = True
            self._wake.set()

    async def _answered(self):
        """Until the answer is there, or none is awaited any more; not when the near leg changes."""
        while self._machine.state == consent.ASKED and not self._restart:
            self._wake.clear()
            await self._wake.wait()

    async def _await_answer(self):
        machine = self._machine
        self._wake.clear()
        if machine.state == consent.ASKED and not self._restart:
            try:
                await asyncio.wait_for_ms(self._answered(), self._line[fields.KEY_TIMEOUT])
            except asyncio.TimeoutError:
                pass
        if self._restart:
            return consent.PLAY
        if machine.state == consent.ASKED:
            self._answer = ("timeout", "", "")
            return machine.handle(consent.SILENCE)
        return consent.RECORD if self.given else consent.CONNECT
