"""Bits of a file change between two starts."""

from collections.abc import Iterator

from faults.fault import Fault, Places, seed_of

FILES = (
    "any", "key.der", "cert.der", "ca.der", "operator.bin", "device.txt", "seed.bin", "state.cbor", "clock.bin", "policy.tsd",
    "settings.tsd", "copies.bin", "settings.tsd.copy", "notice.tsd", "00000001.tsg", "00000002.open",
)  # fmt: skip
BITS = (1, 8, 200)
ROUNDS = 12


class Flip:
    NAME = "flip"
    TITLE = "Bits of a file of the appliance change between two starts"
    EXPECTED = (
        "The appliance starts; the file is set aside or passed by; a damaged recording is never taken for a good one"
    )

    def names(self, places: Places) -> Iterator[str]:
        for file in FILES:
            for bits in BITS:
                for turn in range(ROUNDS):
                    yield f"{self.NAME}/{file}/{bits}/{turn}"

    def fault(self, parts: list[str]) -> Fault:
        name = "/".join((self.NAME, *parts))
        device = {"kind": self.NAME, "file": parts[0], "bits": int(parts[1]), "seed": seed_of(name)}
        return Fault(name, "start", device, restart=True, damage=True)
