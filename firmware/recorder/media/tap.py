"""The audio frame into which a call's packets are copied until it is sealed (docs/formats/audio-frame.md)."""

from recorder.media import fast_path
from testigo_wire.recording import audio_frame


class Tap:
    """One per call. Before `start` and after `stop` packets are passed on and nothing is recorded."""

    def __init__(self, hal):
        self._hal = hal
        self.control = fast_path.new_control()
        self.control[fast_path.WORDS] = hal.unaligned_words
        self.frame = b""
        self._recording = None
        self._opened = 0

    def start(self, recording):
        """Record from now on. Raises SpoolError."""
        stream = recording.start_audio()
        self._recording = recording
        self._opened = (
            fast_path.ticks() - recording.elapsed_ms()
        ) & fast_path.TICKS_MASK  # one time for audio and events
        self.frame = stream.buffer
        self._start = stream.start
        control = self.control
        control[fast_path.FIRST] = stream.start + audio_frame.HEAD
        control[fast_path.LIMIT] = stream.start + stream.capacity - fast_path.LONGEST_PACKET - audio_frame.PACKET_HEAD
        control[fast_path.POSITION] = control[fast_path.FIRST]

    def stop(self):
        """Record no more; what the open frame holds is dropped, not sealed."""
        self.control[fast_path.POSITION] = 0
        self._recording = None

    @property
    def on(self):
        return self._recording is not None

    def flush(self):
        """Seal what the frame holds. Called when it is full or old, and at the end of the call."""
        control = self.control
        if self._recording is None:
            return
        n = control[fast_path.POSITION] - self._start
        if n <= audio_frame.HEAD:
            return
        audio_frame.begin(self.frame, self._start, fast_path.since(control[fast_path.STARTED], self._opened))
        control[fast_path.POSITION] = control[fast_path.FIRST]
        if not self._recording.write_audio(n):
            self.stop()
        self._hal.collect()

    def flush_if_old(self, now):
        """Seal a frame that is old although no packet comes to fill it. now: fast_path.ticks()."""
        control = self.control
        if self._recording and control[fast_path.POSITION] != control[fast_path.FIRST]:
            if fast_path.since(now, control[fast_path.STARTED]) >= fast_path.FRAME_MS:
                self.flush()
