"""Gives the notice and takes the answer: drives the consent table of one call.

What was played, how far, and what was answered by which key, is written into the
recording as it happens.
"""

import asyncio

from recorder.leg import FAR
from recorder.player import Player
from testigo_wire import consent

# fields of a policy line
MODE, RULE, ACCEPT_KEY, OBJECT_KEY, ORDER, NOTICE_LEGS, NOTICES, KEY_TIMEOUT, REPEATS = range(1, 10)


class Asking:
    """The consent of one call, from START to GIVEN, REFUSED or FAILED, and a late objection after it.

    on_late_objection(): called once when the far party objects while recording.
    """

    def __init__(self, primitives, recording, line, on_late_objection):
        self._primitives = primitives
        self._recording = recording
        self._line = line
        self._machine = consent.Consent(line[RULE], line[REPEATS])
        self._wake = asyncio.Event()
        self._on_late_objection = on_late_objection
        self._by = ("notice", "", "")
        self._player = None

    @property
    def given(self):
        return self._machine.state == consent.GIVEN

    @property
    def refused(self):
        return self._machine.state == consent.REFUSED

    @property
    def decided(self):
        return self._machine.state >= consent.GIVEN

    def key(self, leg, digit, channel):
        """A key of the call, from RFC 4733 or INFO. Only the far party answers the notice."""
        self._recording.event("dtmf", leg, digit, channel)
        if leg != FAR:
            return
        line = self._line
        if digit == line[OBJECT_KEY]:
            self._object(digit, channel)
        elif digit == line[ACCEPT_KEY]:
            before = self._machine.state
            self._machine.handle(consent.ACCEPT)
            if self._machine.state != before:
                self._by = ("key", digit, channel)
                self._wake.set()

    def _object(self, digit, channel):
        before = self._machine.state
        action = self._machine.handle(consent.OBJECT)
        if self._machine.state == before:
            return
        self._by = ("key", digit, channel)
        self._recording.event("objection", FAR, digit, channel)
        if action == consent.ERASE:
            self._on_late_objection()
        else:
            self._wake.set()

    async def run(self, notice, encoding, flows, legs):
        """notice: Notice or None. flows: that carry it. legs: that hear it. Returns True if consent was given.

        Cancelled when a party hangs up: the record then says how far the notice was played.
        """
        machine = self._machine
        recording = self._recording
        if notice is None or encoding not in notice.encodings:
            machine.handle(consent.BROKEN)
            recording.event("unrecorded", "notice missing")
            return False
        action = machine.handle(consent.START)
        while action in (consent.PLAY, consent.WAIT):
            if action == consent.PLAY:
                action = await self._play(notice, encoding, flows, legs)
            else:
                action = await self._answer()
        if machine.state == consent.FAILED:
            recording.event("unrecorded", "notice incomplete or not the signed one")
        else:
            by, key, channel = self._by
            recording.event("consent", machine.rule, self.given, by, key, channel)
        return self.given

    async def _play(self, notice, encoding, flows, legs):
        machine = self._machine
        player = Player(self._primitives, notice, encoding, flows)
        self._wake.clear()
        task = asyncio.create_task(self._run(player))
        try:
            while not player.ended and machine.state in (consent.NOTICE, consent.AGREED):
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
        if machine.state == consent.REFUSED:
            return consent.CONNECT
        return machine.handle(consent.PLAYED if player.completed else consent.BROKEN)

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
        if machine.state == consent.ASKED:
            try:
                await asyncio.wait_for_ms(self._wake.wait(), self._line[KEY_TIMEOUT])
            except asyncio.TimeoutError:
                pass
        if machine.state == consent.ASKED:
            self._by = ("timeout", "", "")
            return machine.handle(consent.SILENCE)
        return consent.RECORD if self.given else consent.CONNECT
