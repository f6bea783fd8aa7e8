"""`make bench`: every measurement, as ratios against a reference of the same run; `--write` keeps them in the docs.

Nothing here passes or fails: it is a table for people.
"""

import argparse
import datetime
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import device
import latency
import log_speed
import vault_speed
from report import Row, as_markdown, show

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
PARTS = {
    "instructions": device.instructions,
    "packets": device.packets,
    "sealing": device.sealing,
    "latency": latency.measure,
    "vault": vault_speed.measure,
    "log": log_speed.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {PAGE.name}")
    parser.add_argument("--short", action="store_true", help="a few rounds only, to see that it runs; no good figures")
    chosen = parser.parse_args()
    tables: dict[str, list[Row]] = {}
    for name in chosen.parts or PARTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        tables[name] = PARTS[name](chosen.short)
        show(name, tables[name])
    if chosen.write:
        PAGE.write_text(as_markdown(tables, datetime.date.today()))
        print(f"written: {PAGE}")


main()
