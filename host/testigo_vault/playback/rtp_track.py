"""One leg's RTP packets put in order: duplicates out, each payload at its place on the wall-clock timeline.

Within one stream (SSRC, RFC 3550 section 5.1) the RTP timestamp says where a payload belongs, so jitter and reordering
of the network leave no trace. The earliest packet relative to its timestamp, the one that was delayed least, anchors
the stream to the clock. Where a sender's timestamps jump away from the clock, a new run begins with its own anchor.
"""

from dataclasses import dataclass, field

CLOCK = 8000
_PER_MS = CLOCK // 1000

# A sender whose timestamps and the clock disagree by more than this has made a jump, not jitter.
_JUMP_MS = 1000


@dataclass
class Packet:
    arrival_ms: int  # since opened_ms
    ssrc: int
    sequence_number: int  # unwrapped
    timestamp: int  # unwrapped
    payload_type: int
    payload: bytes


@dataclass
class Run:
    """Packets of one SSRC whose timestamps are continuous. `start` is the sample at which timestamp 0 would lie."""

    ssrc: int
    packets: list[Packet] = field(default_factory=list)

    def start(self) -> int:
        return min(packet.arrival_ms * _PER_MS - packet.timestamp for packet in self.packets)


@dataclass
class Track:
    """A leg. `placed` gives (sample, packet) in time order, overlaps cut."""

    runs: list[Run]
    duplicates: int = 0

    def placed(self) -> list[tuple[int, Packet]]:
        out: list[tuple[int, Packet]] = []
        for run in self.runs:
            start = run.start()
            out.extend((max(0, start + packet.timestamp), packet) for packet in run.packets)
        return sorted(out, key=lambda pair: pair[0])


class BadRtp(ValueError):
    """Bytes that are no RTP packet."""


def parse(raw: bytes) -> tuple[int, int, int, int, bytes]:
    """(payload_type, sequence_number, timestamp, ssrc, payload) of an RTP packet (RFC 3550 section 5.1)."""
    if len(raw) < 12 or raw[0] >> 6 != 2:
        raise BadRtp("not RTP version 2")
    at = 12 + 4 * (raw[0] & 0x0F)
    if raw[0] & 0x10:
        if len(raw) < at + 4:
            raise BadRtp("header extension cut short")
        at += 4 + 4 * int.from_bytes(raw[at + 2 : at + 4], "big")
    end = len(raw)
    if raw[0] & 0x20:
        end -= raw[-1]
    if at > end:
        raise BadRtp("padding or header longer than the packet")
    word = int.from_bytes
    return raw[1] & 0x7F, word(raw[2:4], "big"), word(raw[4:8], "big"), word(raw[8:12], "big"), raw[at:end]


class TrackBuilder:
    """Takes raw packets of one leg in order of arrival."""

    def __init__(self) -> None:
        self._streams: dict[int, list[Packet]] = {}
        self._seen: dict[int, set[tuple[int, int]]] = {}
        self.duplicates = 0
        self.malformed = 0

    def add(self, arrival_ms: int, raw: bytes) -> None:
        try:
            payload_type, sequence, timestamp, ssrc, payload = parse(raw)
        except BadRtp:
            self.malformed += 1
            return
        stream = self._streams.setdefault(ssrc, [])
        seen = self._seen.setdefault(ssrc, set())
        if stream:
            last = stream[-1]
            sequence = _unwrap(sequence, last.sequence_number, 16)
            timestamp = _unwrap(timestamp, last.timestamp, 32)
        # RFC 4733 events repeat one timestamp under new sequence numbers; both together are a packet's name.
        name = (sequence, timestamp)
        if name in seen:
            self.duplicates += 1
            return
        seen.add(name)
        stream.append(Packet(arrival_ms, ssrc, sequence, timestamp, payload_type, payload))

    def track(self) -> Track:
        runs: list[Run] = []
        for ssrc, packets in self._streams.items():
            run = Run(ssrc)
            offset = 0
            for packet in packets:
                place = packet.arrival_ms * _PER_MS - packet.timestamp
                if run.packets and abs(place - offset) > _JUMP_MS * _PER_MS:
                    runs.append(run)
                    run = Run(ssrc)
                if not run.packets:
                    offset = place
                # Follows the clock slowly, since two clocks drift by seconds in a day.
                offset += (place - offset) // 64
                run.packets.append(packet)
            runs.append(run)
        for run in runs:
            run.packets.sort(key=lambda packet: packet.sequence_number)
        return Track(runs, self.duplicates)


def _unwrap(value: int, near: int, bits: int) -> int:
    """`value` of `bits` bits as the full number that lies nearest to `near`."""
    size = 1 << bits
    return near + ((value - near + size // 2) % size) - size // 2
