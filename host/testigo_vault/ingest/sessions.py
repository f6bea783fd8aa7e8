"""The sessions of appliances that are open: one for each appliance, and a limit for all.

The newest connection of an appliance is kept: an older one is left over from a loss of power or network. Where there are too
many, the one that brings least gives way: an appliance that sends a byte a minute holds no place of another one.
What arrived of a recording stays, so that its transfer goes on later at the same byte.
"""

import asyncio
import time
from collections.abc import Callable

# A session is not judged by its rate before.
_GRACE_S = 60


class OpenSession:
    """received: bytes so far."""

    def __init__(self, device_id: str, task: asyncio.Task, began: float) -> None:
        self.device_id = device_id
        self.task = task
        self.began = began
        self.received = 0

    def rate(self, now: float) -> float:
        """Bytes a second."""
        return self.received / max(now - self.began, 1)


class Sessions:
    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._open: dict[str, OpenSession] = {}

    def begin(self, device_id: str, task: asyncio.Task) -> tuple[OpenSession, list[OpenSession]]:
        """-> (the session; those that were ended for it: an older one of the device, or the slowest)."""
        ended = []
        older = self._open.pop(device_id, None)
        if older is not None:
            ended.append(older)
        elif len(self._open) >= self._limit:
            ended.append(self._open.pop(self._slowest().device_id))
        session = OpenSession(device_id, task, self._clock())
        self._open[device_id] = session
        for other in ended:
            other.task.cancel()
        return session, ended

    def end(self, session: OpenSession) -> None:
        if self._open.get(session.device_id) is session:
            del self._open[session.device_id]

    def _slowest(self) -> OpenSession:
        now = self._clock()
        judged = [session for session in self._open.values() if now - session.began >= _GRACE_S]
        return min(judged or self._open.values(), key=lambda session: (session.rate(now), session.began))
