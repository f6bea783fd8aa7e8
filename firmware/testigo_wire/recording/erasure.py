"""Signed records of what a vault erased of a recording (docs/formats/erasure.md).

    erasure = ["testigo", 1, "erasure", version, body, signature]

The signature is the operator's, over SHA-256(CBOR(["testigo erasure 1", version, body])). For the host; an
appliance has no use for it.
"""

from testigo_wire.compat import const
from testigo_wire.encoding import cbor, schema
from testigo_wire.errors import WireError
from testigo_wire.recording.items import AUDIO as AUDIO_STREAM
from testigo_wire.recording.items import encode_gone
from testigo_wire.recording.reader import Reader

KIND = "erasure"
AUDIO = "audio"
RANGE = "range"
RECORDING = "recording"
MAX_SIZE = const(65536)
_BODY = (
    "device_id:s recording_id:#16 number:u header:#32 previous:#32 head:#32 scope:'audio|range|recording"
    " items:[@run from_ms:u until_ms:u erased_ms:u by:s reason:s"
)
_RECORDS = {"run": "first:u last:u"}
# Bytes of `by` and `reason`.
_LONGEST = (("by", 11, 200), ("reason", 12, 1000))


class ErasureError(WireError):
    """Not an erasure record."""


class Erasure:
    """A parsed record: `version`, `body` and `signature`, and the fields of the body by name."""

    def __init__(self, version, body, signature):
        self.version = version
        self.body = body
        self.signature = signature
        self.device_id, self.recording_id, self.number, self.header, self.previous, self.head = body[:6]
        self.scope, self.runs, self.from_ms, self.until_ms, self.erased_ms, self.by, self.reason = body[6:]

    def digest(self, primitives):
        """-> the 32 bytes that the operator signs."""
        return digest(primitives, self.version, self.body)

    def belongs_to(self, header, header_digest, head):
        """Whether it is a record of the recording with these header fields, first item's SHA-256 and head of the seal."""
        return (
            self.recording_id == header[2]
            and self.device_id == header[3]
            and self.number == header[4]
            and self.header == header_digest
            and self.head == head
        )

    def covers(self, index):
        """Whether the item with this index was erased by it."""
        return any([first <= index <= last for first, last in self.runs])


def runs_of(indices):
    """-> [[first, last], ...] of ascending item indices, as `items` of a record."""
    runs = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return runs


def digest(primitives, version, body):
    """-> the 32 bytes that the operator signs."""
    return primitives.sha256(cbor.encode(["testigo erasure 1", version, body]))


def encode(version, body, signature):
    """-> bytes, checked as `parse` does; raises FieldError or ErasureError naming the field."""
    _check(version, body, signature)
    data = cbor.encode(["testigo", 1, KIND, version, body, signature])
    if len(data) > MAX_SIZE:
        raise ErasureError("erasure: too long")
    return data


def parse(data):
    """-> Erasure. The signature is not checked here."""
    value = cbor.decode(data, MAX_SIZE)
    if not isinstance(value, list) or len(value) != 6 or value[:3] != ["testigo", 1, KIND]:
        raise ErasureError("not an erasure record")
    _check(*value[3:])
    return Erasure(*value[3:])


def _check(version, body, signature):
    schema.check_value("u", version, "version")
    schema.check(_BODY, body, KIND, _RECORDS)
    schema.check_value("#64", signature, "signature")
    if not version or not body[2]:
        raise ErasureError("erasure: version or number 0")
    for name, at, longest in _LONGEST:
        if not 0 < len(body[at].encode()) <= longest:
            raise ErasureError("erasure." + name + ": empty or too long")
    scope, runs, from_ms, until_ms = body[6:10]
    after = 0
    for i in range(len(runs)):
        first, last = runs[i]
        if last < first or (i and first <= after):
            raise ErasureError("erasure.items[%d]: not in ascending order, or touching" % i)
        after = last + 1
    if (scope == RECORDING) != (not runs):
        raise ErasureError("erasure.items: none, or those of a whole recording")
    if from_ms >= until_ms if scope == RANGE else from_ms or until_ms:
        raise ErasureError("erasure.from_ms: not a range, or one that the scope has not")


def erase_items(primitives, data, indices):
    """-> the bytes of a recording with `gone` in place of these items. Raises ErasureError for one that may not be erased.

    For all items of the audio stream `rewrite.erase_steps` needs no list.
    """
    reader = Reader()
    wanted = set(indices)
    out = []
    for item in reader.feed(data):
        if item.index not in wanted:
            out.append(item.raw)
            continue
        wanted.remove(item.index)
        if item.kind != "gone" and (item.kind != "frame" or item.stream != AUDIO_STREAM):
            raise ErasureError("item %d is no audio frame" % item.index)
        out.append(item.raw if item.kind == "gone" else encode_gone(primitives.sha256(item.raw)))
    reader.finish()
    if wanted:
        raise ErasureError("no item %d" % min(wanted))
    return b"".join(out)
