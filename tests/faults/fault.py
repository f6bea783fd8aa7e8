"""What a fault is, and what a kind of faults offers."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

# What the appliance does meanwhile, see device/scenarios.py.
CALLS = ("call", "objection", "pause")
SCENARIOS = (*CALLS, "start", "sync", "document")
SYNCS = ("sync", "document")
TCP, SERIAL = "tcp", "serial"
DIRECTIONS = {"up": 0, "down": 1}  # of a link: from the appliance, to it


@dataclass(frozen=True)
class Fault:
    """device: the fault inside the appliance's process (device/plans.py). vault: the class of vault_end.py that serves it.

    restart: the appliance may end, or is restarted. damage: bytes of its files are changed, so that something of it may be set
    aside, and said so. loses_audio: memory or storage is missing, so that a recording may end early, and says so.
    """

    name: str
    scenario: str
    device: dict[str, Any] = field(default_factory=lambda: {"kind": ""})
    card: bool = False
    way: str = TCP
    vault: tuple[str, Any] = ("plain", None)
    restart: bool = False
    damage: bool = False
    loses_audio: bool = False

    @property
    def kind(self) -> str:
        return self.name.split("/")[0]

    @property
    def template(self) -> str:
        return "old" if self.scenario == "document" else "new"


def seed_of(name: str) -> int:
    """For the dice of a fault: the same in each run."""
    return zlib.crc32(name.encode()) & 0x3FFFFFFF or 1


def link_names(
    kind: str, whats: tuple[str, ...], scenarios: tuple[str, ...], count: Callable[[str, int], int]
) -> Iterator[str]:
    """Every fault of a link. count(scenario, direction): how many places it has."""
    for scenario in scenarios:
        for word, direction in DIRECTIONS.items():
            for n in range(1, count(scenario, direction) + 1):
                for what in whats:
                    yield f"{kind}/{what}/{word}/{scenario}/{n}"


class Kind(Protocol):
    """NAME: the first part of the names. TITLE, EXPECTED: for the table of docs/reliability.md."""

    NAME: str
    TITLE: str
    EXPECTED: str

    def names(self, places: "Places") -> Iterator[str]:
        """Every fault of this kind."""

    def fault(self, parts: list[str]) -> Fault:
        """The fault of a name, split at its slashes, without the kind."""


class Places(Protocol):
    """How many places a recorded run without faults has."""

    def writes(self, scenario: str, card: bool) -> int: ...

    def frames(self, scenario: str, direction: int) -> int: ...

    def messages(self, scenario: str, direction: int) -> int: ...

    def steps(self, scenario: str) -> int: ...

    def vault_steps(self) -> int: ...
