"""How many sign-ins at a time, and from where. A password check takes 32 MiB and a tenth of a second of a processor, so it runs
in threads of its own: pages do not wait for it, and who comes when too many wait is told at once to come back.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from testigo_vault.identity.sign_in_limits import Attempts, network_of
from testigo_vault.web.stored_texts import N_

_T = TypeVar("_T")

THREADS = 2
MOST_WAITING = 8  # of addresses; browsers that are known have as many places of their own
MOST_OF_ONE = 2  # of one address
COME_BACK_S = 5

ADDRESS_FAILURES_ALLOWED = 20  # wrong passwords from one address, for any names
ADDRESS_LOCK_MS = 5 * 60_000


class Busy(Exception):
    """No place. message: why; retry_s: when to come back."""

    def __init__(self, message: str, retry_s: int) -> None:
        super().__init__(message)
        self.message = message
        self.retry_s = retry_s


class SignInGate:
    """Used from the event loop; the counts of failures from the threads too."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "sign-in")
        self._failures = Attempts(ADDRESS_FAILURES_ALLOWED, ADDRESS_LOCK_MS)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._strangers = self._known = 0

    async def run(self, address: str, known_browser: bool, now_ms: int, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread of the sign-ins. Raises Busy where there is no place, or too many wrong passwords came from
        this address; a known browser is not bound to its address, which it may share with anybody."""
        place = network_of(address)
        if not known_browser:
            locked_ms = self._failures.count(place, now_ms)
            if locked_ms:
                raise Busy(N_("Too many wrong passwords from this address."), -(-locked_ms // 1000))
        with self._lock:
            used = self._known if known_browser else self._strangers
            if used >= MOST_WAITING or (not known_browser and self._waiting[place] >= MOST_OF_ONE):
                raise Busy(N_("Too many sign-ins at once."), COME_BACK_S)
            self._add(place, known_browser, 1)
        future = self._pool.submit(work)
        future.add_done_callback(lambda done: self._leave(place, known_browser))
        return await asyncio.wrap_future(future)

    def succeeded(self, address: str) -> None:
        """A right password from there: those before it were mistakes of people."""
        self._failures.forget(network_of(address))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, place: str, known_browser: bool) -> None:
        with self._lock:
            self._add(place, known_browser, -1)

    def _add(self, place: str, known_browser: bool, one: int) -> None:
        if known_browser:
            self._known += one
            return
        self._strangers += one
        self._waiting[place] += one
        if not self._waiting[place]:
            del self._waiting[place]
