"""The clock of a board without a battery, for a virtual appliance with `clock=board`: it starts in the year 2000."""

import os

YEAR_2000_MS = 946684800000


class BoardClock:
    def __init__(self, hal):
        self._hal = hal
        self._moved = hal.root + "/board-clock"
        self._start_ms = YEAR_2000_MS - hal.ms()

    def ms(self):
        """Unix time. The file ROOT/board-clock, `UNIX_MS [CLOCK]`, moves it, and is removed."""
        try:
            with open(self._moved) as file:
                words = file.read().split()
        except OSError:
            words = []
        if words:  # else it is being written
            os.remove(self._moved)
            self.set(int(words[0]))
            if len(words) > 1:
                self._hal.clock = int(words[1])
        return self._start_ms + self._hal.ms()

    def set(self, unix_ms):
        self._start_ms = unix_ms - self._hal.ms()
