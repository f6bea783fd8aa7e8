"""The serial cable between the appliance and a program: frames are lost, late, doubled or changed."""

from collections.abc import Iterator

from faults.fault import SERIAL, Fault, Places, seed_of

WHATS = ("cut", "delay", "double", "corrupt")
WHERE = ("sync", "document", "pause")
DIRECTIONS = {"up": 0, "down": 1}


class Cable:
    NAME = "cable"
    TITLE = "The serial link is cut, delayed, doubled or corrupted at a frame, to and from the appliance"
    EXPECTED = "The next session goes on; nothing acknowledged is lost"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in WHERE:
            for word, direction in DIRECTIONS.items():
                for n in range(1, places.frames(scenario, direction) + 1):
                    for what in WHATS:
                        yield f"{self.NAME}/{what}/{word}/{scenario}/{n}"

    def fault(self, parts: list[str]) -> Fault:
        what, direction, scenario, n = parts
        name = "/".join((self.NAME, *parts))
        device = {
            "kind": self.NAME, "what": what, "direction": DIRECTIONS[direction], "n": int(n), "seed": seed_of(name),
        }  # fmt: skip
        return Fault(name, scenario, device, way=SERIAL)
