"""Gives the notice and takes the answer: drives the consent table of one call.

What was played, how far, and what was answered by which key, is written into the
recording as it happens.
"""

import asyncio

from recorder.consent.player import Player
from recorder.media.leg import FAR
from testigo_wire.policy import consent, fields


class Asking:
    """The consent of one call: each asking ends in GIVEN, REFUSED or FAILED, and an objection may come at any moment.

    line: of the policy. voice: index of the language to begin with. documents: has notice(name).
    objected(): called once, when the far party objects. ended(why): the objection ends the call, for it has to be recorded.
    """

    def __init__(self, primitives, documents, recording, line, voice, objected, ended):
        self._primitives = primitives
        self._documents = documents
        self._recording = recording
        self._line = line
        self._voice = voice
        self._machine = consent.Consent(line[fields.RULE], line[fields.REPEATS], line[fields.OBJECTION])
        self._wake = asyncio.Event()
        self._objected = objected
        self._ended = ended
        self._by = ("notice", "", "")
        self._objection = False
        self._afresh = False  # what is being played or asked begins anew
        self.held = False  # because the far leg was put on hold: who is on hold hears nothing
        self.heard = []  # (leg, notice name) of those that were played to their end
        self.missed = False  # somebody came to the near leg while a notice was played to it: it does not count as heard

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
    def idle(self):
        """Whether nothing is wanted, for now."""
        return self._machine.state == consent.IDLE

    @property
    def asking(self):
        """Whether the notice is being played, or its answer is awaited."""
        return consent.IDLE < self._machine.state < consent.GIVEN

    def begin(self):
        """The call is there, or the worker wants it recorded from now on -> whether there is something to ask."""
        self._by = ("notice", "", "")
        return self._machine.handle(consent.START) == consent.PLAY

    def join(self):
        """Somebody came in who has not heard the notice -> whether an asking has to be run for it."""
        asking = not self.given
        if self._machine.handle(consent.JOIN) != consent.PLAY:
            return False
        self._again()
        return not asking

    def forget(self, leg):
        """Somebody else is on that leg: what was heard there counts no more."""
        self.heard = [pair for pair in self.heard if pair[0] != leg]
        self.missed = True
        self._wake.set()

    def hold(self, leg):
        """That leg hears nothing any more: what is being played to it, or asked, does not count."""
        if leg != FAR:
            self.missed = True
            self._wake.set()
        elif self.asking:
            self._machine.handle(consent.JOIN)
            self.held = True
            self._again()

    def fail(self):
        """Nobody can be asked any more."""
        self._machine.fail()
        self._wake.set()

    def stop(self):
        """The worker wants no more of it recorded -> whether it was, or was about to be."""
        self._wake.set()
        return self._machine.handle(consent.STOP) == consent.PAUSE

    def _again(self):
        self._afresh = True
        self._by = ("notice", "", "")
        self._wake.set()

    def key(self, digit, channel):
        """A key of the far party, from RFC 4733 or INFO."""
        line = self._line
        if digit == line[fields.OBJECT_KEY]:
            self.object(digit, channel)
        elif digit == line[fields.ACCEPT_KEY]:
            before = self._machine.state
            self._machine.handle(consent.ACCEPT)
            if self._machine.state != before:
                self._by = ("key", digit, channel)
                self._wake.set()
        else:
            for i in range(len(line[fields.VOICES])):
                if line[fields.VOICES][i][fields.KEY] == digit and i != self._voice:
                    if self._machine.handle(consent.LANGUAGE) == consent.PLAY:
                        self._voice = i
                        self._again()

    def object(self, digit, channel):
        """The far party objects, by a key or (digit "") by its telephone's SDP."""
        late = self._recording.holds_audio  # else it rings, or somebody is told: nothing was taken yet
        if self._objection or ((self.refused or self.failed) and not self._recording.holds_audio):
            return  # there is nothing to object to
        action = self._machine.handle(consent.OBJECT)
        if late and action == consent.END:
            self._ended("key to end the call: recording is a duty")
            return
        self._objection = True
        self._by = ("key" if digit else "sdp", digit, channel)
        self._recording.event("objection", FAR, digit, channel)
        self._objected()
        if action == consent.END:
            self._ended("objection: recording is a duty")
        self._wake.set()

    async def run(self, encoding, flows, legs):
        """One asking, after `begin` or `join` said so. flows: that carry the notice. legs: that hear it.

        Returns True if consent was given; with `held` it has to be run anew. Cancelled when a party hangs up: the record
        then says how far the notice was played.
        """
        machine = self._machine
        action = consent.PLAY
        self.held = False
        while action in (consent.PLAY, consent.WAIT):
            if self.held:
                return False
            if action == consent.PLAY:
                action = await self._play(encoding, flows, legs)
            else:
                action = await self._answer()
        if not self.failed and not self.idle:
            by, key, channel = self._by
            self._recording.event("consent", machine.rule, self.given, by, key, channel)
        return self.given

    def _notice(self, encoding, name):
        notice = self._documents.notice(name)
        return notice if notice and encoding in notice.encodings else None

    async def _play(self, encoding, flows, legs):
        machine = self._machine
        self._afresh = False
        notice = self._notice(encoding, self._line[fields.VOICES][self._voice][fields.NOTICE])
        if notice is None:
            self._recording.event("unrecorded", "notice missing")
            return machine.handle(consent.BROKEN)
        completed = await self._told(notice, encoding, flows, legs, self._asks)
        if self._afresh:
            return consent.PLAY
        if self.refused or self.failed or self.idle:
            return consent.CONNECT
        action = machine.handle(consent.PLAYED if completed else consent.BROKEN)
        if self.failed:
            self._recording.event("unrecorded", "notice incomplete or not the signed one")
        return action

    def _asks(self):
        return self._machine.state in (consent.NOTICE, consent.AGREED) and not self._afresh

    async def tell(self, name, encoding, flow, leg):
        """Plays a notice to one leg that is asked nothing -> whether it was played to its end."""
        self.missed = False
        notice = self._notice(encoding, name)
        return notice is not None and await self._told(notice, encoding, (flow,), (leg,), lambda: not self.missed)

    async def _told(self, notice, encoding, flows, legs, goes_on):
        player = Player(self._primitives, notice, encoding, flows)
        self._wake.clear()
        self.missed = False
        task = asyncio.create_task(self._run(player))
        try:
            while not player.ended and goes_on():
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
                if player.completed and not (self.missed and leg != FAR):
                    self.heard.append((leg, notice.name))
        return player.completed

    async def _run(self, player):
        try:
            await player.run()
        except OSError:
            pass  # the file went away or cannot be read: the notice stays incomplete
        finally:
            player.ended = True
            self._wake.set()

    async def _answer(self):
        machine = self._machine
        self._wake.clear()
        if machine.state == consent.ASKED and not self._afresh:
            try:
                await asyncio.wait_for_ms(self._wake.wait(), self._line[fields.KEY_TIMEOUT])
            except asyncio.TimeoutError:
                pass
        if self._afresh:
            return consent.PLAY
        if machine.state == consent.ASKED:
            self._by = ("timeout", "", "")
            return machine.handle(consent.SILENCE)
        return consent.RECORD if self.given else consent.CONNECT
