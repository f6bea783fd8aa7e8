"""Makes recordings for tests with the real writer, on either runtime: a script of events and audio frames in, items out."""

from testigo_wire.crypto.sframe import Keystream
from testigo_wire.encoding import cbor
from testigo_wire.recording import audio_frame
from testigo_wire.recording import items as recording
from testigo_wire.recording.stream import buffer_size
from testigo_wire.recording.writer import Writer

RECORDING_ID = bytes.fromhex("01890a5d2f807a3c8b1e5d7f00112233")
DEVICE_ID = "branch-7"
OPENED_MS = 1700000000000
BASE_KEYS = (b"\x10" * 32, b"\x11" * 32)
NO_SIGNATURE = bytes(64)
FIRMWARE = "0.3.0"
SIGNER = b"signerid"
POLICY_DIGEST = b"\x03" * 32
# Wrapped keys that nobody opens, for tests which are given the base keys.
WRAPPED = ([[b"index-id", bytes(113)]], [[b"audio-id", bytes(113)]])

CALL = ("call", 0, "front", "in", "sip:600111222@example.net", "sip:900@example.net", "a1b2@example.net", "sip")
POLICY = ("policy", 0, 3, POLICY_DIGEST, "all", "opt-in")
TERMS = ("terms", 1, "consent", "acknowledgement", "connect", False)
WORKER = ("worker", 5110, "acknowledgement", "worker-1")
CONFIRMED = (("confirmed", 40, 1, "rtp"), ("confirmed", 45, 0, "rtp"))
NOTICE = ("notice", 4200, 1, "es", "front-es", b"\x04" * 32, 4100, 4100, True)
CONSENT = ("consent", 5100, "opt-in", True, "key", "1", "rfc4733")
MEDIA = (("media", 20, 1, "PCMA", 8, 8000, 20), ("media", 25, 0, "PCMU", 0, 8000, 20))
AUDIO_KEYS = ("audio keys",)
HANG_UP = ("hang_up", 6100, 1, 200, "BYE")


def packet(sequence_number, payload):
    """An RTP packet (RFC 3550) of G.711."""
    return (
        b"\x80\x08" + (sequence_number & 0xFFFF).to_bytes(2, "big") + (sequence_number * 160).to_bytes(4, "big")
        + b"\x01\x02\x03\x04" + payload
    )  # fmt: skip


def frame(ms, sequence_number, size=20):
    """A script's audio frame: one packet of each leg."""
    return ("frame", ms, sequence_number, size)


AGREED = (
    (CALL, POLICY, TERMS)
    + MEDIA
    + CONFIRMED
    + (NOTICE, CONSENT, WORKER, AUDIO_KEYS)
    + (frame(5120, 0), frame(5370, 1), ("dtmf", 5500, 1, "5", "rfc4733"), frame(5620, 2), frame(5870, 3))
    + (("quality", 6050, 1, 300, 1, 0, 900, 51600), HANG_UP)
)
EMERGENCY = (
    ("call", 0, "main", "out", "sip:200@192.0.2.1", "*", "9f3@192.0.2.1", "sip"),
    ("policy", 0) + POLICY[2:],
    ("unrecorded", 0, "emergency"),
    ("hang_up", 61000, 0, 200, ""),
)
REFUSED = (
    (CALL, POLICY, TERMS)
    + MEDIA
    + CONFIRMED
    + (("notice", 4200) + NOTICE[2:], ("objection", 5000, 1, "9", "info"), HANG_UP)
)


class Made:
    """`items`: their bytes in order; `writer`: the writer, closed."""

    def __init__(self):
        self.items = []
        self.writer = None

    def sink(self, item):
        self.items.append(bytes(item))

    @property
    def data(self):
        return b"".join(self.items)


def header(number=1, previous=bytes(32), wrapped=WRAPPED, signer=SIGNER, recording_id=RECORDING_ID):
    """-> the first item of a recording of version 2, sealed to those of the keys items."""
    named = [[stream, key_id] for stream in (0, 1) for key_id, _ in wrapped[stream]]
    about = (FIRMWARE, signer, POLICY_DIGEST, named)
    return recording.encode_header(recording_id, DEVICE_ID, number, previous, OPENED_MS, 2, about)


def header_1(
    number=1, previous=bytes(32), recording_id=RECORDING_ID, device_id=DEVICE_ID, opened_ms=OPENED_MS, clock=2
):
    """-> the first item of a recording of version 1, as version 0.2 wrote it."""
    return cbor.encode(["testigo", 1, recording_id, device_id, number, previous, opened_ms, clock, 1])


def write(primitives, script, number=1, previous=bytes(32), wrapped=WRAPPED, signer=SIGNER, first=None):
    """-> Made, without a seal yet. first: its header, if not that of version 2."""
    made = Made()
    keystream = Keystream(primitives, 32)
    if first is None:
        first = header(number, previous, wrapped, signer)
    writer = Writer(primitives, keystream, made.sink, RECORDING_ID, first)
    made.writer = writer
    writer.open_stream(recording.INDEX, BASE_KEYS[0], wrapped[0], bytearray(buffer_size(256)))
    audio = None
    for step in script:
        if step[0] == "audio keys":
            buffer = bytearray(buffer_size(2048))
            audio = writer.open_stream(recording.AUDIO, BASE_KEYS[1], wrapped[1], buffer)
        elif step[0] == "frame":
            _, ms, sequence_number, size = step
            at = audio_frame.begin(audio.buffer, audio.start, ms)
            for leg in (audio_frame.NEAR, audio_frame.FAR):
                payload = bytes([(sequence_number * 31 + leg * 7 + i) & 255 for i in range(size)])
                at = audio_frame.put(audio.buffer, at, leg, leg * 10, packet(sequence_number, payload))
            writer.write(audio.seal(at - audio.start))
        else:
            writer.event(step[0], step[1], *step[2:])
    return made


def make(primitives, script, reason="hang-up", sign=None, **more):
    """-> Made, sealed. sign(digest) -> signature."""
    made = write(primitives, script, **more)
    digest = made.writer.seal_digest(OPENED_MS + 6200, reason)
    made.writer.seal(OPENED_MS + 6200, reason, sign(digest) if sign else NO_SIGNATURE)
    return made


def reading(data, chunk=1 << 20):
    """-> read_into(view), as a file's readinto, over bytes."""
    position = [0]

    def read_into(view):
        count = min(len(view), chunk, len(data) - position[0])
        view[:count] = data[position[0] : position[0] + count]
        position[0] += count
        return count

    return read_into


def base_keys(stream, recording_id, wrapped):
    """For a verifier that has both keys."""
    return BASE_KEYS[stream]
