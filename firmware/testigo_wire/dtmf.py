"""Keys in RTP (RFC 4733 telephone events 0 to 15) and in SIP INFO bodies."""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

DIGITS = "0123456789*#ABCD"
END = const(0x80)
RATE = const(8)  # timestamp units in a ms
VOLUME = const(10)  # -dBm0
REPEATS = const(3)  # of the last packet, RFC 4733 section 2.5.1.4


class Decoder:
    """Tells each press once, though its packets are many and the last one is repeated: they share a timestamp."""

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
        return DIGITS[event] if event < len(DIGITS) else None


def packets(digit, duration_ms=160, ptime_ms=20):
    """[(marker, payload)] of one press, to be sent each `ptime_ms` apart with the timestamp of the first."""
    event = DIGITS.find(digit.upper())
    if event < 0 or len(digit) != 1 or not 0 < duration_ms * RATE <= 0xFFFF:
        raise WireError("no such key")
    steps = max(1, (duration_ms + ptime_ms - 1) // ptime_ms)
    made = []
    for i in range(1, steps + REPEATS):
        flags = VOLUME | (END if i >= steps else 0)
        duration = min(i, steps) * ptime_ms * RATE
        made.append((i == 1, bytes((event, flags, duration >> 8 & 0xFF, duration & 0xFF))))
    return made


def to_info(digit, duration_ms=160):
    """The body of an INFO, application/dtmf-relay."""
    return ("Signal=%s\r\nDuration=%d\r\n" % (digit, duration_ms)).encode()


def from_info(content_type, body):
    """(digit, duration in ms) of an INFO body, or None."""
    kind = content_type.split(";")[0].strip().lower()
    signal, duration = "", 0
    try:
        text = str(body, "utf-8")
    except UnicodeError:
        return None
    if kind == "application/dtmf-relay":
        for line in text.split("\n"):
            name, _, value = line.partition("=")
            name = name.strip().lower()
            value = value.strip()
            if name == "signal":
                signal = value
            elif name == "duration" and value.isdigit():
                duration = min(int(value[:5]), 60000)
    elif kind == "application/dtmf":
        signal = text.strip()
    # Some write the event number for the keys that are no digits.
    if len(signal) == 2 and signal.isdigit() and int(signal) < len(DIGITS):
        signal = DIGITS[int(signal)]
    signal = signal.upper()
    if len(signal) != 1 or signal not in DIGITS:
        return None
    return signal, duration
