"""The heap is full for a while."""

from collections.abc import Iterator

from faults.fault import SYNCS, Fault, Places

LEFT = (256, 1024, 2048, 4096, 8192, 16384, 32768)
LENGTHS = (20, 200, 1000)
TIMES = (0, 20, 60, 150, 250, 400, 700, 1100, 1450)
WHERE = ("call", "objection", "pause", *SYNCS)


class Heap:
    NAME = "heap"
    TITLE = "All but a little of the heap is taken for a while"
    EXPECTED = "Calls go on or the appliance restarts; what was stored is whole"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in WHERE:
            for left in LEFT:
                for length in LENGTHS:
                    for ms in TIMES:
                        yield f"{self.NAME}/{scenario}/{left}/{length}/{ms}"

    def fault(self, parts: list[str]) -> Fault:
        scenario, left, length, ms = parts
        device = {"kind": self.NAME, "left": int(left), "for_ms": int(length), "ms": int(ms)}
        return Fault("/".join((self.NAME, *parts)), scenario, device, restart=True, loses_audio=True)
