"""The wall clock over resets and power cuts.

A chip without a battery starts in the year 2000. The last known time is kept in flash, written rarely to spare it, and set
again at the start. It is late by the time without power, but good enough for certificates and for the order of recordings.
`hal.clock` says how reliable the time is: 0 never set, 1 kept over a reset, 2 set in this run.
"""

from recorder import files

KEEP_EVERY_MS = 900000


class Clock:
    def __init__(self, hal):
        self._hal = hal
        self._path = hal.root + "/clock.bin"
        self._kept = 0

    def load(self):
        """Sets the kept time where the machine has none of its own."""
        data = files.read(self._path)
        if data and len(data) == 8:
            self._kept = int.from_bytes(data, "big")
            if self._hal.clock == 0:
                self._hal.set_unix_ms(self._kept)
                self._hal.clock = 1

    def set(self, unix_ms):
        """Sets the time from the vault or a time server."""
        self._hal.set_unix_ms(unix_ms)
        self._hal.clock = 2
        self.keep()

    def keep(self):
        """Writes the time if the kept one is old, or in the future. Cheap, to be called often."""
        now = self._hal.unix_ms()
        if self._hal.clock and not 0 <= now - self._kept < KEEP_EVERY_MS:
            files.replace(self._path, now.to_bytes(8, "big"))
            self._kept = now
