"""What the check takes of a recording: its items in their order, as far as they are known without the audio key."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from testigo_wire.recording.erasure import Erasure
from testigo_wire.recording.item_parser import Item
from testigo_wire.recording.items import AUDIO

EVENT, KEYS, FRAMES, GONE = "event", "keys", "frames", "gone"  # keys and frames: of the audio stream


@dataclass
class Step:
    """One event, or a run of other items. index: of its first item in the recording; count: how many items."""

    kind: str
    index: int
    count: int = 1
    event: list | None = None


@dataclass
class FrameTimes:
    """Of one audio frame that was opened. first_ms, last_ms: arrival since opened_ms; packets: of the near and the far leg.

    same: whether both legs have the same payloads, as in a self-test.
    """

    index: int
    first_ms: int
    last_ms: int
    packets: tuple[int, int]
    same: bool = False


class StepBuilder:
    """Makes the steps from the items of a recording, in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, item: Item) -> None:
        if item.event is not None:
            self.steps.append(Step(EVENT, item.index, 1, item.event))
        elif item.kind == "gone":
            self._run(GONE, item.index)
        elif item.stream == AUDIO:
            self._run(KEYS if item.kind == "keys" else FRAMES, item.index)

    def _run(self, kind: str, index: int) -> None:
        last = self.steps[-1] if self.steps else None
        if last is not None and last.kind == kind and last.index + last.count == index:
            last.count += 1
        else:
            self.steps.append(Step(kind, index))


@dataclass
class Case:
    """A recording whose seal holds. header and seal: their fields; recipients: key ids of each stream's `keys` item.

    frames: None where no audio was opened. erasures: the operator's signed records that are kept beside the copies and
    belong to this recording. foreign_records: how many others lie there.
    """

    header: list
    seal: list
    steps: list[Step]
    recipients: dict[int, list[bytes]]
    frames: list[FrameTimes] | None = None
    erasures: list[Erasure] = field(default_factory=list)
    foreign_records: int = 0

    @property
    def reason(self) -> str:
        return self.seal[4]

    @property
    def number(self) -> int:
        return self.header[4]

    @property
    def opened_ms(self) -> int:
        return self.header[6]

    def events(self, name: str = "") -> Iterator[list]:
        """All, or those of one name."""
        for step in self.steps:
            if step.event is not None and (not name or step.event[0] == name):
                yield step.event

    def first(self, name: str) -> list | None:
        return next(self.events(name), None)

    def next_event_ms(self, index: int) -> int | None:
        """When the first event after the item with this index was written; None where none follows."""
        at = bisect(self._events_in_order, index, key=lambda event: event[0])
        return self._events_in_order[at][1] if at < len(self._events_in_order) else None

    @cached_property
    def _events_in_order(self) -> list[tuple[int, int]]:
        """(index of the item, time) of each event."""
        return [(step.index, step.event[1]) for step in self.steps if step.event is not None]

    def count(self, kind: str) -> int:
        """How many items of that kind."""
        return sum(step.count for step in self.steps if step.kind == kind)

    @property
    def named_recipients(self) -> frozenset[tuple[int, bytes]]:
        """(stream, key id) that the policy names by the header's word; from version 2 on."""
        return frozenset((stream, key_id) for stream, key_id in self.header[13]) if self.header[1] > 1 else frozenset()

    @property
    def audio_items(self) -> int:
        return self.count(KEYS) + self.count(FRAMES)

    @property
    def is_test(self) -> bool:
        call = self.first("call")
        return call is not None and call[7] == "test"
