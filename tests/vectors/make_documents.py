"""Vectors of signed documents, each kind with its malformed siblings."""

from testigo_vault.primitives import HOST, load_private, public_bytes, sign
from testigo_wire.encoding import cbor
from testigo_wire.policy import documents
from testigo_wire.recording import items as recording

OPERATOR = load_private(b"\x21" * 32)
INDEX = public_bytes(load_private(b"\x22" * 32))
AUDIO = public_bytes(load_private(b"\x23" * 32))
LINE = [
    "front", "both", "all", "consent", ["quality", "proof"], "opt-in", "1", "9", "connect", "notice-first", "far",
    [["es", "front-es", "", []], ["en", "front-en", "3", ["+34911"]]], 8000, 1, "notice", "worker-es",
    [[1400, 200, 15000, 20]], ["*1", "*0", "*2", "*3"], 120000, [[31, 480, 1080]], ["+34"], ["+34600111222"],
    "connect-unrecorded", 3600000, "last-3", True,
]  # fmt: skip
# By the names that wire.documents gives to the places.
MODE, RULE, ACCEPT, OBJECT, VOICES, WORKER, REFERENCE, TONE, KEYS = 2, 5, 6, 7, 11, 14, 15, 16, 17
PAUSE_LIMIT, SCHEDULE = 18, 19
POLICY = [
    1700000000000,
    0,
    "Ejemplo, S.L., Madrid",
    "rights@example.net",
    "example.net/calls",
    b"\x34" * 32,
    ["34", "", "00"],
    [[0, 1500], [1711846800000, 1560]],
    [[0, recording.key_id(HOST, INDEX), INDEX], [1, recording.key_id(HOST, AUDIO), AUDIO]],
    [LINE],
]
EMERGENCY = [["5555", "+34943111222"], "8", 45]  # an element that policies have since version 0.3
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
OBJECTIONS = [b"\x35" * 32, 2, b"\x36" * 32]
GOOD = {
    "policy": (4, [*POLICY, EMERGENCY]),
    "notice": (1, NOTICE),
    "objections": (2, OBJECTIONS),
    "receipt": (12, RECEIPT),
    "settings": (4, SETTINGS),
}

# kind, path into the body, value, what is said.
WRONG = (
    ("policy", (0,), -1, "policy.valid_from_ms: not an unsigned number"),
    ("policy", (1,), 5, "policy.valid_until_ms: not after valid_from_ms"),
    ("policy", (2,), b"x", "policy.controller: not text"),
    ("policy", (5,), b"x", "policy.source: not 32 bytes"),
    ("policy", (6,), ["34", ""], "policy.numbering: 2 fields, not 3"),
    ("policy", (7, 0, 1), -60, "policy.offsets[0].minutes: not an unsigned number"),
    ("policy", (8, 0, 0), 2, "policy.recipients[0].stream: not one of the known values"),
    ("policy", (8, 1, 2), b"short", "policy.recipients[1].public: not 65 bytes"),
    ("policy", (8,), [POLICY[8][0]], "policy.recipients: each stream needs one"),
    ("policy", (9, 0, 1), "inside", "policy.lines[0].direction: not one of the known values"),
    ("policy", (9, 0, MODE), "some", "policy.lines[0].mode: not one of the known values"),
    ("policy", (9, 0, 4), "quality", "policy.lines[0].purposes: not an array"),
    ("policy", (9, 0, RULE), "ask", "policy.lines[0].rule: not one of the known values"),
    ("policy", (9, 0, ACCEPT), "12", "policy.lines[0].accept_key: not a telephone key"),
    ("policy", (9, 0, ACCEPT), "", "policy.lines[0].accept_key: opt-in needs one"),
    ("policy", (9, 0, OBJECT), "1", "policy.lines[0].object_key: also the accept_key"),
    ("policy", (9, 0, 8), "shout", "policy.lines[0].objection: not one of the known values"),
    ("policy", (9, 0, VOICES), [], "policy.lines[0].voices: none"),
    ("policy", (9, 0, VOICES, 1, 2), "9", "policy.lines[0].voices: one key for two things"),
    ("policy", (9, 0, VOICES, 1, 3), "+34", "policy.lines[0].voices[1].called: not an array"),
    ("policy", (9, 0, WORKER), "none", "policy.lines[0].worker: not one of the known values"),
    ("policy", (9, 0, REFERENCE), "", "policy.lines[0].worker_reference: none"),
    ("policy", (9, 0, TONE), [LINE[TONE][0]] * 2, "policy.lines[0].tone: several"),
    (
        "policy",
        (9, 0, TONE, 0, 0),
        1410,
        "policy.lines[0].tone: 300 to 3400 Hz by 20, 20 to 2000 ms, an interval twice that, level to 60",
    ),
    (
        "policy",
        (9, 0, TONE, 0, 2),
        399,
        "policy.lines[0].tone: 300 to 3400 Hz by 20, 20 to 2000 ms, an interval twice that, level to 60",
    ),
    ("policy", (9, 0, KEYS, 0), "1", "policy.lines[0].keys: two to six telephone keys each"),
    ("policy", (9, 0, KEYS, 0), "*x", "policy.lines[0].keys: two to six telephone keys each"),
    ("policy", (9, 0, KEYS, 0), "9*2", "policy.lines[0].keys: one sequence is part of another"),
    ("policy", (9, 0, KEYS, 0), "*0", "policy.lines[0].keys: one sequence is part of another"),
    ("policy", (9, 0, KEYS, 3), "", "policy.lines[0].keys: pause needs resume and a pause_limit_ms"),
    ("policy", (9, 0, PAUSE_LIMIT), 0, "policy.lines[0].keys: pause needs resume and a pause_limit_ms"),
    ("policy", (9, 0, SCHEDULE, 0, 0), 0, "policy.lines[0].schedule: no days, or an end before the begin"),
    ("policy", (9, 0, SCHEDULE, 0, 2), 480, "policy.lines[0].schedule: no days, or an end before the begin"),
    ("policy", (9, 0, 25), 1, "policy.lines[0].high_level: not a boolean"),
    ("policy", (9, 0), LINE[:-1], "policy.lines[0]: 25 fields, not 26"),
    ("policy", (9,), [LINE, ["front", "in", *LINE[2:]]], "policy.lines[1].name: twice in one direction"),
    ("policy", (9, 0), [*LINE[:RULE], "opt-out", "1", "", *LINE[8:]], "policy.lines[0].object_key: opt-out needs one"),
    (
        "policy",
        (9, 0),
        [*LINE[:MODE], "on-demand", *LINE[3:KEYS], ["*1", "", "", ""], *LINE[18:]],
        "policy.lines[0].keys: start needs stop",
    ),
    (
        "policy",
        (9, 0),
        [*LINE[:WORKER], "tone", "", [], *LINE[17:]],
        "policy.lines[0].tone: the worker is to be informed by it",
    ),
    ("policy", (10,), [[], ""], "policy.emergency: 2 fields, not 3"),
    ("policy", (10, 0), "112", "policy.emergency.numbers: not an array"),
    ("policy", (10, 0, 1), "+34943x", "policy.emergency.numbers[1]: not a number of 2 to 15 digits"),
    ("policy", (10, 0, 1), "1", "policy.emergency.numbers[1]: not a number of 2 to 15 digits"),
    ("policy", (10, 0, 1), "+1234567890123456", "policy.emergency.numbers[1]: not a number of 2 to 15 digits"),
    ("policy", (10, 1), "x", "policy.emergency.outside_prefix: not up to five digits"),
    ("policy", (10, 1), "000000", "policy.emergency.outside_prefix: not up to five digits"),
    ("policy", (10, 2), 1441, "policy.emergency.callback_minutes: more than a day"),
    ("policy", (), POLICY[:-1], "policy: 9 fields, not 11"),
    ("policy", (), [*POLICY, EMERGENCY, 1], "policy: 12 fields, not 11"),
    ("objections", (0,), b"short", "objections.key: not 32 bytes"),
    ("objections", (1,), -1, "objections.count: not an unsigned number"),
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
        "documents": documents_of(GOOD) + documents_of({"policy": (3, POLICY)}),  # the last one as older vaults sign it
        "malformed": [{"name": n, "document": d.hex(), "refused": r} for n, d, r in _malformed()],
    }
