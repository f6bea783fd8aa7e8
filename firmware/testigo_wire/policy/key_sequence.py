"""Recognises short sequences of telephone keys, such as `*1`, among all keys that a party presses."""

from testigo_wire.compat import const

GAP_MS = const(3000)  # between two keys of one sequence


class KeySequences:
    """sequences: strings of keys. An empty one is never recognised."""

    def __init__(self, sequences):
        self._sequences = sequences
        self._typed = ""
        self._last = 0

    def key(self, digit, now):
        """Index of the sequence that this key, pressed at `now` ms, completes, or -1."""
        if now - self._last > GAP_MS:
            self._typed = ""
        self._last = now
        self._typed = (self._typed + digit)[-6:]
        for i in range(len(self._sequences)):
            if self._sequences[i] and self._typed.endswith(self._sequences[i]):
                self._typed = ""
                return i
        return -1
