"""The items of a sealed recording, and the chain over them (docs/formats/recording.md)."""

from testigo_wire.compat import const
from testigo_wire.crypto.sframe import SFrameError, decode_header
from testigo_wire.encoding import cbor, schema
from testigo_wire.errors import WireError

INDEX = const(0)
AUDIO = const(1)
# The longest item: an audio frame of 8192 bytes with its CBOR head, SFrame header and tag; a keys item is shorter.
MAX_ITEM = const(8224)
MAX_PLAINTEXT = const(8192)
# How much of a call an audio frame holds while a leg sends packets. For estimates: a silence of both legs is in no frame.
FRAME_MS = const(240)

# Of a recording that was not closed by its call: only its whole items are there, and maybe no event.
CUT = ("power-loss", "storage-full", "storage-fault")
REASONS = "hang-up|objection|refused|unrecorded|cancelled|failed|test|limit|" + "|".join(CUT)
_HEADER = (
    "magic:'testigo version:=1 recording_id:#16 device_id:s number:u previous:#32 opened_ms:u clock:=0|1|2 suite:=1"
)
_KEYS = "kind:'keys stream:=0|1 wrapped:[@wrapped"
_SEAL = "kind:'seal items:u head:#32 closed_ms:u reason:'" + REASONS + " signature:#64"
_GONE = "kind:'gone digest:#32"
_RECORDS = {"wrapped": "key_id:#8 key:#113"}


class RecordingError(WireError):
    """Not an item of a recording, or not in a place where it may stand."""


def encode_header(recording_id, device_id, number, previous, opened_ms, clock):
    """-> bytes of the first item; `previous` is the SHA-256 of the previous recording's first item, or 32 zeros."""
    return _encode("header", _HEADER, ["testigo", 1, recording_id, device_id, number, previous, opened_ms, clock, 1])


def encode_keys(stream, wrapped):
    """-> bytes; wrapped: [[key_id of 8 bytes, enc || ciphertext of 113], ...]."""
    return _encode("keys", _KEYS, ["keys", stream, wrapped])


def encode_seal(items, head, closed_ms, reason, signature):
    """-> bytes of the last item."""
    return _encode("seal", _SEAL, ["seal", items, head, closed_ms, reason, signature])


def encode_gone(digest):
    """-> bytes of what stands in place of an erased item with this SHA-256."""
    return cbor.encode(["gone", digest])


def _encode(kind, table, value):
    schema.check(table, value, kind, _RECORDS)
    return cbor.encode(value)


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


class Item:
    """One item: kind "header", "keys", "frame", "seal" or "gone"; `fields` of an array, `stream`, `ctr` of a frame."""

    def __init__(self, kind, values=None, stream=None, ctr=None, body=None):
        self.kind = kind
        self.fields = values
        self.stream = stream
        self.ctr = ctr
        # The SFrame of a frame item.
        self.body = body
        self.index = self.offset = None
        self.raw = self.plaintext = self.event = None


def parse_item(data, offset=0):
    """-> (Item, end) of the item at `offset`; raises cbor.Incomplete when it is not all there."""
    value, end = cbor.decode_prefix(data, offset, MAX_ITEM)
    if isinstance(value, bytes):
        try:
            stream, ctr, _ = decode_header(value)
        except SFrameError as error:
            raise RecordingError("frame: " + str(error))
        if stream > AUDIO:
            raise RecordingError("frame: unknown stream")
        return Item("frame", None, stream, ctr, value), end
    kind = value[0] if isinstance(value, list) and value else None
    if kind == "testigo":
        schema.check(_HEADER, value, "header")
        if not 0 < len(value[3].encode()) <= 32 or not value[4]:
            raise RecordingError("header: device_id or number")
        return Item("header", value), end
    if kind == "keys":
        schema.check(_KEYS, value, kind, _RECORDS)
        return Item(kind, value, value[1]), end
    if kind == "seal":
        schema.check(_SEAL, value, kind)
        return Item(kind, value), end
    if kind == "gone":
        schema.check(_GONE, value, kind)
        return Item(kind, value), end
    raise RecordingError("unknown item")
