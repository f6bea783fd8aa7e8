"""`make faults`: does seeded faults and judges each; `--write` keeps the table in docs/reliability.md.

    make faults SEED=7 COUNT=200            the same 200 faults each time
    make faults NAME=storage/tear/fat/call/31    one of them again, or several: NAME="flip/any/8/1 flip/any/8/2"
    make faults KINDS=flip,clock WORD=micropython32

A line for each fault that is not survived, and the table at the end.
"""

import argparse
import datetime
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.bench import BY_NAME, Bench, Result, choose, fault_of
from faults.fault import seed_of
from faults.table import as_markdown, as_text
from support.guide.reliability_page import PAGE, with_faults

WORKERS = {
    "micropython": {"word": "micropython", "heap": "1500k"},
    "micropython32": {"word": "micropython32", "heap": "448k", "compiled": True},
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--part", default="1/1", help="the second of four processes that share the faults: 2/4")
    parser.add_argument("--kinds", default="", help=f"of {', '.join(BY_NAME)}")
    parser.add_argument("--word", choices=sorted(WORKERS), default="micropython")
    parser.add_argument(
        "--name", default="", help="this fault only, with its whole report; or several, with spaces between"
    )
    parser.add_argument("--keep", type=Path, help="a file that gets a line of JSON for each fault")
    parser.add_argument(
        "--again", type=Path, nargs="*", help="those that were not survived in files that --keep has made"
    )
    parser.add_argument("--write", type=Path, nargs="*", help=f"write {PAGE.name} from the files that --keep has made")
    chosen = parser.parse_args()
    if chosen.write is not None:
        lines = [json.loads(line) for path in chosen.write for line in path.read_text().splitlines()]
        results = list({(line["name"], line["word"]): line for line in lines}.values())  # the later one of two
        PAGE.write_text(with_faults(PAGE.read_text(), as_markdown(results, datetime.date.today())))
        print(f"written: {PAGE}")
        return 0
    bench = Bench(**WORKERS[chosen.word])
    try:
        if len(chosen.name.split()) == 1:
            result = bench.run(fault_of(chosen.name))
            print(json.dumps({"happened": result.happened, "wrong": result.wrong, **result.report}, indent=1))
            return bool(result.wrong)
        results = _run(bench, chosen.name.split() or _names(bench, chosen), chosen)
    finally:
        bench.close()
    print(as_text(results))
    return any(result["wrong"] for result in results)


def _names(bench: Bench, chosen: argparse.Namespace) -> list[str]:
    if chosen.again is not None:
        before = [json.loads(line) for path in chosen.again for line in path.read_text().splitlines()]
        return [result["name"] for result in before if result["wrong"] and result["word"] == chosen.word]
    kinds = [name for name in chosen.kinds.split(",") if name]
    part, parts = map(int, chosen.part.split("/"))
    return [name for name in choose(bench, chosen.seed, chosen.count, kinds) if seed_of(name) % parts == part - 1]


def _run(bench: Bench, names: list[str], chosen: argparse.Namespace) -> list[dict]:
    results = []
    began = time.monotonic()
    for count, name in enumerate(names, 1):
        result = bench.run(fault_of(name))
        results.append(_line(result, chosen))
        if chosen.keep:
            with chosen.keep.open("a") as file:
                file.write(json.dumps(results[-1]) + "\n")
        if result.wrong:
            print(f"{name}: {'; '.join(result.wrong)}", flush=True)
        if count % 100 == 0:
            print(f"{count} of {len(names)} in {time.monotonic() - began:.0f} s", flush=True)
    return results


def _line(result: Result, chosen: argparse.Namespace) -> dict:
    return {
        "name": result.fault.name,
        "seed": chosen.seed,
        "word": chosen.word,
        "again": chosen.again is not None,
        "happened": result.happened,
        "wrong": result.wrong,
        "answered_ms": result.report.get("answered_ms"),
        "console_ms": result.report.get("console_ms"),
    }


if __name__ == "__main__":
    sys.exit(main())
