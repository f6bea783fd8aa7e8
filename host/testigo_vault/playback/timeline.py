"""A call as it sounded: both legs on the wall-clock timeline of the recording, silence where packets are missing.

Sample 0 is the moment the recording was opened, so the times of events and of sound are the same. 8 kHz, 16 bits.
Everything stays in memory: nothing decrypted touches a disk.
"""

import struct
from array import array
from dataclasses import dataclass

from testigo_vault import g711
from testigo_vault.playback.rtp_track import CLOCK, Track, TrackBuilder

NEAR, FAR = 0, 1
LEG_NAMES = ("near", "far")
WAV_HEADER = 44

# The recorder packs at most this much of a call; a longer one is a damaged or hostile file.
_LONGEST_MS = 24 * 3600 * 1000


@dataclass
class Leg:
    """One leg's sound. `undecodable` counts packets of encodings that are not played here."""

    samples: bytearray
    encoding: str = ""
    packets: int = 0
    duplicates: int = 0
    malformed: int = 0
    undecodable: int = 0
    missing_ms: int = 0
    first_ms: int = -1
    last_ms: int = -1


class Timeline:
    def __init__(self, legs: tuple[Leg, Leg], raw: tuple[bytes, bytes]) -> None:
        self.legs = legs
        self.raw = raw
        self.length = max(len(leg.samples) for leg in legs) // 2  # in samples
        for leg in legs:
            leg.samples.extend(bytes(2 * self.length - len(leg.samples)))

    @property
    def duration_ms(self) -> int:
        return self.length * 1000 // CLOCK

    @property
    def first_ms(self) -> int:
        """Where the first sound of either leg lies; 0 where there is none."""
        found = [leg.first_ms for leg in self.legs if leg.first_ms >= 0]
        return min(found, default=0)

    def wav_size(self) -> int:
        return WAV_HEADER + 4 * self.length

    def wav(self, start: int = 0, end: int | None = None) -> bytes:
        """Bytes `start` up to `end` of the stereo WAV file (near left, far right)."""
        end = self.wav_size() if end is None else min(end, self.wav_size())
        head = _wav_header(self.length)[start:end] if start < WAV_HEADER else b""
        first, last = max(0, start - WAV_HEADER), max(0, end - WAV_HEADER)
        if last <= first:
            return head
        from_sample, to_sample = first // 4, (last + 3) // 4
        body = self._interleave(from_sample, to_sample)
        return head + body[first - 4 * from_sample : last - 4 * from_sample]

    def peaks(self, columns: int) -> list[list[int]]:
        """For each leg, `columns` loudest absolute samples (0 to 32767), for the picture of the wave."""
        out = []
        for leg in self.legs:
            samples = array("h", bytes(leg.samples))
            step = max(1, -(-len(samples) // columns))
            out.append(
                [
                    min(32767, max(max(part), -min(part)))
                    for part in (samples[i : i + step] for i in range(0, len(samples), step))
                ]
            )
        return out

    def _interleave(self, first: int, last: int) -> bytes:
        both = array("h", bytes(4 * (last - first)))
        both[0::2] = array("h", bytes(self.legs[NEAR].samples[2 * first : 2 * last]))
        both[1::2] = array("h", bytes(self.legs[FAR].samples[2 * first : 2 * last]))
        return both.tobytes()


class TimelineBuilder:
    """Takes the packets of decrypted audio frames; `encodings` maps (leg, payload type) to names from media events."""

    def __init__(self, encodings: dict[tuple[int, int], str], longest_ms: int = _LONGEST_MS) -> None:
        """longest_ms: what the recording's own times allow; a packet placed behind that would only fill memory."""
        self._longest = min(max(0, longest_ms), _LONGEST_MS) * CLOCK // 1000
        self._encodings = {(leg, 0): "PCMU" for leg in (NEAR, FAR)} | {(leg, 8): "PCMA" for leg in (NEAR, FAR)}
        self._encodings |= encodings
        self._builders = (TrackBuilder(), TrackBuilder())

    def add(self, leg: int, arrival_ms: int, raw: bytes) -> None:
        self._builders[leg].add(arrival_ms, raw)

    def build(self) -> Timeline:
        legs, raws = [], []
        for number, builder in enumerate(self._builders):
            leg, raw = self._leg(number, builder.track())
            leg.malformed = builder.malformed
            legs.append(leg)
            raws.append(raw)
        return Timeline((legs[0], legs[1]), (raws[0], raws[1]))

    def _leg(self, number: int, track: Track) -> tuple[Leg, bytes]:
        leg = Leg(bytearray(), duplicates=track.duplicates)
        raw = []
        end = 0
        for sample, packet in track.placed():
            encoding = self._encodings.get((number, packet.payload_type), "")
            if encoding not in ("PCMU", "PCMA") or sample > self._longest:
                leg.undecodable += encoding != "telephone-event"
                continue
            samples = g711.decode(encoding, packet.payload)
            if leg.packets and sample > end:
                leg.missing_ms += (sample - end) * 1000 // CLOCK
            if not leg.packets:
                leg.first_ms = sample * 1000 // CLOCK
            leg.packets += 1
            leg.encoding = encoding
            position = 2 * sample
            if len(leg.samples) < position:
                leg.samples.extend(bytes(position - len(leg.samples)))
            leg.samples[position : position + len(samples)] = samples
            raw.append(packet.payload)
            end = max(end, sample + len(packet.payload))
        leg.last_ms = end * 1000 // CLOCK if leg.packets else -1
        return leg, b"".join(raw)


def _wav_header(length: int) -> bytes:
    """RIFF/WAVE, PCM, two channels of 16 bits at 8 kHz."""
    size = 4 * length
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, CLOCK, CLOCK * 4, 4, 16)
    return head + struct.pack("<4sI", b"data", size)
