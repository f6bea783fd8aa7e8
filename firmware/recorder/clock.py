"""The wall clock over resets and power cuts.

A chip without a battery starts in the year 2000. The last known time is kept in flash, written rarely to spare it, and set
again at the start. It is late by the time without power, but good enough for certificates and for the order of recordings.
`hal.clock` says how reliable the time is: 0 never set, 1 kept over a reset, 2 set in this run. A time before 2020 or after
2099 is not taken: it comes from a damaged file, or from a machine without a clock.
"""

from recorder import files

KEEP_EVERY_MS = 900000
DAY_MS = 86400000
FIRST_DAY = 18262  # since 1970: 2020-01-01
LAST_DAY = 47481  # 2099-12-31


class Clock:
    def __init__(self, hal, log):
        self._hal = hal
        self._log = log
        self._path = hal.root + "/clock.bin"
        self._kept = 0

    def load(self):
        """Sets the kept time where the machine has none of its own."""
        data = files.read(self._path)
        if data is None:
            return
        kept = int.from_bytes(data, "big") if len(data) == 8 else 0
        if not FIRST_DAY <= kept // DAY_MS <= LAST_DAY:
            self._log("clock.bin is damaged and not used")
            return
        self._kept = kept
        if self._hal.clock == 0:
            self._hal.set_unix_ms(kept)
            self._hal.clock = 1

    def set(self, unix_ms):
        """Sets the time from the vault or a time server."""
        if not FIRST_DAY <= unix_ms // DAY_MS <= LAST_DAY:
            self._log("a time of %d s since 1970 is not taken" % (unix_ms // 1000))
            return
        self._hal.set_unix_ms(unix_ms)
        self._hal.clock = 2
        self.keep()

    def keep(self):
        """Writes the time if the kept one is old, or in the future. Cheap, to be called often. A write that fails is counted."""
        now = self._hal.unix_ms()
        if self._hal.clock and not 0 <= now - self._kept < KEEP_EVERY_MS:
            try:
                files.replace(self._path, now.to_bytes(8, "big"))
                self._kept = now
            except OSError as exc:
                self._log.fault("clock.bin not written", exc)
