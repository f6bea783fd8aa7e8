"""How many messages of a source, and of all unknown sources together, are processed in a window of time. The memory is fixed:
sources are counted in two rows of counters, under numbers that change with each window (a count-min sketch), so a source
shares its count with others by chance only, and only for one window."""

from testigo_wire.compat import const

WINDOW_MS = const(500)
PER_SOURCE = const(20)  # messages of an unknown source in a window
PER_KNOWN_HOST = const(100)  # of another port of a known host
COUNTERS = const(256)  # of a row

# Kinds of messages, each with a total of its own, so that a flood of one does not keep out the others.
KINDS = (b"OPTIONS ", b"INVITE ", b"REGISTER ")
OTHER = const(3)


class Limiter:
    """rate: messages of each kind that all unknown sources together may send in a second."""

    __slots__ = ("_total", "_counters", "_totals", "_random", "_salt", "_ends")

    def __init__(self, rate, random):
        self._total = max(1, rate * WINDOW_MS // 1000)
        self._random = random
        self._counters = bytearray(2 * COUNTERS)
        self._totals = [0] * (len(KINDS) + 1)
        self._salt = 1
        self._ends = 0

    def renew(self, now):
        """Begin a window if the last one is over."""
        if now < self._ends:
            return
        self._ends = now + WINDOW_MS
        for i in range(len(self._totals)):
            self._totals[i] = 0
        for i in range(len(self._counters)):
            self._counters[i] = 0
        seed = self._random(2)
        self._salt = (seed[0] << 8 | seed[1]) | 1

    def allows(self, source, datagram):
        """Whether a message of an unknown source is processed."""
        if self._count(source) > PER_SOURCE:
            return False
        kind = OTHER
        for i in range(len(KINDS)):
            if datagram.startswith(KINDS[i]):
                kind = i
        self._totals[kind] += 1
        return self._totals[kind] <= self._total

    def allows_known_host(self, source):
        """Whether a message of a known host, but of another port than usual, is processed."""
        return self._count(source) <= PER_KNOWN_HOST

    def _count(self, source):
        # The hash of a text has 16 bits on MicroPython.
        mixed = ((hash(source[0]) & 0xFFFF) ^ (source[1] * 40503 & 0xFFFF)) * self._salt
        counters = self._counters
        first = mixed >> 4 & COUNTERS - 1
        second = COUNTERS + (mixed >> 14 & COUNTERS - 1)
        count = min(counters[first], counters[second]) + 1
        if count < 256:
            counters[first] = max(counters[first], count)
            counters[second] = max(counters[second], count)
        return count
