"""Reads an item of a sealed recording, and checks its fields (docs/formats/recording.md).

An appliance needs this only to close what was cut and to erase: so it is no part of items.py.
"""

from testigo_wire.compat import const
from testigo_wire.crypto.sframe import TAG_SIZE, SFrameError, decode_header
from testigo_wire.encoding import cbor, schema
from testigo_wire.recording.items import AUDIO, CUT, MAX_ITEM, RecordingError

MAX_PLAINTEXT = const(8192)
# Of all streams; a header has 512 bytes at most.
MAX_RECIPIENTS = const(24)
# What the suite of a header decides: the bytes of a wrapped key and of the device's signature.
SUITES = {1: (113, 64)}

REASONS = "hang-up|objection|refused|unrecorded|cancelled|failed|test|limit|" + "|".join(CUT)
_HEADER = (
    "magic:'testigo version:=1|2 recording_id:#16 device_id:s number:u previous:#32 opened_ms:u clock:=0|1|2 suite:u"
    " *firmware:s signer:#8 vocabulary:u policy:#32 recipients:[@recipient"
)
_KEYS = "kind:'keys stream:=0|1 wrapped:[@wrapped"
_SEAL = "kind:'seal items:u head:#32 closed_ms:u reason:'" + REASONS + " signature:#%d"
_GONE = "kind:'gone digest:#32"
_RECORDS = {"recipient": "stream:=0|1 key_id:#8"}


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
