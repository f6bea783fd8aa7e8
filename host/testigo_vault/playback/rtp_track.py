"""One leg's RTP packets put in order: duplicates out, each payload at its place on the wall-clock timeline.

Within one stream (SSRC, RFC 3550 section 5.1) the RTP timestamp gives the place of a payload, so jitter and reordering
of the network leave no trace. The earliest packet relative to its timestamp, the one that was delayed least, anchors
the stream to the clock. Where a sender's timestamps jump away from the clock, or a sender restarts its sequence numbers
(appendix A.1), a new run begins with its own anchor.
"""

from dataclasses import dataclass, field

from testigo_wire.rtp import rtp

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


class _Source:
    """The packets of one SSRC in order of arrival, divided where the sender restarted its sequence numbers."""

    def __init__(self) -> None:
        self.parts: list[list[Packet]] = [[]]
        self.duplicates = 0
        self._seen: set[tuple[int, int]] = set()
        self._statistics = rtp.Statistics(CLOCK)
        self._jumped: tuple[int, rtp.Packet] | None = None  # perhaps the first packet after a restart

    def add(self, arrival_ms: int, packet: rtp.Packet) -> None:
        restarts = self._statistics.restarts
        number = self._statistics.receive(packet, arrival_ms)
        if number is None:
            self.finish()
            self._jumped = arrival_ms, packet
            return
        if self._statistics.restarts != restarts:
            self.parts.append([])
            self._seen = set()
            if self._jumped:
                self._put(*self._jumped, number - 1)
                self._jumped = None
        else:
            self.finish()
        self._put(arrival_ms, packet, number)

    def finish(self) -> None:
        """A packet that jumped and was not followed by the next one is late by seconds, or a copy."""
        if self._jumped:
            arrival_ms, packet = self._jumped
            self._jumped = None
            self._put(arrival_ms, packet, _unwrap(packet.sequence_number, self._statistics.highest, 16))

    def _put(self, arrival_ms: int, packet: rtp.Packet, number: int) -> None:
        packets = self.parts[-1]
        timestamp = packet.timestamp
        if packets:
            timestamp = _unwrap(timestamp, packets[-1].timestamp, 32)
        # RFC 4733 events repeat one timestamp under new sequence numbers: both together identify a packet.
        key = (number, timestamp)
        if key in self._seen:
            self.duplicates += 1
            return
        self._seen.add(key)
        packets.append(Packet(arrival_ms, packet.ssrc, number, timestamp, packet.payload_type, packet.payload))


class TrackBuilder:
    """Takes raw packets of one leg in order of arrival."""

    def __init__(self) -> None:
        self._sources: dict[int, _Source] = {}
        self.malformed = 0

    def add(self, arrival_ms: int, raw: bytes) -> None:
        try:
            packet = rtp.parse(raw)
        except rtp.RtpError:
            self.malformed += 1
            return
        self._sources.setdefault(packet.ssrc, _Source()).add(arrival_ms, packet)

    def track(self) -> Track:
        runs: list[Run] = []
        for source in self._sources.values():
            source.finish()
            for packets in source.parts:
                runs.extend(_runs(packets))
        return Track(runs, sum(source.duplicates for source in self._sources.values()))


def _runs(packets: list[Packet]) -> list[Run]:
    """Divides packets of one SSRC where their timestamps jump away from the clock."""
    runs: list[Run] = []
    offset = 0
    for packet in packets:
        place = packet.arrival_ms * _PER_MS - packet.timestamp
        if not runs or abs(place - offset) > _JUMP_MS * _PER_MS:
            runs.append(Run(packet.ssrc))
            offset = place
        # Follows the clock slowly, since two clocks drift by seconds in a day.
        offset += (place - offset) // 64
        runs[-1].packets.append(packet)
    for run in runs:
        run.packets.sort(key=lambda packet: packet.sequence_number)
    return runs


def _unwrap(value: int, near: int, bits: int) -> int:
    """`value` of `bits` bits as the full number that lies nearest to `near`."""
    size = 1 << bits
    return near + ((value - near + size // 2) % size) - size // 2
