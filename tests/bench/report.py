"""The tables of the benchmarks, for the terminal and for docs/benchmarks.md."""

import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """One measurement: a value with its unit, the reference's value where there is one, what was aimed at, and how far the
    ratio varied between rounds."""

    what: str
    value: float
    unit: str
    reference: float | None = None
    aim: str = ""
    spread: str = ""

    @property
    def ratio(self) -> str:
        return f"{self.value / self.reference:.2f}" if self.reference else ""

    def cells(self) -> list[str]:
        reference = _number(self.reference) if self.reference else ""
        return [self.what, f"{_number(self.value)} {self.unit}".rstrip(), reference, self.ratio, self.spread, self.aim]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{2 if value >= 1 else 3}f}"


HEAD = ["what", "value", "reference", "ratio", "middle half", "aim"]
TITLES = {
    "instructions": (
        "Instructions of a packet",
        "**The figures to compare between two versions**: they do not depend on the load or the speed of the machine. "
        "Counted by valgrind's callgrind in user space; the kernel's part, and what the processor does at once or waits "
        "for, is not in them. They do depend on MicroPython's and OpenSSL's versions, so count both versions on one "
        "machine. The bare loop is that of the next table.",
    ),
    "packets": (
        "Processor time of a packet",
        "Kernel and flushes included, of the firmware on MicroPython's Unix port (64-bit). The reference is a bare loop "
        "in the same interpreter that receives each packet and sends it, without waiting, looking at it or keeping it. "
        "All sides take turns in rounds of 64 frames, with real-time priority where this is allowed. "
        "The value is the one that a fifth of the rounds stays below, since "
        "other programs only ever add to it; the ratio of the same round lay in the given range in the middle half of the "
        "rounds.",
    ),
    "sealing": (
        "Sealing a frame",
        "240 ms of both legs in G.711, with MicroPython's own AES and SHA-256, as on a chip. The reference is one call of "
        "AES-ECB and one of SHA-256 over the same bytes; for the chain, a second SHA-256.",
    ),
    "latency": (
        "Latency that the bridge adds",
        "From just before the sender's sendto to the kernel's time stamp at the receiver (the way through the kernel "
        "twice is part of it); real calls that begin at once and are recorded to the disk, 50 packets a second in each "
        "direction. The same calls go through [rtpengine](https://github.com/sipwise/rtpengine), which records to pcap in "
        "user space, packet by packet in turn. The reference is a pair of sockets with nothing between them, in turn with "
        "both. All processes have real-time priority where this is allowed. Processor time of a packet is that of the "
        "whole process, signalling and waiting included; its reference is rtpengine.",
    ),
    "vault": (
        "The vault: verify and store",
        "Recordings of synthetic calls into two folders, each written through to the disk. The reference is `sha256sum` "
        "and `cp` into two folders of the same files, with `sync`.",
    ),
    "log": (
        "The access log: a page of it",
        "What the Access log page does with the log for one request: writes the line of this access, checks from the "
        "checkpoint on, finds the latest 300 lines, those of a user and those of a recording. The reference is the same with a "
        "log of 1,000 lines: the cost of a page must not grow with the log.",
    ),
}


def show(name: str, rows: list[Row]) -> None:
    print(f"\n{TITLES[name][0]}")
    if not rows:
        print("  not measured: what it needs is not set up")
        return
    table = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    for line in table:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def as_markdown(tables: dict[str, list[Row]], day: datetime.date) -> str:
    text = [
        "# Benchmarks\n",
        "Ratios within one run, made by `make bench ARGS=--write`; a ratio of 1 is as fast as the reference. "
        "[What was changed for these figures, and what was not](adr/0023-what-a-packet-costs.md).\n",
        f"Last written on {day.isoformat()}, {_machine()}.\n",
    ]
    for name, rows in tables.items():
        title, words = TITLES[name]
        text += [f"## {title}\n", words + "\n", "| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
        text += ["| " + " | ".join(row.cells()) + " |" for row in rows]
        text.append("")
    return "\n".join(text)


def _machine() -> str:
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = found[0] if found else model
    return f"{os.cpu_count()} × {model}, {platform.system()}"
