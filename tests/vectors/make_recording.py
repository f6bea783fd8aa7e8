"""Vectors of sealed recordings of version 2: good ones, ones with a fault, and the malformed siblings of one.

Those of version 1 (recording_1.json) are as version 0.2 made them, and are not made again.
"""

import make_erasure
from make_siblings import SIBLINGS

from support.device import recordings as making
from testigo_vault.primitives import HOST, load_private, public_bytes, sign
from testigo_wire.crypto import hpke as wire_hpke
from testigo_wire.crypto import p256
from testigo_wire.encoding import cbor
from testigo_wire.recording import erasure, rewrite
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item

DEVICE = load_private(b"\x41" * 32)
SIGNER = recording.key_id(HOST, public_bytes(DEVICE))
RECIPIENTS = (b"\x22" * 32, b"\x23" * 32)
BACKUP = b"\x24" * 32
PREVIOUS = bytes.fromhex("aa" * 32)


class _Fixed:
    """The host's primitives with a fixed ephemeral key, so that vectors stay the same."""

    sha256 = staticmethod(HOST.sha256)
    aes = HOST.aes

    @staticmethod
    def random(n):
        return b"\x51" * n


def wrapped(*backup):
    """A keys item's entries for each stream. backup: further private keys of recipients."""
    out = []
    for stream, private in enumerate(RECIPIENTS):
        entries = []
        for one in (private, *backup):
            public = public_bytes(load_private(one))
            secret, enc = p256.finish(wire_hpke.encap_steps(_Fixed, public))
            info = recording.wrap_info(making.RECORDING_ID, stream)
            key = enc + p256.finish(wire_hpke.seal_base_steps(_Fixed, secret, info, b"", making.BASE_KEYS[stream]))
            entries.append([recording.key_id(HOST, public), key])
        out.append(entries)
    return tuple(out)


WRAPPED = wrapped()
TWO = wrapped(BACKUP)


def _write(script, **more):
    more = {"number": 2, "previous": PREVIOUS, "wrapped": WRAPPED, "signer": SIGNER} | more
    return making.write(HOST, script, **more)


def _seal(made, reason="hang-up"):
    digest = made.writer.seal_digest(making.OPENED_MS + 6200, reason)
    made.writer.seal(making.OPENED_MS + 6200, reason, sign(DEVICE, digest))
    return made.items


def _make(script, reason="hang-up", **more):
    return _seal(_write(script, **more), reason)


def _erased(said=0):
    """A late objection: audio erased while the recording was being made. said: how many items more than that its event says."""
    script = (*making.AGREED[:-2], ("objection", 5900, 1, "9", "rfc4733"))
    made = _write(script)
    before = b"".join(made.items)
    made.items.clear()
    steps = rewrite.erase_steps(HOST, making.reading(before), made.sink, bytearray(recording.MAX_ITEM))
    count = p256.finish(steps) + said
    if count:
        made.writer.event("erased", 5950, count)
    made.writer.event("hang_up", 6100, 1, 200, "BYE")
    return _seal(made, "objection")


def _cut():
    """A power cut within the last item: closed at the next boot without any key."""
    whole = _write(making.AGREED[:-2]).items
    data = b"".join(whole)[:-7]
    found = p256.finish(rewrite.resume_steps(HOST, making.reading(data), bytearray(recording.MAX_ITEM)))
    closed_ms = making.OPENED_MS + 240 * found.counters[1]
    return [*whole[:-1], found.seal(closed_ms, sign(DEVICE, found.seal_digest(HOST, closed_ms)))]


def _cut_and_erased(reason):
    """A power cut, after which the mark of an erasing is found: its audio is erased, and it is closed."""
    whole = _write(making.AGREED[:-2]).items
    erased = [
        recording.encode_gone(HOST.sha256(item)) if parse_item(item)[0].stream == recording.AUDIO else item
        for item in whole
    ]
    data = b"".join(erased)
    found = p256.finish(rewrite.resume_steps(HOST, making.reading(data), bytearray(recording.MAX_ITEM)))
    digest = found.seal_digest(HOST, making.OPENED_MS, reason)
    return [*erased, found.seal(making.OPENED_MS, sign(DEVICE, digest), reason)]


def _header(*changes, **more):
    """The header of the good recordings with other fields; changes: (position, value)."""
    more = {"number": 2, "previous": PREVIOUS, "wrapped": WRAPPED, "signer": SIGNER} | more
    fields = cbor.decode(making.header(**more))
    for at, value in changes:
        fields[at] = value
    return cbor.encode(fields)


AGREED = _make(making.AGREED)
AUDIO = [at for at, item in enumerate(AGREED[:-1]) if parse_item(item)[0].stream == recording.AUDIO]


def _gone(*indices):
    """AGREED after somebody erased these items."""
    return [recording.encode_gone(HOST.sha256(item)) if at in indices else item for at, item in enumerate(AGREED)]


def _record(scope, indices, from_ms=0, until_ms=0, version=1, head=None):
    """An erasure record of AGREED."""
    head = head or parse_item(AGREED[-1])[0].fields[2]
    who = [making.DEVICE_ID, making.RECORDING_ID, 2, HOST.sha256(AGREED[0]), PREVIOUS, head]
    body = [*who, scope, erasure.runs_of(indices), from_ms, until_ms, making.OPENED_MS + 10**9, "maria", "by request"]
    return erasure.encode(version, body, sign(make_erasure.OPERATOR, erasure.digest(HOST, version, body)))


C, P, T, M, F, N, K, W, A = (
    making.CALL,
    making.POLICY,
    making.TERMS,
    making.MEDIA,
    making.CONFIRMED,
    making.NOTICE,
    making.CONSENT,
    making.WORKER,
    making.AUDIO_KEYS,
)
END = making.AGREED[-2:]
BEFORE = (C, P, T, *M, *F)
TEST = (
    (*C[:7], "test"),
    ("policy", 0, 3, making.POLICY_DIGEST, "all", "notify"),
    ("consent", 0, "notify", True, "test", "", ""),
)


def _frame(ms=5200):
    return making.frame(ms, 0)


def _good():
    """name, items, erasure records."""
    later = _header((11, 3))
    nothing = (*BEFORE[:-2], F[0], N, ("consent", 5100, "opt-in", False, "timeout", "", ""),
               ("confirmed", 6000, 0, "none"), END[-1])  # fmt: skip
    pauses = (*BEFORE, N, K, W, A, _frame(), ("pause", 5300, "key"), ("gap", 5900, 1, 30, 600, "paused"),
              ("resume", 5900, "limit"), making.frame(5950, 40), *END)  # fmt: skip
    return (
        ("agreed", AGREED, ()),
        ("refused", _make(making.REFUSED, "refused"), ()),
        ("erased after a late objection", _erased(), ()),
        ("cut by a power failure", _cut(), ()),
        ("erased after an objection, before its event was kept", _cut_and_erased("erased"), ()),
        ("erased after an objection, its event lost", _erased(-5), ()),
        ("emergency call", _make(making.EMERGENCY, "unrecorded"), ()),
        ("cut before its first event", _make((), "power-loss"), ()),
        ("full storage", _make(making.AGREED[:-2], "storage-full"), ()),
        ("failed storage before the first event", _make((), "storage-fault"), ()),
        ("self-test", _make((*TEST, *M, A, _frame()), "test"), ()),
        ("nothing came from the worker's side", _make(nothing, "refused"), ()),
        ("pause", _make(pauses), ()),
        ("two recipients of each stream", _make(making.AGREED, wrapped=TWO), ()),
        (
            "a later vocabulary",
            _make((*BEFORE, ("weather", 60, 7, ["rain", b"\x01"]), N, K, W, A, _frame(), *END), first=later),
            (),
        ),
        ("all audio erased by the vault", _gone(*AUDIO), (_record("audio", AUDIO),)),
        ("a range erased by the vault", _gone(*AUDIO[2:4]), (_record("range", AUDIO[2:4], 5370, 5700),)),
        (
            "a range, and then all audio",
            _gone(*AUDIO),
            (_record("range", AUDIO[2:4], 5370, 5700), _record("audio", [*AUDIO[:2], *AUDIO[4:]], version=2)),
        ),
    )


# name, script, [[code, item], ...]: each item is written as the device would, and only the order is wrong.
WRONG_ORDER = (
    ("audio before consent", (*BEFORE, N, A, _frame(5000), K, W, *END), [["order", 10]]),
    (
        "notice cut short",
        (*BEFORE, (*N[:6], 2000, 4100, False), K, W, A, _frame(), *END),
        [["order", 10], ["order", 12]],
    ),
    ("notice said to be complete", (*BEFORE, (*N[:6], 2000, 4100, True), *END), [["order", 9]]),
    ("no event", (), [["order", None]]),
    ("no call event", (P, N, K), [["order", 2], ["order", 3], ["order", 4]]),
    ("no policy event", (C,), [["order", None]]),
    ("call again", (*BEFORE, (C[0], 50, *C[2:]), END[-1]), [["order", 9]]),
    ("time goes back", (*BEFORE, N, ("dtmf", 4100, 1, "1", "info"), END[-1]), [["order", 10]]),
    (
        "audio kept after an objection",
        (*making.AGREED[:-2], ("objection", 6000, 1, "9", "info")),
        [["order", None]],
    ),
    (
        "audio after an objection",
        (*making.AGREED[:-2], ("objection", 6000, 1, "9", "info"), making.frame(6010, 4), *END),
        [["order", 19], ["order", None]],
    ),
    ("consent after an objection", (*making.REFUSED[:-1], K, END[-1]), [["order", 11]]),
    ("consent by another rule", (*BEFORE, N, (*K[:2], "notify", *K[3:]), END[-1]), [["order", 10]]),
    ("consent without the key", (*BEFORE, N, (*K[:4], "timeout", "", ""), END[-1]), [["order", 10]]),
    ("consent of a test", (*BEFORE, N, (*K[:4], "test", "", ""), END[-1]), [["order", 10]]),
    ("erasing that left things", (*making.REFUSED, ("erased", 6150, 4)), [["erased", None]]),
    ("audio without terms", (C, P, *M, *F, N, K, W, A, _frame(), *END), [["order", 11]]),
    ("terms again", (*BEFORE, (T[0], 50, *T[2:]), END[-1]), [["order", 9]]),
    ("audio before the worker was informed", (*BEFORE, N, K, A, _frame(), W, *END), [["order", 11]]),
    ("worker's notice not played", (*BEFORE, N, K, ("worker", 5110, "notice", "w"), END[-1]), [["order", 11]]),
    ("policy that never records", (C, (*P[:4], "never", P[5]), *BEFORE[2:], N, K, W, A, *END), [["order", 12]]),
    ("no policy in force", (C, ("policy", 0, 0, b"", *P[4:]), *BEFORE[2:], N, K, W, A, *END), [["order", 12]]),
    ("a leg that was not confirmed", (*BEFORE[:-1], N, END[-1]), [["order", None]]),
    ("audio without media and without confirmation", (C, P, T, N, K, W, A, _frame(), *END), [["order", None]]),
    ("a leg confirmed again", (*BEFORE, ("confirmed", 46, 0, "key"), END[-1]), [["order", 9]]),
    ("pause while paused", (*BEFORE, ("pause", 50, "key"), ("pause", 60, "key"), END[-1]), [["order", 10]]),
    ("resume without pause", (*BEFORE, ("resume", 50, "key"), END[-1]), [["order", 9]]),
    ("digit while paused", (*BEFORE, ("pause", 50, "key"), ("dtmf", 60, 1, "4", "info"), END[-1]), [["order", 10]]),
    (
        "audio while paused, between two pieces of good audio",
        (*BEFORE, N, K, W, A, ("pause", 5200, "key"), _frame(5210), making.frame(5450, 1), ("resume", 5900, "key"),
         making.frame(5950, 2), ("pause", 6000, "key"), making.frame(6010, 3), *END),
        [["order", 14], ["order", 19]],
    ),
    ("audio after stopped", (*making.AGREED[:-2], ("stopped", 6000, "key"), making.frame(6010, 4), *END),
     [["order", 19]]),
    (
        "audio after another party joined",
        (*making.AGREED[:-2], ("joined", 6000, 1, "+34600111333", "identity"), making.frame(6010, 4), *END),
        [["order", 19]],
    ),
    (
        "audio after another worker joined",
        (*making.AGREED[:-2], ("joined", 6000, 0, "200", "session"), making.frame(6010, 4), *END),
        [["order", 19]],
    ),
)  # fmt: skip


def _faults():
    """name, items, erasure records, findings: recordings that are not in order for another reason."""
    others = _header(wrapped=TWO)
    other_signer = _header(signer=b"\x01" * 8)
    return (
        ("sealed to fewer than the policy names", _make(making.AGREED, first=others), (),
         [["recipients", 1], ["recipients", 12]]),
        ("sealed to more than the policy names", _make(making.AGREED, wrapped=TWO, first=_header()), (),
         [["recipients", 1], ["recipients", 12]]),
        ("another key signed", _make(making.AGREED, first=other_signer), (), [["signature", 20]]),
        ("unknown event of this vocabulary", _make((*BEFORE, ("weather", 60, 7), END[-1])), (), [["content", 9]]),
        ("event with another field", _make((*BEFORE, ("pause", 60, "caller"), END[-1])), (), [["content", 9]]),
        ("unknown event first", _make((("weather", 0), *BEFORE, END[-1]), first=_header((11, 3))), (),
         [["order", 2], ["order", 3], ["order", 4]]),
        ("all audio gone and nothing says so", _gone(*AUDIO), (), [["erased", None]]),
        ("a frame gone and nothing says so", _gone(AUDIO[2]), (), [["erased", 12], ["erased", None]]),
        ("a frame gone that the record does not name", _gone(*AUDIO[2:4]), (_record("range", AUDIO[2:3], 5370, 5400),),
         [["erased", 12], ["erased", None]]),
        ("a frame still there", _gone(AUDIO[2]), (_record("range", AUDIO[2:4], 5370, 5700),), [["erased", AUDIO[3]]]),
        ("audio keys gone, frames left", _gone(AUDIO[0]), (_record("audio", AUDIO[:1]),),
         [["misplaced", at] for at in AUDIO[1:]]),
        ("tombstone beside the recording", AGREED, (_record("recording", []),), [["erased", None]]),
        ("record of another recording", AGREED, (_record("audio", AUDIO, head=bytes(32)),), [["erased", None]]),
        ("cut, all audio gone and nothing says so", _cut_and_erased("power-loss"), (), [["erased", None]]),
        ("fewer erased than said", _erased(1), (), [["erased", None]]),
        ("an event gone", _gone(2), (),
         [["counter", 3], ["order", 3], ["order", 4], ["order", 12], ["erased", 12], ["erased", None]]),
        ("header of version 3", [_header((1, 3)), *AGREED[1:]], (), [["malformed", 0]]),
        ("header of version 1 with the fields of 2", [_header((1, 1)), *AGREED[1:]], (), [["malformed", 0]]),
        ("header of version 2 with the fields of 1", [cbor.encode(cbor.decode(AGREED[0])[:9]), *AGREED[1:]], (),
         [["malformed", 0]]),
        ("recording id that is no UUIDv7", [_header((2, making.RECORDING_ID[:6] + b"\x4a" + making.RECORDING_ID[7:])),
                                            *AGREED[1:]], (), [["malformed", 0]]),
        ("recording id of another variant", [_header((2, making.RECORDING_ID[:8] + b"\xcb" + making.RECORDING_ID[9:])),
                                             *AGREED[1:]], (), [["malformed", 0]]),
        ("unknown suite", [_header((8, 2)), *AGREED[1:]], (), [["malformed", 0]]),
        ("no device id", [_header((3, "")), *AGREED[1:]], (), [["malformed", 0]]),
        ("number 0", [_header((4, 0)), *AGREED[1:]], (), [["malformed", 0]]),
        ("no firmware version", [_header((9, "")), *AGREED[1:]], (), [["malformed", 0]]),
        ("firmware version of 33 bytes", [_header((9, "x" * 33)), *AGREED[1:]], (), [["malformed", 0]]),
        ("vocabulary 1", [_header((11, 1)), *AGREED[1:]], (), [["malformed", 0]]),
        ("25 recipients", [_header((13, [[0, b"8 bytes."]] * 25)), *AGREED[1:]], (), [["malformed", 0]]),
        ("frame of 10 bytes", [*AGREED[:2], cbor.encode(bytes(10)), *AGREED[2:]], (), [["malformed", 2]]),
        ("frame of 8,193 bytes of plaintext", [*AGREED[:2], cbor.encode(bytes(1 + 8193 + 10)), *AGREED[2:]], (),
         [["malformed", 2]]),
        ("frame of stream 2", [*AGREED[:2], cbor.encode(b"\x20" + bytes(20)), *AGREED[2:]], (), [["malformed", 2]]),
        ("wrapped key of another suite", [AGREED[0], cbor.encode(["keys", 0, [[bytes(8), bytes(1168)]]]), *AGREED[2:]],
         (), [["malformed", 1]]),
        ("unknown item", [*AGREED[:2], cbor.encode(["note", 1]), *AGREED[2:]], (), [["malformed", 2]]),
        ("number 1 that names a previous one", _make(making.AGREED, first=_header((4, 1))), (),
         [["continuity", 0], ["continuity", 0]]),
        ("another previous recording", _make(making.AGREED, first=_header((5, bytes(32)))), (), [["continuity", 0]]),
        ("number 4 after number 1", _make(making.AGREED, first=_header((4, 4))), (), [["continuity", 0]]),
        ("audio frame that is none", _no_audio_frame(), (), [["content", 13]]),
    )  # fmt: skip


def _no_audio_frame():
    """An authentic frame of the audio stream without a packet."""
    made = _write((*BEFORE, N, K, W))
    audio = made.writer.open_stream(recording.AUDIO, making.BASE_KEYS[1], WRAPPED[1], bytearray(200))
    audio.buffer[audio.start : audio.start + 5] = b"\x01" + bytes(4)
    made.writer.write(audio.seal(5))
    for event in END:
        made.writer.event(*event)
    return _seal(made)


def recordings():
    """The content of recording_2.json. An item is named by its place in the sibling, not in the good recording."""
    return {
        "source": "made by the project: tests/vectors/make_formats.py",
        "device": public_bytes(DEVICE).hex(),
        "operator": public_bytes(make_erasure.OPERATOR).hex(),
        "recipients": [private.hex() for private in RECIPIENTS],
        "base_keys": [key.hex() for key in making.BASE_KEYS],
        "previous": [1, PREVIOUS.hex()],
        "good": [_vector(name, items, records, []) for name, items, records in _good()],
        "wrong_order": [_vector(name, _make(script), (), findings) for name, script, findings in WRONG_ORDER],
        "faults": [_vector(name, items, records, findings) for name, items, records, findings in _faults()],
        "siblings_of_agreed": [
            {"do": do, "item": item, "at": at, "findings": findings} for do, item, at, findings in SIBLINGS
        ],
    }


def _vector(name, items, records, findings):
    return {
        "name": name,
        "items": [item.hex() for item in items],
        "erasures": [record.hex() for record in records],
        "findings": findings,
    }
