"""RTP (RFC 3550): the packet of section 5.1 and the statistics of section 6.4 and appendix A.

For the host and the tests; an appliance does the same in place (recorder/media/fast_path.py).
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

HEADER = const(12)
RTP_SEQ_MOD = const(0x10000)
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
    """Loss, duplicates and jitter of a stream (appendix A.1, A.3, A.8), summed over new sources and restarts."""

    __slots__ = (
        "clock_rate",
        "ssrc",
        "received",
        "duplicates",
        "highest",
        "transit",
        "jitter16",
        "restarts",
        "_base",
        "_bad",
        "_received_before",
        "_expected_before",
    )

    def __init__(self, clock_rate=8000):
        self.clock_rate = clock_rate
        self.ssrc = None
        self.received = self.duplicates = self.highest = self.jitter16 = self.restarts = 0
        self._base = self._received_before = self._expected_before = 0
        self.transit = self._bad = None

    def receive(self, packet, arrival_ms):
        """Take a packet -> its extended sequence number, or None for one whose number jumps.

        A second packet that follows the one that jumped means that the source has restarted its numbers: `restarts` is then one
        more, and extended numbers begin anew with this packet's own. The one before it has the number before.
        """
        number = packet.sequence_number
        if packet.ssrc != self.ssrc:
            self._restart(packet)
        delta = number - self.highest & 0xFFFF
        if delta == 0 and self.received > self._received_before:
            self.duplicates += 1
            return self.highest
        if delta < MAX_DROPOUT:
            self.highest += delta
            extended = self.highest
        elif delta > RTP_SEQ_MOD - MAX_MISORDER:
            extended = self.highest + delta - RTP_SEQ_MOD
        elif number == self._bad:
            self._restart(packet)
            extended = self.highest
        else:
            self._bad = number + 1 & 0xFFFF
            return None
        self.received += 1
        self._measure(packet.timestamp, arrival_ms)
        return extended

    def _restart(self, packet):
        if self.ssrc is not None:
            self.restarts += 1
            # late packets and copies can make it more than what was expected
            self._expected_before = max(self.expected, self.received)
            self._received_before = self.received
        self.ssrc = packet.ssrc
        self._base = self.highest = packet.sequence_number
        self.transit = self._bad = None

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
        """How many packets were sent, by their sequence numbers."""
        return self.highest - self._base + 1 + self._expected_before if self.ssrc is not None else 0

    @property
    def lost(self):
        """How many packets are missing; late ones are not."""
        return max(0, self.expected - self.received)

    @property
    def jitter_ms(self):
        """The interarrival jitter, ms."""
        return (self.jitter16 >> 4) * 1000 / self.clock_rate
