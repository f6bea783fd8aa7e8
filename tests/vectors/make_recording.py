"""Vectors of sealed recordings: good ones, ones that break the order, and the malformed siblings of one."""

from support.device import recordings as making
from testigo_vault.primitives import HOST, load_private, public_bytes, sign
from testigo_wire.crypto import hpke as wire_hpke
from testigo_wire.crypto import p256
from testigo_wire.recording import items as recording
from testigo_wire.recording import rewrite

DEVICE = load_private(b"\x41" * 32)
RECIPIENTS = (b"\x22" * 32, b"\x23" * 32)
PREVIOUS = bytes.fromhex("aa" * 32)


class _Fixed:
    """The host's primitives with a fixed ephemeral key, so that vectors stay the same."""

    sha256 = staticmethod(HOST.sha256)
    aes = HOST.aes

    @staticmethod
    def random(n):
        return b"\x51" * n


def wrapped():
    """A keys item's entries for each stream."""
    out = []
    for stream, private in enumerate(RECIPIENTS):
        public = public_bytes(load_private(private))
        secret, enc = p256.finish(wire_hpke.encap_steps(_Fixed, public))
        info = recording.wrap_info(making.RECORDING_ID, stream)
        key = enc + wire_hpke.seal_base(_Fixed, secret, info, b"", making.BASE_KEYS[stream])
        out.append([[recording.key_id(HOST, public), key]])
    return tuple(out)


WRAPPED = wrapped()


def _make(script, reason="hang-up"):
    made = making.make(
        HOST, script, reason, lambda digest: sign(DEVICE, digest), number=2, previous=PREVIOUS, wrapped=WRAPPED
    )
    return made.items


def _erased():
    """A late objection: audio erased while the recording was being made."""
    script = (*making.AGREED[:-2], ("objection", 5900, 1, "9", "rfc4733"))
    made = making.write(HOST, script, number=2, previous=PREVIOUS, wrapped=WRAPPED)
    before = b"".join(made.items)
    made.items.clear()
    steps = rewrite.erase_steps(HOST, making.reading(before), made.sink, bytearray(recording.MAX_ITEM))
    made.writer.event("erased", 5950, p256.finish(steps))
    made.writer.event("hang_up", 6100, 1, 200, "BYE")
    digest = made.writer.seal_digest(making.OPENED_MS + 6200, "objection")
    made.writer.seal(making.OPENED_MS + 6200, "objection", sign(DEVICE, digest))
    return made.items


def _cut():
    """A power cut within the last item: closed at the next boot without any key."""
    whole = making.write(HOST, making.AGREED[:-2], number=2, previous=PREVIOUS, wrapped=WRAPPED).items
    data = b"".join(whole)[:-7]
    found = p256.finish(rewrite.resume_steps(HOST, making.reading(data), bytearray(recording.MAX_ITEM)))
    signature = sign(DEVICE, found.seal_digest(HOST, making.OPENED_MS + 60000))
    return [*whole[:-1], found.seal(making.OPENED_MS + 60000, signature)]


C, P, M, N, K, A = (
    making.CALL,
    making.POLICY,
    making.MEDIA,
    making.NOTICE,
    making.CONSENT,
    making.AUDIO_KEYS,
)
# name, script, [[code, item], ...]: each item is written as the device would, and only the order is wrong.
WRONG_ORDER = (
    ("audio before consent", (C, P, N, A, making.frame(5000, 0), K), [["order", 5]]),
    (
        "notice cut short",
        (C, P, (*N[:6], 2000, 4100, False), K, A, making.frame(5200, 0)),
        [["order", 5], ["order", 6]],
    ),
    ("no event", (), [["order", None]]),
    ("no call event", (P, N, K), [["order", 2], ["order", 3], ["order", 4]]),
    (
        "audio kept after an objection",
        (*making.AGREED[:-2], ("objection", 6000, 1, "9", "info")),
        [["order", None]],
    ),
    ("erasing that left things", (*making.REFUSED, ("erased", 6150, 4)), [["erased", None]]),
)

# What is done to which item of "agreed" -> [[code, item], ...].
SIBLINGS = (
    ("flip", 0, 20, [["keys", 1], ["keys", 8], ["chain", 16]]),
    ("flip", 0, 36, [["chain", 16]]),
    ("flip", 1, 60, [["keys", 1], ["chain", 16]]),
    ("flip", 2, 9, [["frame", 2]]),
    ("flip", 2, 2, [["counter", 2], ["frame", 2]]),
    ("flip", 2, 0, [["malformed", 2]]),
    ("flip", 10, 30, [["frame", 10]]),
    ("flip", 10, -1, [["frame", 10], ["chain", 16]]),
    ("flip", 16, 12, [["seal", 16]]),
    ("flip", 16, -1, [["signature", 16]]),
    ("drop", 0, 0, [["misplaced", 0]]),
    ("drop", 1, 0, [["misplaced", 1]]),
    ("drop", 4, 0, [["counter", 4], ["count", 15]]),
    ("drop", 8, 0, [["misplaced", 8]]),
    ("drop", 11, 0, [["counter", 13], ["count", 15]]),
    ("drop", 16, 0, [["truncated", None]]),
    ("repeat", 0, 0, [["misplaced", 1]]),
    ("repeat", 1, 0, [["misplaced", 2]]),
    ("repeat", 5, 0, [["counter", 6]]),
    ("repeat", 16, 0, [["misplaced", 17]]),
    ("swap", 0, 0, [["misplaced", 0], ["misplaced", 1], ["swapped", 0]]),
    ("swap", 4, 0, [["counter", 4], ["counter", 5], ["swapped", 4]]),
    ("swap", 10, 0, [["swapped", 10]]),
    ("swap", 15, 0, [["misplaced", 16]]),
    ("cut", 10, 5, [["truncated", 10]]),
    ("junk", 16, 0, [["malformed", 17]]),
)


def recordings():
    """The content of recording.json. An item is named by its place in the sibling, not in the good recording."""
    good = [
        ("agreed", _make(making.AGREED)),
        ("refused", _make(making.REFUSED, "refused")),
        ("erased after a late objection", _erased()),
        ("cut by a power failure", _cut()),
        ("emergency call", _make(making.EMERGENCY, "unrecorded")),
        ("cut before its first event", _make((), "power-loss")),
        ("full storage", _make(making.AGREED[:-2], "storage-full")),
        ("failed storage before the first event", _make((), "storage-fault")),
    ]
    return {
        "source": "made by the project: tests/vectors/make_formats.py",
        "device": public_bytes(DEVICE).hex(),
        "recipients": [private.hex() for private in RECIPIENTS],
        "base_keys": [key.hex() for key in making.BASE_KEYS],
        "previous": [1, PREVIOUS.hex()],
        "good": [{"name": name, "items": [item.hex() for item in items]} for name, items in good],
        "wrong_order": [
            {"name": name, "items": [item.hex() for item in _make(script)], "findings": findings}
            for name, script, findings in WRONG_ORDER
        ],
        "siblings_of_agreed": [
            {"do": do, "item": item, "at": at, "findings": findings} for do, item, at, findings in SIBLINGS
        ],
    }
