"""What is taken of a bridged call: when the tap is on, the warning tone, the longest time.

Nothing is taken before `begin`, while paused (steering.py), and after `end`; while paused digits are not kept either (the
call asks `paused`).
"""

from recorder.media import fast_path
from recorder.media.tap import Tap
from testigo_wire.policy import fields


class Capture:
    """One per call. changed(): the state of recording, as telephones are told it, is another one."""

    def __init__(self, hal, changed):
        self.tap = Tap(hal)
        self.paused = False
        self.limit_reached = False
        self.taking = False  # but for a pause
        self._changed = changed
        self._recording = self._line = self._tone = None
        self._flows = ()
        self._opened = self.paused_at = self.pause_limit = 0

    @property
    def on(self):
        return self.tap.on

    @property
    def lost(self):
        """Whether recording ended because nothing can be stored any more."""
        return self._recording is not None and bool(self._recording.failed or self._recording.full)

    @property
    def over(self):
        """Whether nothing more can be taken of this call."""
        return self.limit_reached or self.lost

    def state(self):
        """a=record of RFC 7866 section 6.2."""
        return "paused" if self.paused else "on" if self.tap.on else "off"

    def begin(self, recording, opened_ticks, line, flows, encodings):
        """Takes what passes from now on, or after the pause that goes on. Raises SpoolError, MemoryError.

        opened_ticks: media.ticks() when the recording was opened.
        """
        self._recording, self._line, self._opened, self._flows = recording, line, opened_ticks, flows
        tone = self._tone
        if line[fields.TONE] and tone is None:  # first: without it nothing may be taken
            from recorder.media.tone import Tone  # loaded for lines that have one

            tone = Tone(line[fields.TONE][0], self.tap, flows, encodings)
        if not self.paused:
            self.tap.start(recording)
        self.taking = True
        if self._tone is not tone:
            recording.event("tone", *line[fields.TONE][0])
            self._tone = tone
        self._changed()

    def bridged(self):
        """Packets pass from now on: so does the tone."""
        if self._tone and self.tap.on:
            self._tone.begin(fast_path.ticks())

    def go_on(self):
        """After a pause. Raises SpoolError."""
        self.tap.start(self._recording)
        self.bridged()
        self._changed()

    def off(self):
        """Takes no more; what the open frame holds is kept."""
        self.tap.flush()
        self.tap.stop()
        if self._tone:
            self._tone.end()
        self._changed()

    def halt(self):
        """`off` until the next `begin`. A pause goes on."""
        self.taking = False
        self.off()

    def end(self):
        """As `halt`, and a pause ends with it."""
        self.paused = False
        self.halt()

    def drop(self):
        """Takes no more, and drops what the open frame holds."""
        self.paused = False
        self.tap.stop()
        self.halt()

    def tick(self, now):
        """Some twenty times a second while the parties talk; allocates nothing as long as nothing happens.

        -> whether a pause has been long enough.
        """
        self.tap.flush_if_old(now)
        if self.paused:
            return fast_path.since(now, self.paused_at) >= self.pause_limit
        if not self.tap.on:
            if self.taking:  # nothing can be stored any more
                self.halt()
        else:
            limit = self._line[fields.MAX_MS]
            if limit and fast_path.since(now, self._opened) > limit:
                self.limit_reached = True
                self.end()
                self._recording.event("unrecorded", "limit")
            elif self._tone:
                self._tone.tick(now)
        return False
