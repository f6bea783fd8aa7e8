"""The frame that a call's packets are tapped into, between two seals (design section 6)."""

from recorder import media

ROOM = 1000  # a packet may be this long; a frame is sealed while there is room for one more
VERSION = 1


class Tap:
    """One per call. Until `start`, and after `stop`, packets pass and nothing is kept."""

    def __init__(self, hal):
        self._hal = hal
        self.control = media.new_control()
        self.frame = b""
        self._recording = None
        self._opened = 0

    def start(self, recording, opened_ticks):
        """opened_ticks: media.ticks() when the recording was opened. Raises SpoolError."""
        stream = recording.start_audio()
        self._recording = recording
        self._opened = opened_ticks
        self.frame = stream.buffer
        self._start = stream.start
        control = self.control
        control[media.FIRST] = stream.start + 5
        control[media.LIMIT] = stream.start + stream.capacity - ROOM - media.RECORD_HEAD
        control[media.POSITION] = control[media.FIRST]

    def stop(self):
        """Nothing is taken from here on; what the open frame held is dropped, not sealed."""
        self.control[media.POSITION] = 0
        self._recording = None

    @property
    def on(self):
        return self._recording is not None

    def flush(self):
        """Seals what the frame holds. Called when it is full, old, or the call ends."""
        control = self.control
        if self._recording is None:
            return
        n = control[media.POSITION] - self._start
        if n <= 5:
            return
        age = media.since(control[media.STARTED], self._opened)
        frame = self.frame
        at = self._start
        frame[at] = VERSION
        frame[at + 1] = age >> 24
        frame[at + 2] = (age >> 16) & 255
        frame[at + 3] = (age >> 8) & 255
        frame[at + 4] = age & 255
        control[media.POSITION] = control[media.FIRST]
        if not self._recording.write_audio(n):
            self.stop()
        self._hal.collect()

    def flush_old(self, now):
        """now: media.ticks(). For a call in which no packet comes to fill the frame."""
        control = self.control
        if self._recording and control[media.POSITION] != control[media.FIRST]:
            if media.since(now, control[media.STARTED]) >= media.FRAME_MS:
                self.flush()
