"""The items of a sealed recording, and the chain over them (docs/formats/recording.md).

Nothing is checked here; item_parser.py reads items and checks them, and so does the Writer with what it writes.
"""

from testigo_wire.compat import const
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError

INDEX = const(0)
AUDIO = const(1)
# The longest item: an audio frame of 8192 bytes with its CBOR head, SFrame header and tag; a keys item is shorter.
MAX_ITEM = const(8224)
# How much of a call an audio frame holds while a leg sends packets. For estimates: a silence of both legs is in no frame.
FRAME_MS = const(240)

# What is written now; version 1 is read too. The vocabulary is that of events.py.
VERSION = const(2)
VOCABULARY = const(2)

# Of a recording that was not closed by its call: only its whole items are there, and maybe no event.
# "erased": and its audio was erased then, after an objection that may have left no event.
CUT = ("power-loss", "storage-full", "storage-fault", "erased")


class RecordingError(WireError):
    """Not an item of a recording, or not in a place where it may stand."""


def encode_header(recording_id, device_id, number, previous, opened_ms, clock, about):
    """-> bytes of the first item; `previous` is the SHA-256 of the previous recording's first item, or 32 zeros.

    about: (firmware version, key id of the device's key, SHA-256 of the policy or 32 zeros, its recipients as
    [[stream, key_id of 8 bytes], ...]).
    """
    firmware, signer, policy, recipients = about
    start = ["testigo", VERSION, recording_id, device_id, number, previous, opened_ms, clock, 1]
    return cbor.encode(start + [firmware, signer, VOCABULARY, policy, recipients])


def encode_keys(stream, wrapped):
    """-> bytes; wrapped: [[key_id of 8 bytes, enc || ciphertext as long as the suite has it], ...]."""
    return cbor.encode(["keys", stream, wrapped])


def encode_seal(items, head, closed_ms, reason, signature):
    """-> bytes of the last item."""
    return cbor.encode(["seal", items, head, closed_ms, reason, signature])


def encode_gone(digest):
    """-> bytes of what stands in place of an erased item with this SHA-256."""
    return cbor.encode(["gone", digest])


def seal_digest(primitives, recording_id, items, head, closed_ms, reason):
    """-> the 32 bytes that the device signs; items: how many stand before the seal."""
    return primitives.sha256(cbor.encode(["testigo seal 1", recording_id, items, head, closed_ms, reason]))


def key_id(primitives, public):
    """-> 8 bytes that name a recipient's public key of 65 bytes."""
    return primitives.sha256(public)[:8]


def wrap_info(recording_id, stream):
    """-> the HPKE info that binds a wrapped base key to its recording and stream."""
    return b"testigo hpke 1" + bytes(recording_id) + bytes((stream,))


class Chain:
    """h = SHA-256(h || SHA-256(item)) over every item but the seal."""

    def __init__(self, primitives):
        self._sha256 = primitives.sha256
        self.head = self._sha256(b"testigo chain 1")
        self.items = 0

    def add(self, item):
        """Add an item as it is written -> its digest."""
        digest = self._sha256(item)
        self.add_digest(digest)
        return digest

    def add_digest(self, digest):
        """Add an item that is gone, by its digest."""
        self.head = self._sha256(self.head, digest)
        self.items += 1
