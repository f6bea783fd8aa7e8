"""What the gateway refused or dropped, for the log. Loaded when there is something."""

from testigo_wire.sip import refusals

EVERY_MS = 60000  # a scanner's thousands of lines would wear out the flash


class RefusedLog:
    """At most one line in EVERY_MS about unknown sources, and one about the rest."""

    def __init__(self, log):
        self._log = log
        self._unknown_at = self._rest_at = 0

    def tell(self, counts, told, unknown, now):
        """counts: by kind (testigo_wire/sip/refusals.py). told: those that the log has, changed here. unknown: the last
        unknown source."""
        new = counts[refusals.UNKNOWN] - told[refusals.UNKNOWN]
        if new and now >= self._unknown_at:
            self._unknown_at = now + EVERY_MS
            told[refusals.UNKNOWN] += new
            self._log("INVITE from unknown source: %s:%d (%d since the last line)" % (unknown[0], unknown[1], new))
        if now < self._rest_at:
            return
        names = refusals.NAMES.split(",")
        named = []
        for kind in range(refusals.UNKNOWN + 1, len(told)):
            new = counts[kind] - told[kind]
            told[kind] += new
            if new:
                named.append("%d %s" % (new, names[kind]))
        if named:
            self._rest_at = now + EVERY_MS
            self._log("SIP messages refused: " + ", ".join(named))
