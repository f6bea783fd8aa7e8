"""What is captured of a bridged call: the tap, the warning tone, the longest time of a recording.

When to capture is decided by `consent/recording_control.py`; nothing is captured before `start` and after `stop`.
"""

from recorder.media import fast_path
from recorder.media.tap import Tap
from testigo_wire.policy import fields


class Capture:
    """One for each call."""

    def __init__(self, hal):
        self.tap = Tap(hal)
        self._recording = self._line = self._tone = None
        self._relays = ()

    @property
    def on(self):
        return self.tap.on

    @property
    def lost(self):
        """Whether nothing can be stored any more, as far as `start` was called before."""
        return self._recording is not None and bool(self._recording.failed or self._recording.full)

    def start(self, recording, line, relays, encodings, paused):
        """Captures packets from now on, or from the next `resume` where `paused`. Raises SpoolError, MemoryError.

        line: of the policy. relays, encodings: of the legs, by side.
        """
        self._recording, self._line, self._relays = recording, line, relays
        tone = self._tone
        if line[fields.TONE] and tone is None:  # first: without the tone nothing may be captured
            from recorder.media.tone import Tone  # loaded for lines that have one

            tone = Tone(line[fields.TONE][0], self.tap, relays, encodings)
        if not paused:
            for relay in relays:
                relay.pass_waiting()
            self.resume()
        if self._tone is not tone:
            recording.event("tone", *line[fields.TONE][0])
            self._tone = tone

    def end_pause(self):
        """What waits was said in the pause, and keys that wait are no answers."""
        for relay in self._relays:
            relay.pass_waiting()
            relay.held_keys = ""

    def resume(self):
        """Captures packets from now on, as `start` said. Raises SpoolError."""
        self.tap.start(self._recording)

    def start_tone(self):
        """Begins the tone where the call is captured; its packets are forwarded from now on."""
        if self._tone and self.tap.on:
            self._tone.begin(fast_path.ticks())

    def stop(self):
        """Captures no more; the packets of the open frame are kept, unless sealing them raises an error."""
        try:
            self.tap.flush()
        finally:
            self.discard()

    def discard(self):
        """Captures no more, and drops the packets of the open frame."""
        self.tap.stop()
        if self._tone:
            self._tone.end()

    @property
    def exceeds_limit(self):
        """Whether the recording is older than the line allows."""
        limit = self._line[fields.MAX_MS]
        return limit > 0 and self._recording.elapsed_ms() > limit

    def tick(self, now):
        """Some twenty times a second while the call is captured; allocates nothing."""
        self.tap.flush_if_old(now)
        if self._tone:
            self._tone.tick(now)
