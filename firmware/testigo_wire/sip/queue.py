"""What waits for the application: datagrams to send, and events. Bounded, and to append allocates nothing, so that
a full or fragmented heap cannot leave an action half done."""


class Queue:
    """Holds `limit` items; more are dropped and counted."""

    __slots__ = ("_slots", "_used", "dropped")

    def __init__(self, limit):
        self._slots = [None] * limit
        self._used = 0
        self.dropped = 0

    def grow(self, limit):
        """Hold `limit` items from now on, if that is more than before."""
        self._slots += [None] * (limit - len(self._slots))

    def __len__(self):
        return self._used

    def append(self, item):
        if self._used < len(self._slots):
            self._slots[self._used] = item
            self._used += 1
        else:
            self.dropped += 1

    def take(self):
        """-> a list of the items, which leave the queue."""
        items = self._slots[: self._used]
        while self._used:
            self._used -= 1
            self._slots[self._used] = None
        return items
