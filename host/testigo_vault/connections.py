"""Bounds for connections of peers that are not known yet, so that strangers cannot use up what others need.

A server adds each connection when it comes and removes it once its peer is known or gone. When there are too many, the
oldest of the address that has most gives way: one address harms only itself, and a peer that is quick finds a place.
"""

import ipaddress
import resource
from collections.abc import Callable

# What a service needs besides connections: the index, copies, logs, and connections that were taken and not bounded yet.
RESERVED_FILES = 300
# asyncio takes so many connections at once before it handles the first.
BACKLOG = 64
_WANTED_FILES = 8192


def raise_file_limit(wanted: int = _WANTED_FILES) -> int:
    """Let this process open as many files as the system allows it, up to `wanted`; -> the limit from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= target:
        return soft if soft != resource.RLIM_INFINITY else wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    return target


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the 64 bits of an IPv6 address that its network has given out."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


class Connections:
    """At most `limit` in all, and `per_address` of one address (`network_of`)."""

    def __init__(self, limit: int, per_address: int) -> None:
        self._limit = limit
        self._per_address = per_address
        self._closers: dict[str, dict[object, Callable[[], None]]] = {}
        self.count = 0
        self.dropped = 0

    def add(self, address: str, close: Callable[[], None]) -> tuple[str, object]:
        """-> what `remove` takes. close: ends the connection; it is called at most once."""
        network = network_of(address)
        if len(self._closers.get(network, ())) >= self._per_address:
            self._drop(network)
        elif self.count >= self._limit:
            self._drop(max(self._closers, key=lambda known: len(self._closers[known])))
        entry = (network, object())
        self._closers.setdefault(network, {})[entry[1]] = close
        self.count += 1
        return entry

    def remove(self, entry: tuple[str, object]) -> None:
        """Does nothing where the connection gave way meanwhile."""
        network, key = entry
        if self._closers.get(network, {}).pop(key, None) is not None:
            self.count -= 1
            if not self._closers[network]:
                del self._closers[network]

    def _drop(self, network: str) -> None:
        key = next(iter(self._closers[network]))
        close = self._closers[network][key]
        self.remove((network, key))
        self.dropped += 1
        close()
