"""RTP (RFC 3550): the packet of section 5.1 and the statistics of section 6.4 and appendix A.

This is the clear form, for the host and the tests; the appliance's media path does the same in place.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

HEADER = const(12)
MAX_DROPOUT = const(3000)
MAX_MISORDER = const(100)


class RtpError(WireError):
    """A datagram that is not RTP."""


class Packet:
    """One packet; `payload` is without padding."""

    __slots__ = ("payload_type", "marker", "sequence_number", "timestamp", "ssrc", "payload")

    def __init__(self, payload_type, marker, sequence_number, timestamp, ssrc, payload):
        self.payload_type = payload_type
        self.marker = marker
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload


def parse(data):
    """The Packet in a datagram (appendix A.1)."""
    length = len(data)
    if length < HEADER or data[0] >> 6 != 2:
        raise RtpError("not RTP")
    payload_type = data[1] & 0x7F
    if 72 <= payload_type <= 76:
        raise RtpError("RTCP")  # RFC 5761 section 4
    start = HEADER + 4 * (data[0] & 15)
    if data[0] & 0x10:
        if length < start + 4:
            raise RtpError("cut off in its extension")
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    if data[0] & 0x20:
        padding = data[length - 1]
        if not padding:
            raise RtpError("padding of 0")
        length -= padding
    if length < start:
        raise RtpError("cut off")
    return Packet(
        payload_type,
        data[1] >> 7,
        data[2] << 8 | data[3],
        int.from_bytes(data[4:8], "big"),
        int.from_bytes(data[8:12], "big"),
        bytes(data[start:length]),
    )


def build(payload_type, marker, sequence_number, timestamp, ssrc, payload):
    """The datagram; numbers are cut to their fields."""
    sequence_number &= 0xFFFF
    return (
        bytes((0x80, (0x80 if marker else 0) | payload_type & 0x7F, sequence_number >> 8, sequence_number & 0xFF))
        + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        + (ssrc & 0xFFFFFFFF).to_bytes(4, "big")
        + payload
    )


class Statistics:
    """What one source's packets tell of the path (appendix A.1, A.3, A.8). A source that restarts counts anew."""

    __slots__ = (
        "clock_rate",
        "ssrc",
        "received",
        "duplicates",
        "highest",
        "base",
        "transit",
        "jitter16",
        "restarts",
        "bad",
        "lost_before",
    )

    def __init__(self, clock_rate=8000):
        self.clock_rate = clock_rate
        self.ssrc = None
        self.received = self.duplicates = self.highest = self.base = self.jitter16 = 0
        self.restarts = self.lost_before = 0
        self.transit = self.bad = None

    def receive(self, packet, arrival_ms):
        """Take a packet; its extended sequence number, or None for one that does not fit (yet)."""
        number = packet.sequence_number
        if packet.ssrc != self.ssrc:
            self._restart(packet)
        delta = number - self.highest & 0xFFFF
        if delta == 0 and self.received:
            self.duplicates += 1
            return self.highest
        if delta < MAX_DROPOUT:
            self.highest += delta
            extended = self.highest
        elif delta >= 0x10000 - MAX_MISORDER:
            extended = self.highest + delta - 0x10000
        elif number == self.bad:
            # Two in a row: the other side has started again without saying so.
            self._restart(packet)
            extended = self.highest
        else:
            self.bad = number + 1 & 0xFFFF
            return None
        self.received += 1
        self._measure(packet.timestamp, arrival_ms)
        return extended

    def _restart(self, packet):
        if self.ssrc is not None:
            self.restarts += 1
            self.lost_before += max(0, self.highest - self.base + 1 - self.received)
            self.received = 0
        self.ssrc = packet.ssrc
        self.base = self.highest = packet.sequence_number
        self.transit = self.bad = None

    def _measure(self, timestamp, arrival_ms):
        # J += (|D| - J) / 16, kept times 16 (A.8)
        transit = arrival_ms * self.clock_rate // 1000 - timestamp & 0xFFFFFFFF
        if self.transit is not None:
            d = transit - self.transit & 0xFFFFFFFF
            if d > 0x7FFFFFFF:
                d = 0x100000000 - d
            self.jitter16 += d - (self.jitter16 + 8 >> 4)
        self.transit = transit

    @property
    def expected(self):
        return self.highest - self.base + 1 if self.ssrc is not None else 0

    @property
    def lost(self):
        """How many are missing; late ones that came after all are not."""
        return max(0, self.expected - self.received) + self.lost_before

    @property
    def jitter_ms(self):
        """The interarrival jitter, ms."""
        return (self.jitter16 >> 4) * 1000 / self.clock_rate
