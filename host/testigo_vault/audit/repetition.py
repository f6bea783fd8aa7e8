"""Sums up what is told too often, so that who causes it fills no log and hides nothing else.

The first texts of each period are told as they are; the others are counted, and told as one sentence when the period ends.
"""

import threading
import time
from collections.abc import Callable

_MAX_SOURCES = 1000


class Repetition:
    """tell: takes a text. sum_up: the sentence for how many were left out, from how many sources, and the last of them."""

    def __init__(
        self,
        tell: Callable[[str], None],
        sum_up: Callable[[int, int, str], str],
        limit: int,
        period_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._sum_up = sum_up
        self._limit = limit
        self._period_s = period_s
        self._clock = clock
        self._lock = threading.Lock()
        self._began = 0.0
        self._told = self._left = 0
        self._sources: set[str] = set()
        self._last = ""

    def add(self, source: str, text: str) -> None:
        """Tell a text of one source, as an address, or count it."""
        with self._lock:
            summary = self._end_period() if self._is_over() else ""
            if not self._told:
                self._began = self._clock()
            is_told = self._told < self._limit
            if is_told:
                self._told += 1
            else:
                self._left += 1
                self._last = text
                if len(self._sources) < _MAX_SOURCES:
                    self._sources.add(source)
        if summary:
            self._tell(summary)
        if is_told:
            self._tell(text)

    def flush(self, at_end: bool = False) -> None:
        """Tell the sum of a period that is over. at_end: also of one that is not."""
        with self._lock:
            summary = self._end_period() if at_end or self._is_over() else ""
        if summary:
            self._tell(summary)

    def _is_over(self) -> bool:
        return self._clock() - self._began >= self._period_s

    def _end_period(self) -> str:
        left, sources, last = self._left, len(self._sources), self._last
        self._told = self._left = 0
        self._sources = set()
        return self._sum_up(left, sources, last) if left else ""
