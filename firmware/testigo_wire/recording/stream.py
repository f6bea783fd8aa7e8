"""One stream of a sealed recording: frames are filled and sealed in one buffer (docs/formats/recording.md)."""

from testigo_wire.compat import const
from testigo_wire.crypto.sframe import TAG_SIZE, Sealer
from testigo_wire.encoding import cbor
from testigo_wire.recording.items import RecordingError

# Room before the plaintext for the CBOR head (3) and the SFrame header (9), and a multiple of four, so that
# the plaintext can be handled word by word.
START = const(24)


def buffer_size(capacity):
    """-> how long a stream's buffer has to be for plaintexts of up to `capacity` bytes."""
    return START + capacity + TAG_SIZE


class Stream:
    """One stream of a recording: fill buffer[start:start + n], then seal(n)."""

    start = START

    def __init__(self, primitives, stream, base_key, metadata, keystream, buffer):
        self.buffer = buffer
        self.capacity = len(buffer) - START - TAG_SIZE
        self._view = memoryview(buffer)
        self._sealer = Sealer(primitives, base_key, stream, metadata, keystream, buffer, START)
        self._item = self._view  # the last frame, whose place and length are mostly those of the next one
        self._at = self._end = 0

    def seal(self, length):
        """Seal the first `length` bytes after `start` -> the frame item, a view of the buffer: use it before the next one."""
        if length > self.capacity:
            raise RecordingError("frame too long")
        buffer = self.buffer
        at = self._sealer.seal(length)
        size = START - at + length + TAG_SIZE
        if size < 24:
            at -= 1
            buffer[at] = 0x40 | size
        elif size < 256:
            at -= 2
            buffer[at] = 0x58
            buffer[at + 1] = size
        else:
            at -= 3
            buffer[at] = 0x59
            buffer[at + 1] = size >> 8
            buffer[at + 2] = size & 255
        end = START + length + TAG_SIZE
        if at != self._at or end != self._end:
            self._at = at
            self._end = end
            self._item = self._view[at:end]
        return self._item

    def seal_event(self, name, t_ms, values):
        """Seal one event of docs/formats/events.md, of the index stream -> the frame item, as `seal`."""
        plaintext = cbor.encode((name, t_ms) + values)
        length = len(plaintext)
        if length > self.capacity:
            raise RecordingError("event too long")
        self.buffer[START : START + length] = plaintext
        return self.seal(length)
