"""How many messages of sources that are not known are processed in a window of time.

The memory is fixed: sources are counted in two rows of counters, under numbers that change with each window (a count-min
sketch), so a source shares its count with others by chance only, and only for one window. When the time that such messages
may take is used up, only sources that have sent few in this window are processed, and then none: so a flood does not keep
out another source, on a machine of any speed.
"""

from testigo_wire.compat import const

WINDOW_MS = const(500)
PER_SOURCE = const(20)  # messages of a source in a window
FEW = const(2)
PER_KNOWN_HOST = const(100)  # of another port of a known host
SHARE_US = const(100000)  # of a window: after that only sources that have sent few
LIMIT_US = const(200000)  # after that none
COUNTERS = const(256)  # of a row

# Kinds of messages, each with a total of its own, so that a flood of one does not keep out the others.
KINDS = (b"OPTIONS ", b"INVITE ", b"REGISTER ")
OTHER = const(3)


class Limiter:
    """rate: messages of each kind that all unknown sources together may send in a second. The source is anything that has a
    hash, as the socket gives it."""

    __slots__ = ("_total", "_counters", "_totals", "_random", "_salt", "_ends", "_spent_us")

    def __init__(self, rate, random):
        self._total = max(1, rate * WINDOW_MS // 1000)
        self._random = random
        self._counters = bytearray(2 * COUNTERS)
        self._totals = [0] * (len(KINDS) + 1)
        self._salt = 1
        self._ends = 0
        self._spent_us = 0

    def renew(self, now):
        """Begin a window if the last one is over."""
        if now < self._ends:
            return
        self._ends = now + WINDOW_MS
        self._spent_us = 0
        for i in range(len(self._totals)):
            self._totals[i] = 0
        for i in range(len(self._counters)):
            self._counters[i] = 0
        seed = self._random(2)
        self._salt = (seed[0] << 8 | seed[1]) | 1

    def spend(self, us):
        """So long it took to process a message that was allowed."""
        self._spent_us += us

    def allows(self, source, start, is_known_host):
        """Whether a message is processed. start: of the datagram. is_known_host(): whether its source is another port of a
        known host; called only where it matters."""
        count = self._count(source)
        if count > PER_KNOWN_HOST or self._spent_us > LIMIT_US or (self._spent_us > SHARE_US and count > FEW):
            return False
        if is_known_host():
            return True
        if count > PER_SOURCE:
            return False
        kind = OTHER
        for i in range(len(KINDS)):
            if start.startswith(KINDS[i]):
                kind = i
        self._totals[kind] += 1
        return self._totals[kind] <= self._total

    def _count(self, source):
        # The hash of bytes has 16 bits on MicroPython.
        mixed = (hash(source) & 0xFFFF) * self._salt
        counters = self._counters
        first = mixed >> 4 & COUNTERS - 1
        second = COUNTERS + (mixed >> 14 & COUNTERS - 1)
        count = min(counters[first], counters[second]) + 1
        if count < 256:
            counters[first] = max(counters[first], count)
            counters[second] = max(counters[second], count)
        return count
