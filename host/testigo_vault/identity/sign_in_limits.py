"""Counts of wrong passwords: by name and address together, so that an attacker elsewhere does not lock out a name's owner."""

import ipaddress
import threading
from collections.abc import Hashable

_MAX_KEYS = 4096  # the latest ones are remembered


class Attempts:
    """Counts attempts by a key, in memory. After `allowed` in a row the key is locked for `lock_ms`."""

    def __init__(self, allowed: int, lock_ms: int) -> None:
        self._allowed = allowed
        self._lock_ms = lock_ms
        self._lock = threading.Lock()
        self._counts: dict[Hashable, tuple[int, int]] = {}

    def count(self, key: Hashable, now_ms: int) -> int:
        """Count an attempt. -> 0, or for how many ms the key is locked; the attempt that locks it is still allowed."""
        with self._lock:
            count, until = self._counts.pop(key, (0, 0))
            left = max(0, until - now_ms)
            if not left:
                count += 1
                if count >= self._allowed:
                    count, until = 0, now_ms + self._lock_ms
            self._counts[key] = count, until
            while len(self._counts) > _MAX_KEYS:
                del self._counts[next(iter(self._counts))]
            return left

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._counts.pop(key, None)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 address, of which a line has very many."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
