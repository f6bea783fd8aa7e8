"""What may change the recording during a conversation: commands of the worker's side (by keys, by SDP, from the host), and
a party who joins.

Turns them into events of the recording's state, which `RecordingControl` owns. Loaded when the first of them comes.
"""

from recorder.consent.participants import Participants
from recorder.media import fast_path
from recorder.media.leg import FAR, NEAR
from recorder.storage.spool import SpoolError
from testigo_wire.policy import e164, fields
from testigo_wire.policy import recording_state as rs
from testigo_wire.policy.key_sequence import KeySequences

ACTIONS = ("start", "stop", "pause", "resume")
PREFERENCES = {"on": "start", "off": "stop", "pause": "pause"}  # a=recordpref of the worker's telephone


class Pause:
    """A pause, from now on. relays: of the call. limit_ms: how long it may be."""

    def __init__(self, relays, limit_ms):
        self.limit_ms = limit_ms
        self._relays = relays
        self._began = fast_path.ticks()
        self._received = [relay.state[fast_path.RECEIVED] for relay in relays]

    def expired(self, now):
        """now: fast_path.ticks()."""
        return fast_path.since(now, self._began) >= self.limit_ms

    def write_gaps(self, recording):
        """Writes how long the pause was, and how many packets of each leg it left out."""
        ms = fast_path.since(fast_path.ticks(), self._began)
        for relay, received in zip(self._relays, self._received):
            count = (relay.state[fast_path.RECEIVED] - received) & 0xFFFFFFFF
            recording.event("gap", relay.leg, count, ms, "paused")


class CallCommands:
    """control: the RecordingControl of the call."""

    def __init__(self, control):
        self._control = control
        self._sequences = KeySequences(control.line[fields.KEYS])
        control.participants = participants = Participants(control.policy.numbering)
        for side, informed in ((NEAR, control.worker_informed), (FAR, control.consent_given)):
            if control.sessions[side]:
                participants.update(side, *control.sessions[side])
                if informed:
                    participants.set_informed(side)

    def on_session(self, side, identity, origin, preference):
        """A leg has another session, or the same one again. preference: a=recordpref, where it is a new one."""
        control = self._control
        how = control.participants.update(side, identity, origin)
        if how:
            self._joined(side, how)
        elif side == NEAR and preference in PREFERENCES and control.call.bridge.up:
            action = PREFERENCES[preference]
            if action == "start" and control.state.paused:
                action = "resume"
            self.command(action, "sdp")

    def _joined(self, side, how):
        """Another party is on the leg."""
        control = self._control
        notice, line = control.notice, control.line
        if side == NEAR:
            was_informed, control.worker_informed = control.worker_informed, False
            notice.near_joined()
        control.check_storage()
        if control.state.over or not (notice.given or notice.in_progress):
            return  # nothing is recorded; before anything is, the parties of that moment will be informed
        name = control.participants.name(side)
        if line[fields.UNRECORDED_NUMBERS] != "full":
            name = e164.kept("tel:" + name, line[fields.UNRECORDED_NUMBERS])
        event = control.call.recording.event
        if side == FAR:
            if notice.join():
                control.handle(rs.JOINED)
            event("joined", side, name, how)
            return
        hears_notice = line[fields.WORKER] == "notice"
        if hears_notice:
            control.handle(rs.JOINED)
        else:
            control.capture.tap.flush()  # what was said before comes before it in the recording
        event("joined", side, name, how)
        if was_informed and not hears_notice:
            control.set_worker_informed()

    def key(self, digit):
        """A key of the worker."""
        found = self._sequences.key(digit, self._control.services.hal.ms())
        if found >= 0:
            self._control.command(ACTIONS[found], "key")

    def command(self, action, by):
        """action: one of ACTIONS. by: "key", "sdp", "host" or "limit" -> "", or why it is not done."""
        if action not in ACTIONS:
            return "start, stop, pause or resume"
        control = self._control
        control.check_storage()
        if action == "pause":
            return self._pause(by)
        if action == "resume":
            return self._resume(by)
        if control.line[fields.MODE] != "on-demand":
            return "the line is not recorded on demand"
        return self._start(by) if action == "start" else self._stop(by)

    def _start(self, by):
        control = self._control
        notice, state = control.notice, control.state
        if state.over_by in (rs.LIMIT, rs.LOST):
            return "the longest time is over" if state.over_by == rs.LIMIT else "nothing can be stored"
        if not notice.start():
            return "recorded already" if notice.given else "asked already, or objected to"
        control.requested = True
        control.handle(rs.REQUESTED)
        control.call.recording.event("started", by)
        return ""

    def _stop(self, by):
        control = self._control
        if not control.notice.stop():
            return "nothing is being recorded"
        control.end_pause()
        control.handle(rs.STOP)
        control.call.recording.event("stopped", by)
        return ""

    # pauses for card data: neither sound nor digits are kept, only how long it was

    def _pause(self, by):
        control = self._control
        notice = control.notice
        if control.state.paused:
            return "paused already"
        # A pause may begin while the notice is owed or played: the recording would begin at any moment.
        if not (control.state.can_pause and (notice.given or notice.in_progress)):
            return "nothing is being recorded"
        if not control.line[fields.PAUSE_LIMIT]:
            return "the policy has no pauses on this line"
        control.pause = Pause(control.call.bridge.relays, control.line[fields.PAUSE_LIMIT])
        control.handle(rs.PAUSE)
        control.call.recording.event("pause", by)
        return ""

    def _resume(self, by):
        control = self._control
        recording = control.call.recording
        if not control.state.paused:
            return "not paused"
        control.capture.end_pause()
        control.end_pause()
        recording.event("resume", by)
        control.handle(rs.RESUME)
        if control.state.state != rs.ON:
            return "nothing can be stored" if control.state.over_by == rs.LOST else ""
        try:
            control.capture.resume()
        except SpoolError as exc:
            control.handle(rs.LOST)
            recording.event("unrecorded", str(exc))
            return str(exc)
        control.capture.start_tone()
        return ""
