"""The appliance's log for the technician: a bounded list of lines, in memory and in two files that alternate.

Nothing is written while a call is up, because a flash write delays audio, and nothing before `ready`: the start first removes
leftovers. Lines never contain keys, passwords, numbers of callers or what was said.

The log also counts faults by their kind, for `diag`: a full flash or a flood of bad packets has one line, not thousands.
"""

import io
import os
import sys

from recorder import files

LINES = 48
LINE_LENGTH = 160
FILE_SIZE = 12288


class Log:
    def __init__(self, hal):
        self._hal = hal
        self._path = hal.root + "/log.txt"
        self._lines = []
        self._unwritten = 0
        self.ready = True
        self.faults = {}  # kind: how often

    def __call__(self, text):
        text = "".join(c if " " <= c <= "~" else "?" for c in text[:LINE_LENGTH])
        if len(self._lines) >= LINES:
            self._lines.pop(0)
        self._lines.append("%d %s" % (self._hal.unix_ms() // 1000, text))
        self._unwritten = min(self._unwritten + 1, LINES)
        if not self._hal.calls:
            self.flush()

    def traceback(self, what, exc):
        """Logs the end of its traceback behind `what`. Raises MemoryError."""
        text = io.StringIO()
        sys.print_exception(exc, text)
        self(what + text.getvalue()[-140:].replace("\n", ";"))

    def fault(self, kind, exc):
        """Counts a fault, and logs the first of its kind, then the tenth, the hundredth and so on.

        kind: some words; exc: what failed, an exception or a text.
        """
        count = self._count(kind)
        while count % 10 == 0:
            count //= 10
        if count == 1:
            self("%s: %s" % (kind, files.why(exc)))

    def _count(self, kind):
        self.faults[kind] = count = self.faults.get(kind, 0) + 1
        return count

    def lines(self, count=LINES):
        """The newest `count` lines, oldest first; the first word is the time in seconds since 1970."""
        return self._lines[-count:]

    def flush(self):
        if not self._unwritten or not self.ready:
            return
        try:
            if files.size(self._path) > FILE_SIZE:
                os.rename(self._path, self._path + ".old")
            with open(self._path, "a") as file:
                for line in self._lines[-self._unwritten :]:
                    file.write(line + "\n")
        except OSError:
            self._count("log not written")
            return  # a full or broken flash does not stop the appliance; the lines stay in memory
        self._unwritten = 0
