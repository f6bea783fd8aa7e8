"""Lines of denied attempts over the network: each one while they are few, then sums, so that nobody fills the log.

A source is an address, or a signed-in user. In a window of time each source has its own lines, and all addresses together
have a share; a user's lines never depend on those of strangers. What is beyond is counted, and written as one line for each
source and kind when the window is over: "17 more attempts".
"""

import logging
import threading
import time
from dataclasses import dataclass, field

from testigo_vault.audit.access_log import DENIED, AccessLog
from testigo_vault.errors import VaultError
from testigo_vault.timestamps import now_text

WINDOW_S = 600
OF_A_USER = 30  # lines in a window
OF_AN_ADDRESS = 10
OF_ALL_ADDRESSES = 60

_logger = logging.getLogger("testigo.access")


@dataclass
class _Sum:
    count: int = 0
    last: str = ""


@dataclass
class _Source:
    lines: int = 0
    sums: dict[str, _Sum] = field(default_factory=dict)


class DeniedAttempts:
    """Called from several threads."""

    def __init__(self, log: AccessLog, window_s: float = WINDOW_S) -> None:
        self._log = log
        self._window_s = window_s
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._ends_s = 0.0
        self._strangers = 0  # lines of addresses in this window
        self._sources: dict[tuple[str, str], _Source] = {}

    def of_user(self, user: str, kind: str, recording: str, detail: str, outcome: str = DENIED) -> None:
        """An attempt of a signed-in user. Raises VaultError where the line cannot be written."""
        if self._count((user, ""), kind, OF_A_USER):
            self._log.append(user, kind, outcome, recording, detail)

    def of_address(self, address: str, user: str, kind: str, detail: str) -> None:
        """An attempt of whoever is at an address; user: the name that was typed. Raises VaultError as above."""
        if self._count(("", address), kind, OF_AN_ADDRESS):
            self._log.append(user, kind, DENIED, "", detail)

    def flush(self) -> None:
        """Write the sums and begin a new window. Raises VaultError where the log cannot be
        written; what was not written is kept."""
        with self._lock:
            sources, self._sources, self._strangers = self._sources, {}, 0
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        left = [(who, kind, total) for who, source in sources.items() for kind, total in source.sums.items()]
        try:
            while left:
                (user, address), kind, total = left[-1]
                self._log.append(user, kind, DENIED, "", _words(user, address, total))
                left.pop()
        finally:
            with self._lock:
                for who, kind, total in left:
                    kept = self._sources.setdefault(who, _Source()).sums.setdefault(kind, _Sum())
                    kept.count, kept.last = kept.count + total.count, max(kept.last, total.last)

    def close(self) -> None:
        """Write the sums at the end of a window or of the service."""
        try:
            self.flush()
        except VaultError as error:
            _logger.error("Sums of denied attempts cannot be written now: %s", error)

    def _count(self, who: tuple[str, str], kind: str, most: int) -> bool:
        """Whether this attempt gets a line of its own."""
        with self._lock:
            over = self._timer is not None and time.monotonic() >= self._ends_s
        if over:
            self.flush()
        with self._lock:
            if self._timer is None:
                self._ends_s = time.monotonic() + self._window_s
                self._timer = threading.Timer(self._window_s, self.close)
                self._timer.daemon = True
                self._timer.start()
            stranger = not who[0]
            if stranger and who not in self._sources and self._strangers >= OF_ALL_ADDRESSES:
                who = ("", "")  # so that as many sources are remembered as have lines
            source = self._sources.setdefault(who, _Source())
            if source.lines < most and not (stranger and self._strangers >= OF_ALL_ADDRESSES):
                source.lines += 1
                self._strangers += stranger
                return True
            total = source.sums.setdefault(kind, _Sum())
            total.count += 1
            total.last = now_text()
            return False


def _words(user: str, address: str, total: _Sum) -> str:
    if user:
        return f"{total.count} more attempts of this user, the last one at {total.last}"
    if address:
        return f"{total.count} more attempts from {address}, the last one at {total.last}"
    return f"{total.count} more attempts from other addresses, the last one at {total.last}"
