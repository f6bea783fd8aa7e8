"""A call that is connected at once and not recorded: an emergency call, or a call back after one.

Nothing here uses storage, keys, policy or clock. The record of such a call is written after its end (emergency_record.py).
"""

from recorder.call.call import Call, CallEnded
from recorder.media import fast_path
from recorder.media.bridge import HOLD_TIMEOUT_MS
from recorder.media.leg import FAR
from recorder.media.tap import Tap
from testigo_wire.sip import call as sip_call

EMERGENCY = "emergency"
CALL_BACK = "emergency call-back"
TITLES = {EMERGENCY: "emergency call", CALL_BACK: "call back"}  # for the log
BUSY = (480, 486, 500, 503, 600)  # answers that a free line may change
# Answers after which another form of the number makes no difference: no response, cancelled, declined by a person.
FINAL = (408, 487, 603)
PLACE_MS = 3000  # how long an ordinary call may take to end
LINE_FREE_MS = 200  # until the far side has taken its BYE


class NoRecording:
    """Stands where other calls have a RecordingControl."""

    record = "off"  # a=record
    consent_given = False

    def __init__(self, hal):
        self.tap = Tap(hal)
        self.state = self.capture = self

    def on_session(self, side, message, agreed, called=""):
        pass

    def on_key(self, side, digit, channel):
        pass

    def fail(self, reason=""):
        pass

    def end(self):
        pass

    def command(self, action, by):
        return "this call is not recorded: an emergency call, or a call back after one"


class UnrecordedCall(Call):
    """Made before it is needed: `begin` gives it its INVITE. The first leg is the one that calls."""

    recorded = False
    ring_timeout_ms = 1800000  # the caller gives up before

    def __init__(self, services, emergency, first, second, log):
        super().__init__(services, first, second, lambda call: NoRecording(services.hal), None, log)
        self.emergency = emergency  # the EmergencyCalls
        self.why = ""
        self.known = True  # by its source address: else any other emergency call takes its place
        self.began_ms = self.began_unix_ms = 0
        self._targets = ()

    def begin(self, sip, why, targets, known=True):
        """targets: [(request URI, address, credentials), ...], tried one after the other while the far side refuses them."""
        self.why = why
        self.known = known
        self.began_ms = self._hal.ms()
        self.began_unix_ms = self._hal.unix_ms()
        self._targets = targets
        self._first.sip = sip
        sip.owner = self

    def facts(self, now):
        """What its record needs, which must not keep the call in memory: see emergency_record.py. now: hal.ms() of its end."""
        sip = self._first.sip
        outcome = self._ended.args if self._ended else (None, 500, "fault")
        began = self.began_unix_ms, self.began_ms
        return (
            self.why,
            self._first.side == FAR,
            (sip.caller, sip.callee, sip.call_id),
            began,
            now,
            outcome,
            self.bridge.up,
        )

    async def converse(self):
        await self._reach()
        await self._answer_first()
        self.bridge.forward(True)
        self.emergency.connected(self)
        while True:
            await self.next(None)

    async def _reach(self):
        """Until the second leg answers. Another target is dialled where the far side refuses one, and the same one again
        after an ordinary call has made its line free."""
        asked_for_place = False
        at = 0
        while True:
            self._target = self._targets[at]
            try:
                await self._dial()
                return
            except CallEnded as ended:
                side, status, _ = ended.args
                if side != self._second.side or status in FINAL or self.why != EMERGENCY:
                    raise
                if status in BUSY and not asked_for_place and await self._place_made():
                    asked_for_place = True
                elif at + 1 < len(self._targets):
                    at += 1
                else:
                    raise
            except MemoryError:
                if asked_for_place or not await self._place_made():
                    raise
                asked_for_place = True
            self._dial_again()

    def _dial_again(self):
        """Forgets the end of the second leg, unless the caller has given up."""
        if self._first.sip.state == sip_call.INCOMING:
            self._ended = self._answered = None

    async def _place_made(self):
        """Has an ordinary call end -> whether there was one."""
        victim = self.emergency.choose(self.known)
        if victim is None:
            return False
        victim.give_way()
        self._dial_again()
        deadline = self._hal.ms() + PLACE_MS
        while not victim.bridge.closed and self._hal.ms() < deadline:
            await self.next(50)
        await self.next(LINE_FREE_MS)
        return True

    def tick(self):
        if not self._ended and self.bridge.up and self.bridge.media_timed_out(fast_path.ticks(), HOLD_TIMEOUT_MS):
            self.end(None, 408, "no audio for long")
