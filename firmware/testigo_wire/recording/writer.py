"""Makes a sealed recording item by item, each handed to a sink (docs/formats/recording.md).

For the host and the tests; the appliance does the same with a file (recorder/storage/recordings.py).
"""

from testigo_wire.recording import items
from testigo_wire.recording.item_parser import parse_item
from testigo_wire.recording.stream import Stream


class Writer:
    """One recording from its header to its seal. sink(item): copies or writes the item before it returns.

    An item that is none raises RecordingError or FieldError and is not written.

    header: of `items.encode_header`, with this recording_id.
    """

    def __init__(self, primitives, keystream, sink, recording_id, header):
        self._primitives = primitives
        self._keystream = keystream
        self._sink = sink
        self._suite = parse_item(header)[0].fields[8]
        self._chain = items.Chain(primitives)
        self._index = None
        self.recording_id = recording_id
        self.closed = False
        # What the next recording's header names as `previous`.
        self.header_digest = self.write(header)

    @property
    def items(self):
        return self._chain.items

    def write(self, item):
        """Chain and hand over a whole item, as a frame that a stream has sealed -> its digest."""
        if self.closed:
            raise items.RecordingError("recording is closed")
        parse_item(item, 0, self._suite)
        digest = self._chain.add(item)
        self._sink(item)
        return digest

    def open_stream(self, stream, base_key, wrapped, buffer):
        """Write the keys item of a stream -> its Stream. The index stream (0) comes first and serves `event`."""
        self.write(items.encode_keys(stream, wrapped))
        opened = Stream(self._primitives, stream, base_key, self.recording_id, self._keystream, buffer)
        if stream == items.INDEX:
            self._index = opened
        return opened

    def event(self, name, t_ms, *values):
        """Write one event of docs/formats/events.md to the index stream; t_ms: milliseconds since opened_ms."""
        if self.closed:
            raise items.RecordingError("recording is closed")
        self.write(self._index.seal_event(name, t_ms, values))

    def seal_digest(self, closed_ms, reason):
        """No item can follow any more -> the 32 bytes to sign."""
        self.closed = True
        chain = self._chain
        return items.seal_digest(self._primitives, self.recording_id, chain.items, chain.head, closed_ms, reason)

    def seal(self, closed_ms, reason, signature):
        """Write the last item, with the signature over `seal_digest` of the same arguments."""
        chain = self._chain
        item = items.encode_seal(chain.items, chain.head, closed_ms, reason, signature)
        parse_item(item, 0, self._suite)
        self._sink(item)
