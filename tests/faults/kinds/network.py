"""The network between the appliance and the vault: a TLS record is lost with the connection, late, doubled or changed."""

from collections.abc import Iterator

from faults.fault import DIRECTIONS, SYNCS, Fault, Places, link_names

WHATS = ("cut", "half", "delay", "double", "corrupt", "silence")


class Network:
    NAME = "network"
    TITLE = "The TCP link is cut (also inside a message), delayed, silent, doubled or corrupted at a message, in both directions"
    EXPECTED = "The next session goes on at the byte where the last one ended; nothing acknowledged is lost"

    def names(self, places: Places) -> Iterator[str]:
        return link_names(self.NAME, WHATS, SYNCS, places.messages)

    def fault(self, parts: list[str]) -> Fault:
        what, direction, scenario, n = parts
        return Fault("/".join((self.NAME, *parts)), scenario, vault=("proxied", (what, DIRECTIONS[direction], int(n))))
