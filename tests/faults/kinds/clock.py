"""The clocks jump: the appliance's during a call, the vault's between two sessions."""

from collections.abc import Iterator

from faults.fault import Fault, Places

DAY = 86400000
JUMPS = (-9000 * DAY, -DAY, -3600000, -1000, 1000, 3600000, DAY, 3000 * DAY)
TIMES = (0, 10, 200, 400, 700, 1100, 1400)
WHERE = ("call", "objection", "pause", "sync", "document")


class Clock:
    NAME = "clock"
    TITLE = "The wall clock of the appliance, or of the vault, jumps"
    EXPECTED = "Nothing is lost; times of a recording keep their distances; sessions go on"

    def names(self, places: Places) -> Iterator[str]:
        for jump in JUMPS:
            for scenario in WHERE:
                for ms in TIMES:
                    yield f"{self.NAME}/appliance/{scenario}/{jump}/{ms}"
                yield f"{self.NAME}/vault/{scenario}/{jump}/0"

    def fault(self, parts: list[str]) -> Fault:
        whose, scenario, jump, ms = parts
        name = "/".join((self.NAME, *parts))
        if whose == "vault":
            return Fault(name, scenario, vault=("lie", f"clock:{jump}"))
        return Fault(name, scenario, {"kind": self.NAME, "by_ms": int(jump), "ms": int(ms)})
