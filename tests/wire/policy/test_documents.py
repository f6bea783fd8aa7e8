"""Signed documents: which are accepted, which are refused, and the messages."""

from support.device import primitives as prims
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.errors import WireError
from testigo_wire.policy import documents, fields

P = prims.PRIMITIVES
VECTORS = prims.vectors("documents")
OPERATOR = bytes.fromhex(VECTORS["operator"])


def test_good():
    kinds = []
    for vector in VECTORS["documents"]:
        data = bytes.fromhex(vector["document"])
        document = documents.parse(data)
        assert (document.kind, document.version) == (vector["kind"], vector["version"])
        assert documents.encode(document.kind, document.version, document.body, document.signature) == data
        assert p256.finish(document.verify_steps(P, OPERATOR))
        kinds.append(document.kind)
    assert sorted(kinds) == ["notice", "objections", "policy", "policy", "receipt", "settings"]


def test_policies_with_and_without_the_element_that_older_ones_lack():
    lengths = []
    for vector in VECTORS["documents"]:
        if vector["kind"] == "policy":
            lengths.append(len(documents.parse(bytes.fromhex(vector["document"])).body))
    assert lengths == [11, 10]


def test_malformed():
    for vector in VECTORS["malformed"]:
        error = prims.raises(WireError, documents.parse, bytes.fromhex(vector["document"]))
        assert str(error) == vector["refused"], (vector["name"], error)


def test_forged():
    for vector in VECTORS["documents"]:
        document = documents.parse(bytes.fromhex(vector["document"]))
        document.version += 1
        assert not p256.finish(document.verify_steps(P, OPERATOR))
    other = p256.finish(p256.public_steps(b"\x01" * 32))
    document = documents.parse(bytes.fromhex(VECTORS["documents"][0]["document"]))
    assert not p256.finish(document.verify_steps(P, other))


def test_kind_is_signed():
    receipt = [v for v in VECTORS["documents"] if v["kind"] == "receipt"][0]
    document = documents.parse(bytes.fromhex(receipt["document"]))
    document.kind = "notice"
    assert not p256.finish(document.verify_steps(P, OPERATOR))


def test_signature_made_on_this_runtime():
    body = ["branch-7", bytes(16), 5, bytes(32), ["main"], 1]
    private = b"\x07" * 32
    digest = documents.digest(P, "receipt", 5, body)
    data = documents.encode("receipt", 5, body, p256.finish(ecdsa.sign_steps(P, private, digest)))
    public = p256.finish(p256.public_steps(private))
    assert p256.finish(documents.parse(data).verify_steps(P, public))


def test_positions_of_the_fields_of_a_line():
    names = [field.split(":")[0] for field in documents._RECORDS["line"].split(" ")]
    for place, name in (
        (fields.NAME, "name"), (fields.DIRECTION, "direction"), (fields.MODE, "mode"),
        (fields.BASIS, "basis"), (fields.PURPOSES, "purposes"), (fields.RULE, "rule"),
        (fields.ACCEPT_KEY, "accept_key"), (fields.OBJECT_KEY, "object_key"),
        (fields.OBJECTION, "objection"), (fields.ORDER, "order"), (fields.NOTICE_LEGS, "notice_legs"),
        (fields.VOICES, "voices"), (fields.KEY_TIMEOUT, "key_timeout_ms"), (fields.REPEATS, "repeats"),
        (fields.WORKER, "worker"), (fields.WORKER_REFERENCE, "worker_reference"), (fields.TONE, "tone"),
        (fields.KEYS, "keys"), (fields.PAUSE_LIMIT, "pause_limit_ms"), (fields.SCHEDULE, "schedule"),
        (fields.ONLY, "only"), (fields.EXCEPT, "except"), (fields.IMPOSSIBLE, "impossible"),
        (fields.MAX_MS, "max_ms"), (fields.UNRECORDED_NUMBERS, "unrecorded_numbers"),
        (fields.HIGH_LEVEL, "high_level"),
    ):  # fmt: skip
        assert names[place] == name, name
    assert len(names) == fields.HIGH_LEVEL + 1


def test_too_long():
    notice = ["n", "es", "x" * documents.MAX_SIZE, 1, [["PCMU", bytes(32), 8]]]
    prims.raises(documents.DocumentError, documents.encode, "notice", 1, notice, bytes(64))
    prims.raises(WireError, documents.parse, b"\x59\xff\xff" + bytes(65535))
