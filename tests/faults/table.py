"""The table of faults tried and survived: for the terminal, and as docs/reliability.md."""

import datetime
from collections import Counter
from collections.abc import Iterable

from faults.bench import KINDS

HEAD = """\
# Reliability

What happens to an appliance and its vault when something fails, and how it is tested. The table is written by the fault bench
from the results of a long run; it is not edited by hand.

The bench runs the real firmware on MicroPython, on LittleFS and FAT over a block device in memory, and the real vault with its
storage; they talk over TCP and over the serial link. Each fault has a name that says all of it, and happens again with
`make faults NAME=...`. After each fault this has to hold:

- **Nothing acknowledged is lost**: each recording whose number was taken is in the vault, in every copy, or still on the
  appliance.
- **Nothing unannounced is kept**: no audio without a notice and consent, none beside an objection.
- **Chain and numbers hold**: the vault's own verifier finds nothing, in each recording and from one to the next.
- **At most 500 ms of audio are lost** before a power cut.
- **Calls are answered again within 5 s** of the appliance's clock, and the console answers.
"""
TAIL = """\
A fault is counted as tried where the run reached its place. *Survived* means that all of the above held. A fault of the heap
or of the storage may end a recording early, which then says so; a fault that changes a file may cost that file, which is then
set aside and reported.

To repeat it: `make faults SEED=1 COUNT=200`; `make faults NAME=storage/tear/fat/call/31` for one fault; `make soak` for an hour
with eight calls up. A part of it is in `make test`.
"""


def by_kind(results: Iterable[dict]) -> dict[str, Counter]:
    found = {kind.NAME: Counter() for kind in KINDS}
    for result in results:
        count = found[result["name"].split("/")[0]]
        if result["happened"] or result["wrong"]:
            count["tried"] += 1
            count["survived"] += not result["wrong"]
    return found


def as_text(results: list[dict]) -> str:
    lines = [f"{'kind':12} {'tried':>6} {'survived':>9}"]
    for name, count in by_kind(results).items():
        lines.append(f"{name:12} {count['tried']:6} {count['survived']:9}")
    answered = [result["answered_ms"] for result in results if result["answered_ms"] is not None]
    if answered:
        lines.append(f"a call was answered again after {max(answered)} ms at most")
    return "\n".join(lines)


def as_markdown(results: list[dict], day: datetime.date) -> str:
    counts = by_kind(results)
    tried = sum(count["tried"] for count in counts.values())
    survived = sum(count["survived"] for count in counts.values())
    answered = max((result["answered_ms"] for result in results if result["answered_ms"] is not None), default=0)
    seeds = ", ".join(str(seed) for seed in sorted({result["seed"] for result in results}))
    counted = [result for result in results if result["happened"] or result["wrong"]]
    words = Counter(result["word"] for result in counted)
    again = [result for result in counted if result.get("again")]
    lines = [HEAD]
    lines.append(
        f"## Results\n\nLast written on {day}; seeds: {seeds}. **{tried:,} faults tried, {survived:,} survived.**"
    )
    lines.append(
        f"{words['micropython']:,} on the 64-bit MicroPython, {words['micropython32']:,} on the 32-bit one with the\n"
        f"compiled firmware. The slowest answer to a call after a fault took {answered:,} ms.\n"
    )
    if again:
        mended = sum(not result["wrong"] for result in again)
        lines.append(
            f"{len(again):,} of them were not survived at first, and were done again after mends: {mended:,} of those are\n"
            "counted as survived.\n"
        )
    lines.append("| kind | what happens | what is expected | tried | survived |")
    lines.append("| --- | --- | --- | --- | --- |")
    for kind in KINDS:
        count = counts[kind.NAME]
        figures = f"{count['tried']:,} | {count['survived']:,}"
        lines.append(f"| {kind.NAME} | {kind.TITLE} | {kind.EXPECTED} | {figures} |")
    failed = [result for result in results if result["wrong"]]
    if failed:
        lines.append("\n## Not survived\n")
        lines += [f"- `{result['name']}`: {'; '.join(result['wrong'])[:200]}" for result in failed[:40]]
    return "\n".join(lines) + "\n\n" + TAIL
