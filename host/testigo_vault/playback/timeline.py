"""A call as it sounded: both legs on the timeline of the recording, silence where packets are missing.

Sample 0 is the moment the recording was opened, so the times of events and of sound are the same. 8 kHz, 16 bits. Times come
from the packets' arrival on the appliance's counter of milliseconds, never from its clock, which may be set back or forward.
Everything stays in memory: nothing decrypted touches a disk. What is not played is counted, with the reason.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from testigo_vault import g711
from testigo_vault.playback.rtp_track import CLOCK, Track, TrackBuilder
from testigo_vault.playback.sparse_sound import SparseSound

NEAR, FAR = 0, 1
LEG_NAMES = ("near", "far")
WAV_HEADER = 44

_PIECE = 1 << 20
_STEREO = 4  # bytes of one sample of both legs
_LONGEST = ((1 << 32) - 1 - 36) // _STEREO  # the sizes in a WAV file have 32 bits: 37 hours

# An event is written after the packets before it arrived; more than this is no rounding.
_EVENT_TOLERANCE_MS = 1000

# Encodings of RTP packets that hold no speech: digits (RFC 4733) and comfort noise (RFC 3389, static payload type 13).
_NO_SPEECH = ("telephone-event", "CN")
_STATIC = {0: "PCMU", 8: "PCMA", 13: "CN"}

# Why packets or frames are not played; the words are in the table [not-played] of the vocabulary.
ENCODING, LATER_EVENT, WAV_LIMIT, MALFORMED = "encoding", "later-event", "wav-limit", "malformed"
DAMAGED_FRAMES, TORN_FRAMES = "damaged-frames", "torn-frames"


@dataclass(frozen=True)
class NotPlayed:
    """Something that is in the recording and not in its sound. leg: NEAR or FAR, None for both; detail: the encodings."""

    why: str
    count: int
    leg: int | None = None
    detail: str = ""


@dataclass
class Leg:
    """One leg's sound. `other_encodings` counts packets by the name of an encoding that is not played here."""

    sound: SparseSound = field(default_factory=SparseSound)
    encoding: str = ""
    packets: int = 0
    duplicates: int = 0
    malformed: int = 0
    other_encodings: Counter[str] = field(default_factory=Counter)
    after_later_event: int = 0
    beyond_wav: int = 0
    missing_ms: int = 0
    first_ms: int = -1
    last_ms: int = -1

    def not_played(self, number: int) -> list[NotPlayed]:
        names = ", ".join(sorted(self.other_encodings))
        found = [
            NotPlayed(ENCODING, self.other_encodings.total(), number, names),
            NotPlayed(LATER_EVENT, self.after_later_event, number),
            NotPlayed(WAV_LIMIT, self.beyond_wav, number),
            NotPlayed(MALFORMED, self.malformed, number),
        ]
        return [one for one in found if one.count]


class Timeline:
    def __init__(self, legs: tuple[Leg, Leg], raw: tuple[bytes, bytes], not_played: tuple[NotPlayed, ...] = ()) -> None:
        """not_played: what concerns both legs, as frames that do not open."""
        self.legs = legs
        self.raw = raw
        self.length = max(leg.sound.length for leg in legs)  # in samples
        self.not_played = [*not_played, *(one for number, leg in enumerate(legs) for one in leg.not_played(number))]

    @property
    def duration_ms(self) -> int:
        return self.length * 1000 // CLOCK

    @property
    def first_ms(self) -> int:
        """Where the first sound of either leg lies; 0 where there is none."""
        found = [leg.first_ms for leg in self.legs if leg.first_ms >= 0]
        return min(found, default=0)

    def wav_size(self) -> int:
        return WAV_HEADER + _STEREO * self.length

    def wav(self, start: int = 0, end: int | None = None) -> bytes:
        """Bytes `start` up to `end` of the stereo WAV file (near left, far right)."""
        end = self.wav_size() if end is None else min(end, self.wav_size())
        head = _wav_header(self.length)[start:end] if start < WAV_HEADER else b""
        first, last = max(0, start - WAV_HEADER), max(0, end - WAV_HEADER)
        if last <= first:
            return head
        from_sample, to_sample = first // _STEREO, (last + _STEREO - 1) // _STEREO
        body = self._interleave(from_sample, to_sample)
        return head + body[first - _STEREO * from_sample : last - _STEREO * from_sample]

    def wav_pieces(self) -> Iterator[bytes]:
        """The whole WAV file, a piece at a time."""
        for start in range(0, self.wav_size(), _PIECE):
            yield self.wav(start, start + _PIECE)

    def peaks(self, columns: int) -> list[list[int]]:
        """For each leg, `columns` loudest absolute samples (0 to 32767), for the picture of the wave."""
        step = max(1, -(-self.length // columns))
        return [leg.sound.peaks(step, -(-self.length // step)) for leg in self.legs]

    def _interleave(self, first: int, last: int) -> bytes:
        both = array("h", bytes(_STEREO * (last - first)))
        both[0::2] = array("h", self.legs[NEAR].sound.read(first, last))
        both[1::2] = array("h", self.legs[FAR].sound.read(first, last))
        return both.tobytes()


class TimelineBuilder:
    """Takes the packets of decrypted audio frames; `encodings` maps (leg, payload type) to names from media events."""

    def __init__(self, encodings: dict[tuple[int, int], str]) -> None:
        self._encodings = {(leg, code): name for leg in (NEAR, FAR) for code, name in _STATIC.items()} | encodings
        self._builders = (TrackBuilder(), TrackBuilder())
        self._after_later_event = [0, 0]
        self._waiting: list[tuple[int, int, bytes]] = []  # since the last event
        self._frames: list[NotPlayed] = []

    def add(self, leg: int, arrival_ms: int, raw: bytes) -> None:
        self._waiting.append((leg, arrival_ms, raw))

    def event(self, t_ms: int) -> None:
        """An event follows the packets so far: the appliance wrote it after they had arrived.

        A packet that claims a later time was never received at that time. Appliances do not write such packets.
        """
        for leg, arrival_ms, raw in self._waiting:
            if arrival_ms > t_ms + _EVENT_TOLERANCE_MS:
                self._after_later_event[leg] += 1
            else:
                self._builders[leg].add(arrival_ms, raw)
        self._waiting = []

    def damaged_frames(self, count: int, torn: bool) -> None:
        """So many audio frames do not open. torn: they are the last ones of a recording that a power cut ended."""
        self._frames = [NotPlayed(TORN_FRAMES if torn else DAMAGED_FRAMES, count)] if count else []

    def build(self) -> Timeline:
        for leg_number, arrival_ms, raw_packet in self._waiting:
            self._builders[leg_number].add(arrival_ms, raw_packet)
        self._waiting = []
        legs, raws = [], []
        for number, builder in enumerate(self._builders):
            leg, raw = self._leg(number, builder.track())
            leg.malformed = builder.malformed
            leg.after_later_event = self._after_later_event[number]
            legs.append(leg)
            raws.append(raw)
        return Timeline((legs[0], legs[1]), (raws[0], raws[1]), tuple(self._frames))

    def _leg(self, number: int, track: Track) -> tuple[Leg, bytes]:
        leg = Leg(duplicates=track.duplicates)
        raw = []
        end = 0
        for sample, packet in track.placed():
            encoding = self._encodings.get((number, packet.payload_type), f"payload type {packet.payload_type}")
            if encoding in _NO_SPEECH:
                continue
            if encoding not in ("PCMU", "PCMA"):
                leg.other_encodings[encoding] += 1
                continue
            if sample + len(packet.payload) > _LONGEST:
                leg.beyond_wav += 1
                continue
            if leg.packets and sample > end:
                leg.missing_ms += (sample - end) * 1000 // CLOCK
            if not leg.packets:
                leg.first_ms = sample * 1000 // CLOCK
            leg.packets += 1
            leg.encoding = encoding
            leg.sound.put(sample, g711.decode(encoding, packet.payload))
            raw.append(packet.payload)
            end = max(end, sample + len(packet.payload))
        leg.last_ms = end * 1000 // CLOCK if leg.packets else -1
        return leg, b"".join(raw)


def _wav_header(length: int) -> bytes:
    """RIFF/WAVE, PCM, two channels of 16 bits at 8 kHz."""
    size = _STEREO * length
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, CLOCK, CLOCK * _STEREO, _STEREO, 16
    )
    return head + struct.pack("<4sI", b"data", size)
