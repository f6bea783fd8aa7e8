"""The virtual environment, with pip from wherever it can be had, and the project installed in it."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from private_apt import PrivateApt, architecture, have_apt, unpack
from progress import SetupError, last_lines, run, say
from sources import codename, configured, own, release

PIP_PACKAGE = "python3-pip-whl"
NO_PIP = "Install python3-venv (Debian, Ubuntu), or a Python that has ensurepip, and run make again."
NO_INDEX = "Check that pip reaches its package index (`.venv/bin/pip download testigo-is-not-there` shows how it asks)."


INSTALLED = Path("/usr/share/python-wheels")


def pip_wheel(tools: Path, ignore_installed: bool = False) -> Path:
    """pip's own wheel: from the distribution, installed or fetched."""
    fetched = tools / "pip" / "usr" / "share" / "python-wheels"
    for folder in [fetched] if ignore_installed else [INSTALLED, fetched]:
        wheels = sorted(folder.glob("pip-*.whl"))
        if wheels:
            return wheels[-1]
    if not have_apt():
        raise SetupError("this Python has no ensurepip, and there is no apt to fetch pip with", NO_PIP)
    say("pip: fetching it from the distribution")
    sources = own(configured(), codename(release()))
    apt = PrivateApt(tools / "apt" / "own", sources, architecture())
    apt.update()
    unpack([path for path in apt.download([PIP_PACKAGE]) if path.name.startswith(PIP_PACKAGE)], tools / "pip")
    if not list(fetched.glob("pip-*.whl")):
        raise SetupError(f"the distribution's {PIP_PACKAGE} has no pip in it", NO_PIP)
    return pip_wheel(tools, ignore_installed)


def make_environment(folder: Path, tools: Path, ignore_installed: bool) -> None:
    say(f"environment: making {folder.name} with Python {sys.version.split()[0]}")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if importlib.util.find_spec("ensurepip") and not ignore_installed:
            try:
                run([sys.executable, "-m", "venv", str(folder)])
                return
            except subprocess.CalledProcessError:
                # Debian's ensurepip may be there without the wheels it needs.
                shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        wheel = pip_wheel(tools, ignore_installed)
        run([str(folder / "bin" / "python"), f"{wheel}/pip", "install", "--no-index", "--no-cache-dir", str(wheel)])
    except subprocess.CalledProcessError as error:
        raise SetupError(f"no virtual environment could be made:\n{last_lines(error.output)}", NO_PIP) from error


def set_up(root: Path, tools: Path, ignore_installed: bool) -> None:
    folder = root / ".venv"
    stamp = folder / "set-up.stamp"
    wanted = hashlib.sha256(
        (root / "pyproject.toml").read_bytes() + sys.version.encode() + str(root).encode()
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    python = folder / "bin" / "python"
    try:
        run([str(python), "-m", "pip", "--version"])
    except (OSError, subprocess.CalledProcessError):
        make_environment(folder, tools, ignore_installed)
    say("environment: installing the project and what it depends on (a few minutes the first time)")
    try:
        run([str(python), "-m", "pip", "install", "--quiet", "--editable", ".[test]"], cwd=root)
    except subprocess.CalledProcessError as error:
        raise SetupError(f"the project could not be installed:\n{last_lines(error.output, 20)}", NO_INDEX) from error
    stamp.write_text(wanted)
