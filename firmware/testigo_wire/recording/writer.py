"""Writes a sealed recording item by item (docs/formats/recording.md), each handed to a sink as it is made.

The sink is called as sink(buffer, offset, length) and copies or writes before it returns.
"""

from testigo_wire.compat import const
from testigo_wire.crypto.sframe import TAG_SIZE, Sealer
from testigo_wire.encoding import cbor
from testigo_wire.recording import items as recording

# Room before the plaintext for the CBOR head (3) and the SFrame header (9), and a multiple of four, so that
# the plaintext can be handled word by word.
START = const(24)


def buffer_size(capacity):
    """-> how long a stream's buffer has to be for plaintexts of up to `capacity` bytes."""
    return START + capacity + TAG_SIZE


class Stream:
    """One stream: fill buffer[start:start + n], then seal(n); the whole item is then at offset, length."""

    start = START

    def __init__(self, writer, primitives, stream, base_key, metadata, keystream, buffer):
        self.buffer = buffer
        self.capacity = len(buffer) - START - TAG_SIZE
        self.offset = self.length = 0
        self._view = memoryview(buffer)
        self._writer = writer
        self._sealer = Sealer(primitives, base_key, stream, metadata, keystream, buffer, START)

    def seal(self, length):
        """Seal and write the frame that the first `length` bytes after `start` are; the buffer is then free again."""
        if length > self.capacity:
            raise recording.RecordingError("frame too long")
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
        self.offset = at
        self.length = end - at
        self._writer.write(self._view[at:end], buffer, at, end - at)


class Writer:
    """One recording from its header to its seal."""

    def __init__(self, primitives, keystream, sink, recording_id, device_id, number, previous, opened_ms, clock):
        self._primitives = primitives
        self._keystream = keystream
        self._sink = sink
        self._chain = recording.Chain(primitives)
        self._index = None
        self.recording_id = recording_id
        self.closed = False
        header = recording.encode_header(recording_id, device_id, number, previous, opened_ms, clock)
        # What the next recording's header names as `previous`.
        self.header_digest = primitives.sha256(header)
        self.write(header, header, 0, len(header))

    @property
    def items(self):
        return self._chain.items

    def write(self, item, buffer, offset, length):
        """Chain and hand over a whole item, given as bytes and as its place in a buffer."""
        if self.closed:
            raise recording.RecordingError("recording is closed")
        self._chain.add(item)
        self._sink(buffer, offset, length)

    def open_stream(self, stream, base_key, wrapped, buffer):
        """Write the keys item of a stream -> its Stream. The index stream (0) comes first and serves `event`."""
        item = recording.encode_keys(stream, wrapped)
        self.write(item, item, 0, len(item))
        opened = Stream(self, self._primitives, stream, base_key, self.recording_id, self._keystream, buffer)
        if stream == recording.INDEX:
            self._index = opened
        return opened

    def event(self, name, t_ms, *values):
        """Write one event of docs/formats/events.md to the index stream; t_ms: milliseconds since opened_ms."""
        stream = self._index
        plaintext = cbor.encode((name, t_ms) + values)
        length = len(plaintext)
        if length > stream.capacity:
            raise recording.RecordingError("event too long")
        stream.buffer[START : START + length] = plaintext
        stream.seal(length)

    def seal_digest(self, closed_ms, reason):
        """No item can follow any more -> the 32 bytes to sign."""
        self.closed = True
        chain = self._chain
        return recording.seal_digest(self._primitives, self.recording_id, chain.items, chain.head, closed_ms, reason)

    def seal(self, closed_ms, reason, signature):
        """Write the last item, with the signature over `seal_digest` of the same arguments."""
        chain = self._chain
        item = recording.encode_seal(chain.items, chain.head, closed_ms, reason, signature)
        self._sink(item, 0, len(item))
