"""The tables of the benchmarks, for the terminal and for docs/benchmarks.md."""

import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """One measurement: a value with its unit, the reference's value where there is one, and what was aimed at."""

    what: str
    value: float
    unit: str
    reference: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> str:
        return f"{self.value / self.reference:.2f}" if self.reference else ""

    def cells(self) -> list[str]:
        reference = f"{self.reference:.2f}" if self.reference else ""
        return [self.what, f"{self.value:.2f} {self.unit}", reference, self.ratio, self.aim]


HEAD = ["what", "value", "reference", "ratio", "aim"]
TITLES = {
    "packets": (
        "Processor time of a packet",
        "Kernel included, of the firmware on MicroPython's Unix port (64-bit). The reference is a bare loop in the same "
        "interpreter that receives each packet and sends it, without waiting, looking at it or keeping it.",
    ),
    "sealing": (
        "Sealing a frame",
        "240 ms of both legs in G.711. The reference is one call of AES-ECB and one of SHA-256 over the same bytes; for "
        "the chain, a second SHA-256.",
    ),
    "latency": (
        "Latency that the bridge adds",
        "From just before the sender's sendto to the kernel's time stamp at the receiver (the way through the kernel "
        "twice is part of it); real calls, recording, 50 packets a second in each direction.",
    ),
    "vault": (
        "The vault: verify and store",
        "Recordings of synthetic calls into two folders, each written through to the disk. The reference is `sha256sum` "
        "and `cp` into two folders of the same files, with `sync`.",
    ),
}


def show(name: str, rows: list[Row]) -> None:
    print(f"\n{TITLES[name][0]}")
    table = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    for line in table:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def as_markdown(tables: dict[str, list[Row]], day: datetime.date) -> str:
    text = [
        "# Benchmarks\n",
        "Ratios within one run, made by `make bench ARGS=--write`; a ratio of 1 is as fast as the reference.\n",
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
