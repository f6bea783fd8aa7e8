"""Signed documents from the vault to its appliances (docs/formats/documents.md).

    document = ["testigo", 1, kind, version, body, signature]

The signature is the operator's, over SHA-256(CBOR(["testigo document 1", kind, version, body])).
"""

from testigo_wire.compat import const
from testigo_wire.crypto import ecdsa
from testigo_wire.encoding import cbor, schema
from testigo_wire.errors import DocumentError

MAX_SIZE = const(8000)  # with its head it fits into one message of the link
# Written as encoding/schema.py reads them. A body is the record named by its kind.
_RECORDS = {
    "policy": (
        "valid_from_ms:u valid_until_ms:u controller:s contact:s information:s source:#32 numbering:@numbering"
        " offsets:[@offset recipients:[@recipient lines:[@line *emergency:@emergency"
    ),
    "numbering": "country_code:s national_prefix:s international_prefix:s",
    "offset": "from_ms:u minutes:u",
    "recipient": "stream:=0|1 key_id:#8 public:#65",
    "line": (
        "name:s direction:'in|out|both mode:'all|on-demand|never basis:s purposes:[s rule:'notify|opt-out|opt-in"
        " accept_key:k object_key:k objection:'connect|end-call order:'notice-first|answer-first notice_legs:'far|both"
        " voices:[@voice key_timeout_ms:u repeats:u worker:'notice|tone|acknowledgement worker_reference:s tone:[@tone"
        " keys:@keys pause_limit_ms:u schedule:[@span only:[s except:[s"
        " impossible:'connect-unrecorded|refuse-call max_ms:u unrecorded_numbers:'full|last-3|none high_level:?"
    ),
    "voice": "language:s notice:s key:k called:[s",
    "tone": "hertz:u length_ms:u interval_ms:u level:u",
    "keys": "start:s stop:s pause:s resume:s",
    "span": "days:u begin:u end:u",
    "emergency": "numbers:[s outside_prefix:s callback_minutes:u",
    "notice": "name:s language:s text:s total_ms:u audio:[@audio",
    "audio": "encoding:'PCMU|PCMA digest:#32 length:u",
    "objections": "key:#32 count:u digest:#32",
    "receipt": "device_id:s recording_id:#16 number:u head:#32 copies:[s stored_ms:u",
    "settings": "network:~network sip:@sip sync:~sync max_calls:u",
    "network.wifi": "ssid:s key:s",
    "network.ethernet": "",
    "network.none": "",
    "sip": "bind_host:s sip_port:u rtp_first_port:u rtp_last_port:u near:@leg far:@leg",
    "leg": "mode:'trunk|register|registrar host:s port:u user:s auth_user:s password:s line:s",
    "sync.tcp": "host:s port:u",
    "sync.serial": "",
}
_KINDS = ("policy", "notice", "objections", "receipt", "settings")


class Document:
    """A parsed document: kind, version, body (checked), signature."""

    def __init__(self, kind, version, body, signature):
        self.kind = kind
        self.version = version
        self.body = body
        self.signature = signature

    def verify_steps(self, primitives, operator):
        """-> bool: signed by the operator's public key of 65 bytes."""
        message = digest(primitives, self.kind, self.version, self.body)
        return ecdsa.verify_steps(primitives, operator, message, self.signature)


def digest(primitives, kind, version, body):
    """-> the 32 bytes that the operator signs."""
    return primitives.sha256(cbor.encode(["testigo document 1", kind, version, body]))


def encode(kind, version, body, signature):
    """-> bytes, checked as `parse` does; raises FieldError or DocumentError naming the field."""
    check(kind, version, body)
    schema.check_value("#64", signature, "signature")
    data = cbor.encode(["testigo", 1, kind, version, body, signature])
    if len(data) > MAX_SIZE:
        raise DocumentError("document too long")
    return data


def parse(data):
    """-> Document. The signature is not checked here: `verify_steps` does that."""
    value = cbor.decode(data, MAX_SIZE)
    if not isinstance(value, list) or len(value) != 6 or value[:2] != ["testigo", 1]:
        raise DocumentError("not a document")
    kind, version, body, signature = value[2:]
    schema.check_value("s", kind, "kind")
    check(kind, version, body)
    schema.check_value("#64", signature, "signature")
    return Document(kind, version, body, signature)


def check(kind, version, body):
    """Raise FieldError or DocumentError, naming the field, unless the body is a right one of its kind."""
    if kind not in _KINDS:
        raise DocumentError("kind: unknown")
    schema.check_value("u", version, "version")
    if not version:
        raise DocumentError("version: 0")
    schema.check(_RECORDS[kind], body, kind, _RECORDS)
    if kind == "policy":
        from testigo_wire.policy import rules  # large and rarely needed: an appliance unloads it again

        rules.check(body)
    elif kind == "notice":
        _check_notice(body)
    elif kind == "settings":
        sip = body[1]
        for at in (1, 2, 3):
            if not 0 < sip[at] < 65536:
                raise DocumentError("settings.sip: port out of range")
        if sip[2] & 1 or sip[3] <= sip[2]:
            raise DocumentError("settings.sip.rtp_first_port: odd, or not below the last")
    elif kind == "receipt" and body[2] != version:
        raise DocumentError("receipt.number: not the version")


def _check_notice(body):
    encodings = []
    for i, (encoding, _, length) in enumerate(body[4]):
        path = "notice.audio[%d]." % i
        if encoding in encodings:
            raise DocumentError(path + "encoding: twice")
        encodings.append(encoding)
        # G.711: 8 bytes are a millisecond.
        if length != body[3] * 8:
            raise DocumentError(path + "length: not that of total_ms")
    if not encodings or not body[3]:
        raise DocumentError("notice.audio: none")
