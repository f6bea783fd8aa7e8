"""Keys in RTP: telephone events 0 to 15 (RFC 4733). For the host and the tests, as rtp.py."""

from testigo_wire.compat import const
from testigo_wire.encoding.schema import KEYS
from testigo_wire.errors import WireError

END = const(0x80)
RATE = const(8)  # timestamp units in a ms
VOLUME = const(10)  # -dBm0
REPEATS = const(3)  # of the last packet, RFC 4733 section 2.5.1.4


class Decoder:
    """Finds each press once: it has many packets, with one timestamp."""

    __slots__ = ("timestamp", "event")

    def __init__(self):
        self.timestamp = None
        self.event = None

    def receive(self, timestamp, payload):
        """The digit of a new press, or None; unknown events are None."""
        # event 8, E 1, R 1, volume 6, duration 16 (section 2.3)
        if len(payload) < 4:
            return None
        event = payload[0]
        if timestamp == self.timestamp and event == self.event:
            return None
        self.timestamp = timestamp
        self.event = event
        return KEYS[event] if event < len(KEYS) else None


def packets(digit, duration_ms=160, ptime_ms=20):
    """[(marker, payload)] of one press, to be sent each `ptime_ms` apart with the timestamp of the first."""
    event = KEYS.find(digit.upper())
    if event < 0 or len(digit) != 1 or not 0 < duration_ms * RATE <= 0xFFFF:
        raise WireError("no such key")
    steps = max(1, (duration_ms + ptime_ms - 1) // ptime_ms)
    made = []
    for i in range(1, steps + REPEATS):
        flags = VOLUME | (END if i >= steps else 0)
        duration = min(i, steps) * ptime_ms * RATE
        made.append((i == 1, bytes((event, flags, duration >> 8 & 0xFF, duration & 0xFF))))
    return made
