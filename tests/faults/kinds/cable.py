"""The serial cable between the appliance and a program: frames are lost, late, doubled or changed."""

from collections.abc import Iterator

from faults.fault import DIRECTIONS, SERIAL, Fault, Places, link_names, seed_of

WHATS = ("cut", "delay", "double", "corrupt")
WHERE = ("sync", "document", "pause")


class Cable:
    NAME = "cable"
    TITLE = "The serial link is cut, delayed, doubled or corrupted at a frame, to and from the appliance"
    EXPECTED = "The next session goes on; nothing acknowledged is lost"

    def names(self, places: Places) -> Iterator[str]:
        return link_names(self.NAME, WHATS, WHERE, places.frames)

    def fault(self, parts: list[str]) -> Fault:
        what, direction, scenario, n = parts
        name = "/".join((self.NAME, *parts))
        device = {
            "kind": self.NAME, "what": what, "direction": DIRECTIONS[direction], "n": int(n), "seed": seed_of(name),
        }  # fmt: skip
        return Fault(name, scenario, device, way=SERIAL)
