"""The n-th write to the storage fails, is torn, or is the last one before a power cut."""

from collections.abc import Iterator

from faults.fault import SCENARIOS, Fault, Places, seed_of

ENOSPC, EIO = 28, 5
# name: (what happens, errno, whether every later write fails too)
WHATS = {
    "enospc": ("fail", ENOSPC, False),
    "eio": ("fail", EIO, False),
    "full": ("fail", ENOSPC, True),
    "broken": ("fail", EIO, True),
    "cut": ("cut", 0, False),
    "tear": ("tear", 0, False),
    "reorder": ("reorder", 0, False),
}
FILE_SYSTEMS = {"littlefs": False, "fat": True}
ON_A_CARD = ("call", "objection", "pause", "start", "sync")  # a card holds recordings, nothing else


class Storage:
    NAME = "storage"
    TITLE = "The n-th write to LittleFS or FAT fails (ENOSPC, EIO; once or lasting), is torn, or is the last before a power cut"
    EXPECTED = "Calls go on, unrecorded where nothing can be written; what was stored is whole"

    def names(self, places: Places) -> Iterator[str]:
        for system, card in FILE_SYSTEMS.items():
            for scenario in ON_A_CARD if card else SCENARIOS:
                for n in range(1, places.writes(scenario, card) + 1):
                    for what in WHATS:
                        yield f"{self.NAME}/{what}/{system}/{scenario}/{n}"

    def fault(self, parts: list[str]) -> Fault:
        word, system, scenario, n = parts
        what, errno, lasting = WHATS[word]
        name = "/".join((self.NAME, *parts))
        device = {
            "kind": self.NAME, "what": what, "n": int(n), "errno": errno, "lasting": lasting, "seed": seed_of(name),
        }  # fmt: skip
        fails = what == "fail"
        return Fault(name, scenario, device, FILE_SYSTEMS[system], restart=not fails, loses_audio=fails)
