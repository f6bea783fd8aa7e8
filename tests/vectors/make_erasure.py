"""Vectors of erasure records: good ones, each scope, and malformed ones."""

from support.device import recordings as making
from testigo_vault.primitives import HOST, load_private, public_bytes, sign
from testigo_wire.encoding import cbor
from testigo_wire.recording import erasure

OPERATOR = load_private(b"\x31" * 32)
HEADER, PREVIOUS, HEAD = (bytes([value]) * 32 for value in (0xA1, 0xA2, 0xA3))
ERASED_MS = 1_800_000_000_000


def body(
    scope: str, runs: list, from_ms: int = 0, until_ms: int = 0, by: str = "maria", reason: str = "art. 17"
) -> list:
    who = [making.DEVICE_ID, making.RECORDING_ID, 2, HEADER, PREVIOUS, HEAD]
    return [*who, scope, runs, from_ms, until_ms, ERASED_MS, by, reason]


GOOD = (
    ("all audio", 1, body("audio", [[8, 10], [12, 13]])),
    ("a range", 2, body("range", [[9, 10]], 4000, 9500, reason="card number")),
    ("tombstone", 3, body("recording", [], by="vault", reason="end of the term")),
)


def encoded(version: object, fields: list, signature: bytes = bytes(64)) -> bytes:
    return cbor.encode(["testigo", 1, "erasure", version, fields, signature])


def erasures() -> dict:
    audio, spoken, tomb = (fields for _, _, fields in GOOD)
    malformed = [
        ("no array", cbor.encode("erasure"), "not an erasure record"),
        ("another kind", cbor.encode(["testigo", 1, "receipt", 1, audio, bytes(64)]), "not an erasure record"),
        ("version 0", encoded(0, audio), "erasure: version or number 0"),
        ("number 0", encoded(1, [*audio[:2], 0, *audio[3:]]), "erasure: version or number 0"),
        ("a field too few", encoded(1, audio[:-1]), "erasure: 12 fields, not 13"),
        ("unknown scope", encoded(1, body("events", [[1, 1]])), "erasure.scope: not one of the known values"),
        ("audio of no items", encoded(1, body("audio", [])), "erasure.items: none, or those of a whole recording"),
        ("tombstone with items", encoded(1, [*tomb[:7], [[1, 1]], *tomb[8:]]),
         "erasure.items: none, or those of a whole recording"),
        ("run backwards", encoded(1, body("audio", [[3, 2]])),
         "erasure.items[0]: not in ascending order, or touching"),
        ("runs that touch", encoded(1, body("audio", [[1, 2], [3, 4]])),
         "erasure.items[1]: not in ascending order, or touching"),
        ("range without time", encoded(1, body("range", [[9, 10]], 5, 5)),
         "erasure.from_ms: not a range, or one that the scope has not"),
        ("audio with a time", encoded(1, body("audio", [[9, 10]], 0, 5)),
         "erasure.from_ms: not a range, or one that the scope has not"),
        ("nobody", encoded(1, body("audio", [[9, 10]], by="")), "erasure.by: empty or too long"),
        ("no reason", encoded(1, [*spoken[:-1], ""]), "erasure.reason: empty or too long"),
        ("signature cut short", encoded(1, audio, bytes(63)), "signature: not 64 bytes"),
    ]  # fmt: skip
    return {
        "source": "made by the project: tests/vectors/make_formats.py",
        "operator": public_bytes(OPERATOR).hex(),
        "records": [
            {
                "name": name,
                "digest": erasure.digest(HOST, version, fields).hex(),
                "record": erasure.encode(version, fields, sign(OPERATOR, erasure.digest(HOST, version, fields))).hex(),
            }
            for name, version, fields in GOOD
        ],
        "malformed": [{"name": n, "record": data.hex(), "refused": r} for n, data, r in malformed],
    }
