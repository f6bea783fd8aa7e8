"""The power of the appliance fails, at a time or at a step of a session with the vault."""

from collections.abc import Iterator

from faults.fault import CALLS, SYNCS, Fault, Places

EVERY_MS = 23
LAST_MS = 2400


class Power:
    NAME = "power"
    TITLE = "The appliance loses its power, at any time of a call and at each step of a session"
    EXPECTED = "At most 500 ms of audio are lost; calls are answered again within 5 s"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in CALLS:
            for system in ("littlefs", "fat"):
                for ms in range(1, LAST_MS, EVERY_MS):
                    yield f"{self.NAME}/time/{scenario}/{system}/{ms}"
        for scenario in SYNCS:
            for n in range(1, places.steps(scenario) + 1):
                yield f"{self.NAME}/step/{scenario}/littlefs/{n}"

    def fault(self, parts: list[str]) -> Fault:
        how, scenario, system, place = parts
        device = {"kind": "off", "ms": int(place)} if how == "time" else {"kind": "step", "n": int(place)}
        return Fault("/".join((self.NAME, *parts)), scenario, device, system == "fat", restart=True)
