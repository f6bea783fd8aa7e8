"""What runs inside MicroPython: the packet path, in processor time and in instructions, and sealing."""

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from priority import preferred
from report import Row

from support.micropython_runner import FIRMWARE, TOOLS, command, environment, run_micropython

HERE = Path(__file__).resolve().parent
MEMORY = Path("/dev/shm")
HEAP = "2M"  # MicroPython's own default, which the virtual appliance has
ROUNDS = 30
SHORT_ROUNDS = 2
QUIET = 5  # one round in so many is less disturbed than the others: that quantile is taken
COUNTED_ROUNDS = 2
TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)


def _run(script: str, *arguments: str) -> dict[str, list[float]]:
    with preferred():
        done = run_micropython(HERE / script, arguments, heap=HEAP, paths=[FIRMWARE, HERE])
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def _in_memory() -> str | None:
    return str(MEMORY) if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


def packets(short: bool = False) -> list[Row]:
    places = {"memory": _in_memory(), "the disk, flushed twice a second": tempfile.gettempdir()}
    folders = {words: folder for words, folder in places.items() if folder}
    found = _run("device_packets.py", str(SHORT_ROUNDS if short else ROUNDS), *folders.values())
    bare = found["bare"]

    def row(what: str, side: list[float], aim: str = "") -> Row:
        low = statistics.quantiles(side, n=QUIET)[0] / 1000
        reference = statistics.quantiles(bare, n=QUIET)[0] / 1000
        spread = statistics.quantiles([ns / other for ns, other in zip(side, bare, strict=True)], n=4)
        return Row(what, low, "µs", reference, aim, f"{spread[0]:.2f} to {spread[2]:.2f}")

    rows = [row("bridged, not recorded", found["bridged"])]
    for words, folder in folders.items():
        aim = "1.5 or better" if words == "memory" else "2.0 or better"
        rows.append(row(f"bridged, tapped, sealed and spooled to {words}", found[folder], aim))
    return rows


def instructions(short: bool = False) -> list[Row]:
    """Nothing where there is no valgrind."""
    valgrind = shutil.which("valgrind", path=f"{TOOLS}:{os.environ['PATH']}")
    if valgrind is None:
        return []
    rounds = 1 if short else COUNTED_ROUNDS
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as folder:
        counts = Path(folder) / "counts"
        line = [valgrind, "--tool=callgrind", f"--callgrind-out-file={counts}", "--dump-before=getcwd"]
        line += _without_wrapper(command(HERE / "device_instructions.py", [str(rounds), _in_memory() or folder], HEAP))
        done = subprocess.run(
            line,
            env=environment([FIRMWARE, HERE]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"callgrind failed:\n{done.stdout}{done.stderr[-3000:]}")
        names, per_round = json.loads(done.stdout.splitlines()[-1])
        # The marks of part n are files 3n + 1 to 3n + 3, and the last of them holds what was counted.
        totals = [int(TOTAL.search(Path(f"{counts}.{3 * n + 3}").read_text())[1]) for n in range(len(names))]  # type: ignore[index]
    each = {name: total / (per_round * rounds) for name, total in zip(names, totals, strict=True)}
    base = each["sender"] - each["take"] + each["loop"]  # `take` has a loop of its own

    names = {"bare": "bare loop", "bridged": "bridged, not recorded", "recorded": "bridged, tapped, sealed and spooled"}
    return [Row(what, each[side] - base, "") for side, what in names.items()]


def _without_wrapper(line: list[str]) -> list[str]:
    """valgrind must start the program itself, not the shell script that set-up wrote for it."""
    wrapper = Path(line[0]).read_text().splitlines()[-1]
    return [part for part in wrapper.split()[1:] if part != '"$@"'] + line[1:]


def sealing(short: bool = False) -> list[Row]:
    found = _run("device_sealing.py", *(["2"] if short else []))
    both = found["sealed_us"] + found["chained_us"]
    return [
        Row("sealed (SFrame)", found["sealed_us"], "µs", found["bare_us"], "1.5 or better"),
        Row("sealed and chained", both, "µs", found["bare_us"] + found["hash_us"], "1.5 or better"),
    ]
