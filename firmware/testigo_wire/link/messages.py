"""The messages of the link (docs/formats/link.md) and of the console (docs/formats/control.md), read from a stream.

Each is a length (u32, big-endian) and a CBOR array whose first element is its name.
"""

from testigo_wire.compat import const
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError

MAX_MESSAGE = const(8192)
SERVER_NAME = "testigo-vault"  # what every vault's certificate says, whatever its address
_TYPES = {"i": int, "s": str, "b": bytes, "a": list, "?": bool}


class ProtocolError(WireError):
    """The peer sent what the protocol does not allow at this point; the text says what."""


def frame(message):
    """The bytes of one message on the stream."""
    data = cbor.encode(message)
    if len(data) > MAX_MESSAGE:
        raise ProtocolError("message too long")
    return len(data).to_bytes(4, "big") + data


class Messages:
    """Cuts the stream into messages."""

    def __init__(self):
        self._data = b""

    def feed(self, data):
        self._data += data

    def next(self):
        """The next whole message, or None. Raises ProtocolError; the stream cannot be read any further then."""
        if len(self._data) < 4:
            return None
        size = int.from_bytes(self._data[:4], "big")
        if not 0 < size <= MAX_MESSAGE:
            raise ProtocolError("message of %d bytes" % size)
        if len(self._data) < size + 4:
            return None
        message = self._data[4 : size + 4]
        self._data = self._data[size + 4 :]
        try:
            message = cbor.decode(message)
        except WireError as error:
            raise ProtocolError(str(error))
        if not isinstance(message, list) or not message:
            raise ProtocolError("message without a name")
        return message


def check(message, types):
    """Whether the elements have these types: i unsigned, s text, b bytes, a array, ? boolean."""
    if len(message) != len(types):
        return False
    for value, kind in zip(message, types):
        if type(value) is not _TYPES[kind] or (kind == "i" and value < 0):
            return False
    return True
