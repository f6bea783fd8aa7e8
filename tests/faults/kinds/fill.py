"""Something else fills the flash, before a call or in the middle of it."""

from collections.abc import Iterator

from faults.fault import Fault, Places

LEFT = (0, 4096, 8192, 16384, 32768, 65536, 98304, 131072)
TIMES = (0, 50, 300, 700, 1200)
WHERE = ("call", "objection", "pause", "document")


class Fill:
    NAME = "fill"
    TITLE = "The flash is filled up to a few kilobytes, at the start or during a call"
    EXPECTED = "Calls are answered; the recording ends and says why; later calls without a recording are counted"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in WHERE:
            for left in LEFT:
                for ms in TIMES:
                    for restart in ("on", "restart"):
                        yield f"{self.NAME}/{scenario}/{left}/{ms}/{restart}"

    def fault(self, parts: list[str]) -> Fault:
        scenario, left, ms, restart = parts
        device = {"kind": "full", "left": int(left), "ms": int(ms), "restart": restart == "restart"}
        return Fault("/".join((self.NAME, *parts)), scenario, device, restart=device["restart"], loses_audio=True)
