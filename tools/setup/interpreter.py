"""MicroPython for `.tools/bin`: the installed one if it is new enough, else the distribution's packages, unpacked.

The unpacked one comes from a newer suite than the machine's own, so its wrapper starts it with the dynamic loader and
the libraries that were unpacked beside it, and nothing of it meets the machine's own libraries.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from private_apt import OfflineError, PrivateApt, architecture, have_apt, unpack
from progress import SetupError, run, say
from sources import base, candidates, codename, configured, release
from wrappers import write_wrapper

OLDEST = (1, 25)
# A 64-bit interpreter runs on the machine as it is; the 32-bit one is for the memory tests, and only `sid` has a new one.
SUITES_32 = ["sid", "trixie", "forky"]
NO_PACKAGE = "Install MicroPython 1.25 or newer so that `micropython` is on the PATH, and run make again."


def version_of(program: str | Path) -> tuple[int, ...]:
    """(1, 25, 0), or () if it does not start."""
    try:
        text = run([str(program), "-c", "import sys; print(sys.implementation)"])
    except (OSError, subprocess.CalledProcessError):
        return ()
    match = re.search(r"version=\((\d+), (\d+), (\d+)", text)
    return tuple(int(part) for part in match.groups()) if match else ()


def packaged_version(text: str) -> tuple[int, ...]:
    match = re.match(r"(?:\d+:)?(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()


def suites(word: str) -> list[str]:
    wanted = candidates(release())
    if word == "micropython32" and "sid" in wanted:
        return SUITES_32
    return wanted


def from_packages(tools: Path, word: str, arch: str) -> None:
    mirror = base(configured(), codename(release()))
    if not mirror:
        raise SetupError("no package source of this distribution is configured", NO_PACKAGE)
    refusals = []
    for suite in suites(word):
        apt = PrivateApt(tools / "apt" / f"{suite}-{arch}", [source.of_suite(suite) for source in mirror], arch)
        try:
            say(f"{word}: reading the package list of {suite} ({arch})")
            apt.update()
            version = apt.version("micropython")
            if packaged_version(version) < OLDEST:
                refusals.append(f"{suite} has {version or 'none'}")
                continue
            say(f"{word}: fetching {version} and its libraries")
            root = tools / word
            shutil.rmtree(root, ignore_errors=True)
            unpack(apt.download(["micropython"]), root)
            write_loader_wrapper(tools / "bin" / word, root)
        except OfflineError:
            raise
        except SetupError as error:
            refusals.append(f"{suite}: {error}")
            continue
        if version_of(tools / "bin" / word) >= OLDEST:
            shutil.rmtree(apt.folder, ignore_errors=True)
            return
        refusals.append(f"{suite} has {version}, which does not start here")
    raise SetupError(f"no {word} of {OLDEST[0]}.{OLDEST[1]} or newer for {arch}: {'; '.join(refusals)}", NO_PACKAGE)


def write_loader_wrapper(wrapper: Path, root: Path) -> None:
    loaders = sorted((root / "usr" / "lib").glob("*/ld-linux*.so.*")) or sorted(root.glob("lib*/*/ld-linux*.so.*"))
    if not loaders:
        raise SetupError("the unpacked packages hold no dynamic loader", NO_PACKAGE)
    libraries = {str(path.parent) for path in root.rglob("*.so*")}
    program = root / "usr" / "bin" / "micropython"
    write_wrapper(wrapper, [str(loaders[0]), "--library-path", ":".join(sorted(libraries)), str(program)])


def set_up(tools: Path, ignore_installed: bool) -> None:
    """MicroPython of the machine's word size, which the virtual appliance needs too; the 32-bit one is `set_up_32`."""
    wrapper = tools / "bin" / "micropython"
    if version_of(wrapper) < OLDEST:
        installed = None if ignore_installed else shutil.which("micropython")
        if installed and version_of(installed) >= OLDEST:
            write_wrapper(wrapper, [os.path.realpath(installed)])
            say(f"micropython: using {installed}")
        elif not have_apt():
            raise SetupError("MicroPython is not installed, and this machine has no apt to fetch it with", NO_PACKAGE)
        else:
            from_packages(tools, "micropython", architecture())
    say(f"micropython: {'.'.join(map(str, version_of(wrapper)))}")


def set_up_32(tools: Path) -> None:
    wrapper = tools / "bin" / "micropython32"
    if version_of(wrapper) < OLDEST:
        if not have_apt() or architecture() not in ("amd64", "i386"):
            raise SetupError(
                "32-bit MicroPython runs on amd64 and i386 only", "The tests that measure memory are skipped."
            )
        from_packages(tools, "micropython32", "i386")
    say(f"micropython32: {'.'.join(map(str, version_of(wrapper)))}")
