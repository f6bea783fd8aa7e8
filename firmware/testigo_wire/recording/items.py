"""The items of a sealed recording, and the chain over them (docs/formats/recording.md)."""

from testigo_wire.compat import const
from testigo_wire.crypto.sframe import TAG_SIZE, SFrameError, decode_header
from testigo_wire.encoding import cbor, schema
from testigo_wire.errors import WireError

INDEX = const(0)
AUDIO = const(1)
# The longest item: an audio frame of 8192 bytes with its CBOR head, SFrame header and tag; a keys item is shorter.
MAX_ITEM = const(8224)
MAX_PLAINTEXT = const(8192)
# How much of a call an audio frame holds while a leg sends packets. For estimates: a silence of both legs is in no frame.
FRAME_MS = const(240)

# What is written now; version 1 is read too. The vocabulary is that of events.py.
VERSION = const(2)
VOCABULARY = const(2)
# Of all streams; a header has 512 bytes at most.
MAX_RECIPIENTS = const(24)
# What the suite of a header decides: the bytes of a wrapped key and of the device's signature.
SUITES = {1: (113, 64)}

# Of a recording that was not closed by its call: only its whole items are there, and maybe no event.
# "erased": and its audio was erased then, after an objection that may have left no event.
CUT = ("power-loss", "storage-full", "storage-fault", "erased")
REASONS = "hang-up|objection|refused|unrecorded|cancelled|failed|test|limit|" + "|".join(CUT)
_HEADER = (
    "magic:'testigo version:=1|2 recording_id:#16 device_id:s number:u previous:#32 opened_ms:u clock:=0|1|2 suite:u"
    " *firmware:s signer:#8 vocabulary:u policy:#32 recipients:[@recipient"
)
_KEYS = "kind:'keys stream:=0|1 wrapped:[@wrapped"
_SEAL = "kind:'seal items:u head:#32 closed_ms:u reason:'" + REASONS + " signature:#%d"
_GONE = "kind:'gone digest:#32"
_RECORDS = {"recipient": "stream:=0|1 key_id:#8"}


class RecordingError(WireError):
    """Not an item of a recording, or not in a place where it may stand."""


def encode_header(recording_id, device_id, number, previous, opened_ms, clock, about):
    """-> bytes of the first item; `previous` is the SHA-256 of the previous recording's first item, or 32 zeros.

    about: [firmware version, key id of the device's key, SHA-256 of the policy or 32 zeros, its recipients as
    [[stream, key_id of 8 bytes], ...]].
    """
    firmware, signer, policy, recipients = about
    header = ["testigo", VERSION, recording_id, device_id, number, previous, opened_ms, clock, 1]
    header += [firmware, signer, VOCABULARY, policy, recipients]
    _check_header(header)
    return cbor.encode(header)


def encode_keys(stream, wrapped, suite=1):
    """-> bytes; wrapped: [[key_id of 8 bytes, enc || ciphertext as long as the suite has it], ...]."""
    item = ["keys", stream, wrapped]
    _check_keys(item, suite)
    return cbor.encode(item)


def encode_seal(items, head, closed_ms, reason, signature, suite=1):
    """-> bytes of the last item."""
    item = ["seal", items, head, closed_ms, reason, signature]
    schema.check(_SEAL % SUITES[suite][1], item, "seal")
    return cbor.encode(item)


def encode_gone(digest):
    """-> bytes of what stands in place of an erased item with this SHA-256."""
    return cbor.encode(["gone", digest])


def _check_header(header):
    schema.check(_HEADER, header, "header", _RECORDS)
    recording_id = header[2]
    if not 0 < len(header[3].encode()) <= 32 or not header[4]:
        raise RecordingError("header: device_id or number")
    if recording_id[6] >> 4 != 7 or recording_id[8] >> 6 != 2:  # RFC 9562 sections 4.1 and 5.7
        raise RecordingError("header: recording_id is no UUIDv7")
    if header[8] not in SUITES:
        raise RecordingError("header: unknown suite")
    if len(header) != (9 if header[1] == 1 else 14):
        raise RecordingError("header: not the fields of its version")
    if header[1] > 1:
        if not 0 < len(header[9].encode()) <= 32:
            raise RecordingError("header: firmware")
        if header[11] < 2 or len(header[13]) > MAX_RECIPIENTS:
            raise RecordingError("header: vocabulary or recipients")


def _check_keys(item, suite):
    schema.check(_KEYS, item, "keys", {"wrapped": "key_id:#8 key:#%d" % SUITES[suite][0]})


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


def parse_item(data, offset=0, suite=1):
    """-> (Item, end) of the item at `offset`; raises cbor.Incomplete when it is not all there.

    suite: of the recording's header; 1 before it was read.
    """
    value, end = cbor.decode_prefix(data, offset, MAX_ITEM)
    if isinstance(value, bytes):
        try:
            stream, ctr, start = decode_header(value)
        except SFrameError as error:
            raise RecordingError("frame: " + str(error))
        if stream > AUDIO:
            raise RecordingError("frame: unknown stream")
        if not 0 <= len(value) - start - TAG_SIZE <= MAX_PLAINTEXT:
            raise RecordingError("frame: size")
        return Item("frame", None, stream, ctr, value), end
    kind = value[0] if isinstance(value, list) and value else None
    if kind == "testigo":
        _check_header(value)
        return Item("header", value), end
    if kind == "keys":
        _check_keys(value, suite)
        return Item(kind, value, value[1]), end
    if kind == "seal":
        schema.check(_SEAL % SUITES[suite][1], value, kind)
        return Item(kind, value), end
    if kind == "gone":
        schema.check(_GONE, value, kind)
        return Item(kind, value), end
    raise RecordingError("unknown item")
