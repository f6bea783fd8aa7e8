"""Vectors of signed documents, each kind with its malformed siblings."""

from testigo_vault.primitives import HOST, load_private, public_bytes, sign
from testigo_wire import cbor, documents, recording

OPERATOR = load_private(b"\x21" * 32)
INDEX = public_bytes(load_private(b"\x22" * 32))
AUDIO = public_bytes(load_private(b"\x23" * 32))
LINE = [
    "front", "all", "opt-in", "1", "9", "notice-first", "far", ["front-es", "front-en"], 8000, 1, True,
    "connect-unrecorded", 3600000,
]  # fmt: skip
POLICY = [
    1700000000000,
    0,
    "Ejemplo, S.L., Madrid",
    "rights@example.net",
    ["quality of service; legitimate interest"],
    [[0, recording.key_id(HOST, INDEX), INDEX], [1, recording.key_id(HOST, AUDIO), AUDIO]],
    [LINE],
]
NOTICE = [
    "front-es",
    "es",
    "Esta llamada se graba.",
    2000,
    [["PCMA", b"\x31" * 32, 16000], ["PCMU", b"\x32" * 32, 16000]],
]
RECEIPT = [
    "branch-7",
    bytes.fromhex("01890a5d2f807a3c8b1e5d7f00112233"),
    12,
    b"\x33" * 32,
    ["main", "second"],
    1700000100000,
]
NEAR = ["registrar", "", 5060, "desk", "desk", "a-long-secret", "front"]
FAR = ["trunk", "192.0.2.7", 5060, "", "", "", "front"]
SETTINGS = [
    ["ethernet"],
    ["0.0.0.0", 5060, 16384, 16415, NEAR, FAR],
    ["tcp", "vault.example.net", 7443],
    2,
]
GOOD = {"policy": (3, POLICY), "notice": (1, NOTICE), "receipt": (12, RECEIPT), "settings": (4, SETTINGS)}

# kind, path into the body, value, what is said.
WRONG = (
    ("policy", (0,), -1, "policy.valid_from_ms: not an unsigned number"),
    ("policy", (1,), 5, "policy.valid_until_ms: not after valid_from_ms"),
    ("policy", (2,), b"x", "policy.controller: not text"),
    ("policy", (4,), "quality", "policy.purposes: not an array"),
    ("policy", (5, 0, 0), 2, "policy.recipients[0].stream: not one of the known values"),
    ("policy", (5, 1, 2), b"short", "policy.recipients[1].public: not 65 bytes"),
    ("policy", (5,), [POLICY[5][0]], "policy.recipients: each stream needs one"),
    ("policy", (6, 0, 1), "some", "policy.lines[0].mode: not one of the known values"),
    ("policy", (6, 0, 2), "ask", "policy.lines[0].rule: not one of the known values"),
    ("policy", (6, 0, 3), "12", "policy.lines[0].accept_key: not a telephone key"),
    ("policy", (6, 0, 3), "", "policy.lines[0].accept_key: opt-in needs one"),
    ("policy", (6, 0, 4), "1", "policy.lines[0].object_key: also the accept_key"),
    ("policy", (6, 0, 7), [], "policy.lines[0].notice_names: none"),
    ("policy", (6, 0, 10), 1, "policy.lines[0].worker_ack: not a boolean"),
    ("policy", (6, 0), LINE[:-1], "policy.lines[0]: 12 fields, not 13"),
    ("policy", (6,), [LINE, LINE], "policy.lines[1].name: twice"),
    ("policy", (6, 0, 2, "opt-out"), "", "policy.lines[0].object_key: opt-out needs one"),
    ("notice", (1,), None, "notice.language: not text"),
    ("notice", (3,), 2001, "notice.audio[0].length: not that of total_ms"),
    ("notice", (4,), [], "notice.audio: none"),
    ("notice", (4, 1, 0), "PCMA", "notice.audio[1].encoding: twice"),
    ("notice", (4, 0, 0), "opus", "notice.audio[0].encoding: not one of the known values"),
    ("notice", (4, 0, 1), b"", "notice.audio[0].digest: not 32 bytes"),
    ("receipt", (1,), b"short", "receipt.recording_id: not 16 bytes"),
    ("receipt", (2,), 13, "receipt.number: not the version"),
    ("receipt", (3,), b"\x33" * 31, "receipt.head: not 32 bytes"),
    ("settings", (0,), ["modem"], "settings.network[0]: unknown kind"),
    ("settings", (0,), ["wifi", "branch"], "settings.network: 1 fields, not 2"),
    ("settings", (1, 1), 0, "settings.sip: port out of range"),
    ("settings", (1, 2), 16385, "settings.sip.rtp_first_port: odd, or not below the last"),
    ("settings", (1, 5, 0), "bridge", "settings.sip.far.mode: not one of the known values"),
    ("settings", (2,), ["tcp", "h", "p"], "settings.sync.port: not an unsigned number"),
)


def _with(value, path, new):
    if not path:
        return new
    changed = list(value)
    changed[path[0]] = _with(value[path[0]], path[1:], new)
    return changed


def _envelope(kind, version, body):
    """Signed without any check: what a broken or hostile vault might send."""
    signature = sign(OPERATOR, documents.digest(HOST, kind, version, body))
    return cbor.encode(["testigo", 1, kind, version, body, signature])


def documents_of(good):
    out = []
    for kind, (version, body) in good.items():
        signature = sign(OPERATOR, documents.digest(HOST, kind, version, body))
        data = documents.encode(kind, version, body, signature)
        out.append({"kind": kind, "version": version, "document": data.hex()})
    return out


def _malformed():
    for kind, path, value, refused in WRONG:
        version, body = GOOD[kind]
        if len(path) == 4 and isinstance(path[3], str):
            body = _with(body, path[:3], path[3])
            path = (*path[:2], 4)
        yield refused, _envelope(kind, version, _with(body, path, value)), refused
    version, body = GOOD["receipt"]
    good = _envelope("receipt", version, body)
    yield "unknown kind", _envelope("recipe", version, body), "kind: unknown"
    yield "version 0", _envelope("notice", 0, NOTICE), "version: 0"
    yield "bytes after it", good + b"\x00", "bytes after the item"
    yield "cut short", good[:-1], "ends inside an item"
    yield "format version 2", good[:9] + b"\x02" + good[10:], "not a document"
    yield "another magic", good[:2] + b"T" + good[3:], "not a document"
    yield "no signature", cbor.encode(["testigo", 1, "receipt", version, body]), "not a document"
    short = cbor.encode(["testigo", 1, "receipt", version, body, bytes(63)])
    yield "signature cut short", short, "signature: not 64 bytes"


def documents_vectors():
    return {
        "source": "made by the project: tests/vectors/make_formats.py",
        "operator": public_bytes(OPERATOR).hex(),
        "documents": documents_of(GOOD),
        "malformed": [{"name": n, "document": d.hex(), "refused": r} for n, d, r in _malformed()],
    }
