"""Signed documents from the vault to its appliances (docs/formats/documents.md).

    document = ["testigo", 1, kind, version, body, signature]

The signature is the operator's, over SHA-256(CBOR(["testigo document 1", kind, version, body])).
"""

from testigo_wire import cbor, ecdsa, fields
from testigo_wire.compat import const
from testigo_wire.errors import WireError

MAX_SIZE = const(8000)  # with its head it fits into one message of the link
# See fields.py. A body is the record named by its kind.
_RECORDS = {
    "policy": (
        "valid_from_ms:u valid_until_ms:u controller:s contact:s purposes:[s recipients:[@recipient lines:[@line"
    ),
    "recipient": "stream:=0|1 key_id:#8 public:#65",
    "line": (
        "name:s mode:'all|on-demand|never rule:'notify|opt-out|opt-in accept_key:k object_key:k"
        " order:'notice-first|answer-first notice_legs:'far|both notice_names:[s key_timeout_ms:u repeats:u worker_ack:?"
        " impossible:'connect-unrecorded|refuse-call max_ms:u"
    ),
    "notice": "name:s language:s text:s total_ms:u audio:[@audio",
    "audio": "encoding:'PCMU|PCMA digest:#32 length:u",
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
_KINDS = ("policy", "notice", "receipt", "settings")


class DocumentError(WireError):
    """Not a document, or one that contradicts itself."""


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
    fields.check_value("#64", signature, "signature")
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
    fields.check_value("s", kind, "kind")
    check(kind, version, body)
    fields.check_value("#64", signature, "signature")
    return Document(kind, version, body, signature)


def check(kind, version, body):
    """Raise FieldError or DocumentError, naming the field, unless the body is a right one of its kind."""
    if kind not in _KINDS:
        raise DocumentError("kind: unknown")
    fields.check_value("u", version, "version")
    if not version:
        raise DocumentError("version: 0")
    fields.check(_RECORDS[kind], body, kind, _RECORDS)
    if kind == "policy":
        _check_policy(body)
    elif kind == "notice":
        _check_notice(body)
    elif kind == "settings":
        sip = body[1]
        for at in (1, 2, 3):
            if not 0 < sip[at] < 65536:
                raise DocumentError("settings.sip: port out of range")
        if sip[2] & 1 or sip[3] <= sip[2]:
            raise DocumentError("settings.sip.rtp_first_port: odd, or not below the last")
    elif body[2] != version:
        raise DocumentError("receipt.number: not the version")


def _check_policy(body):
    valid_from, valid_until = body[:2]
    if valid_until and valid_until <= valid_from:
        raise DocumentError("policy.valid_until_ms: not after valid_from_ms")
    names = []
    for i, line in enumerate(body[6]):
        name, mode, rule, accept, refuse = line[:5]
        path = "policy.lines[%d]." % i
        if name in names:
            raise DocumentError(path + "name: twice")
        names.append(name)
        if mode == "never":
            continue
        if rule == "opt-in" and not accept:
            raise DocumentError(path + "accept_key: opt-in needs one")
        if rule == "opt-out" and not refuse:
            raise DocumentError(path + "object_key: opt-out needs one")
        if accept and accept == refuse:
            raise DocumentError(path + "object_key: also the accept_key")
        if not line[7]:
            raise DocumentError(path + "notice_names: none")
    if names and not all([any([recipient[0] == stream for recipient in body[5]]) for stream in (0, 1)]):
        raise DocumentError("policy.recipients: each stream needs one")


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
