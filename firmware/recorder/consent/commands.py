"""What may come in the middle of a conversation: a command of the worker's side, by keys, by SDP or from the host, and
somebody who joins. Loaded when the first of it comes."""

from recorder.consent.participants import Parties
from recorder.media import fast_path
from recorder.media.leg import FAR, NEAR
from recorder.storage.spool import SpoolError
from testigo_wire.policy import e164, fields
from testigo_wire.policy.key_sequence import KeySequences

ACTIONS = ("start", "stop", "pause", "resume")
PREFERENCES = {"on": "start", "off": "stop", "pause": "pause"}  # a=recordpref of the worker's telephone


class Steering:
    """conduct: the call's Conduct."""

    def __init__(self, conduct):
        self._conduct = conduct
        self._passed = ()  # packets of each leg when the pause began
        self._sequences = KeySequences(conduct.line[fields.KEYS])
        self.parties = Parties(conduct.policy.numbering)
        for side, told in ((NEAR, conduct.informed), (FAR, conduct.asking.given)):
            if conduct.sessions[side]:
                self.parties.seen(side, *conduct.sessions[side])
                if told:
                    self.parties.told(side)

    def session(self, side, said, origin, preference):
        """A leg has another session, or the same one said anew."""
        conduct = self._conduct
        how = self.parties.seen(side, said, origin)
        if how:
            self._joined(side, how)
        elif side == NEAR and preference in PREFERENCES and conduct.call.bridge.up:
            action = PREFERENCES[preference]
            if action == "start" and conduct.capture.paused:
                action = "resume"
            self.control(action, "sdp")

    def _joined(self, side, how):
        """Somebody else is on that leg now."""
        conduct = self._conduct
        asking, capture, line = conduct.asking, conduct.capture, conduct.line
        if side == NEAR:
            informed, conduct.informed = conduct.informed, False
            asking.forget(NEAR)
        if capture.over or not (asking.given or asking.asking):
            return  # nothing is taken, and before anything is, whoever is there then will be told
        who = self.parties.who(side)
        if line[fields.UNRECORDED_NUMBERS] != "full":
            who = e164.kept("tel:" + who, line[fields.UNRECORDED_NUMBERS])
        event = conduct.call.recording.event
        if side == FAR:
            capture.halt()
            event("joined", side, who, how)
            if asking.join():
                conduct.todo = True
        else:
            tells = line[fields.WORKER] == "notice"
            if tells:
                capture.halt()
                conduct.todo = True
            else:
                capture.tap.flush()  # what was said before belongs before it
            event("joined", side, who, how)
            if informed and not tells:
                conduct.worker_informed()

    def key(self, digit):
        """A key of the worker's."""
        found = self._sequences.key(digit, self._conduct.services.hal.ms())
        if found >= 0:
            self._conduct.control(ACTIONS[found], "key")

    def control(self, action, by):
        """One of ACTIONS -> "" or why not."""
        conduct = self._conduct
        asking, capture = conduct.asking, conduct.capture
        if action not in ACTIONS:
            return "start, stop, pause or resume"
        if action == "pause":
            return self._pause(by)
        if action == "resume":
            return self._resume(by)
        if conduct.line[fields.MODE] != "on-demand":
            return "the line is not recorded on demand"
        event = conduct.call.recording.event
        if action == "start":
            if capture.over:
                return "the longest time is over" if capture.limit_reached else "nothing can be stored"
            if not asking.begin():
                return "recorded already" if asking.given else "asked already, or objected to"
            conduct.wanted = conduct.todo = True
            event("started", by)
            return ""
        if not asking.stop():
            return "nothing is being recorded"
        if capture.paused:
            self._gap()
        capture.end()
        event("stopped", by)
        return ""

    # pauses for card data: neither sound nor digits are kept, only how long it was

    def _pause(self, by):
        conduct = self._conduct
        capture = conduct.capture
        if capture.paused:
            return "paused already"
        asking = conduct.asking
        told = (conduct.telling or conduct.todo) and (asking.given or asking.asking)  # it may begin at any moment
        if not (capture.on or (told and not capture.over)):
            return "nothing is being recorded"
        if not conduct.line[fields.PAUSE_LIMIT]:
            return "the policy has no pauses on this line"
        capture.paused = True
        capture.paused_at = fast_path.ticks()
        capture.pause_limit = conduct.line[fields.PAUSE_LIMIT]
        self._passed = [flow.state[fast_path.RECEIVED] for flow in conduct.call.bridge.flows]
        capture.off()
        conduct.call.recording.event("pause", by)
        return ""

    def _resume(self, by):
        conduct = self._conduct
        capture = conduct.capture
        if not capture.paused:
            return "not paused"
        self._gap()
        conduct.call.recording.event("resume", by)
        capture.paused = False
        if not capture.taking:  # somebody who joined is being told
            return ""
        try:
            capture.go_on()
        except SpoolError as exc:
            conduct.call.recording.event("unrecorded", str(exc))
            return str(exc)
        return ""

    def _gap(self):
        conduct = self._conduct
        ms = fast_path.since(fast_path.ticks(), conduct.capture.paused_at)
        for flow, passed in zip(conduct.call.bridge.flows, self._passed):
            count = (flow.state[fast_path.RECEIVED] - passed) & 0xFFFFFFFF
            conduct.call.recording.event("gap", flow.leg, count, ms, "paused")

    def close(self):
        """The call is over."""
        if self._conduct.capture.paused:
            self._gap()
