"""What runs inside MicroPython: the packet path and sealing."""

import json
import os
import tempfile
from pathlib import Path

from report import Row

from support.micropython_runner import FIRMWARE, run_micropython

HERE = Path(__file__).resolve().parent


def _run(script: str, folder: str | None = None) -> dict[str, float]:
    paths = [FIRMWARE]
    environment = {"TMPDIR": folder} if folder else {}
    done = run_micropython(HERE / script, heap="1M", paths=paths, env=environment)
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def packets() -> list[Row]:
    rows = []
    memory = Path("/dev/shm")
    places = [("a memory file system", str(memory))] if memory.is_dir() and os.access(memory, os.W_OK) else []
    places.append(("the disk, flushed twice a second", tempfile.gettempdir()))
    for words, folder in places:
        found = _run("device_packets.py", folder)
        if not rows:
            rows.append(Row("bridged, not recorded", found["bridged_us"], "µs", found["floor_us"]))
        name = f"bridged, tapped, sealed and spooled to {words}"
        rows.append(Row(name, found["product_us"], "µs", found["floor_us"], "2.0 or better"))
    return rows


def sealing() -> list[Row]:
    found = _run("device_sealing.py")
    both = found["sealed_us"] + found["chained_us"]
    return [
        Row("sealed (SFrame)", found["sealed_us"], "µs", found["bare_us"], "1.5 or better"),
        Row("sealed and chained", both, "µs", found["bare_us"] + found["hash_us"], "1.5 or better"),
    ]
