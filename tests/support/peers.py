"""The programs of other people that tests run against: installed, or unpacked by the set-up."""

import os
import shutil
from pathlib import Path

import pytest

from support.micropython_runner import ROOT, TOOLS

MODULES = ("lib/baresip/modules", "lib/*-linux-gnu*/baresip/modules", "local/lib/baresip/modules")


def put_tools_on_path() -> None:
    """So that `pytest` works without make too."""
    parts = [str(TOOLS), str(ROOT / ".venv" / "bin")]
    rest = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part not in parts]
    os.environ["PATH"] = os.pathsep.join(parts + rest)


def peer(name: str) -> str:
    """The path of sipp, baresip, espeak-ng, sox, tshark or chromium; the test is skipped where there is none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here: `make setup` says why")
    return path


def baresip_modules() -> Path:
    """The folder for `module_path` in a baresip configuration."""
    unpacked = (TOOLS / "baresip").exists()
    usr = ROOT / ".tools" / "root" / "usr" if unpacked else Path("/usr")
    for pattern in MODULES:
        for folder in usr.glob(pattern):
            return folder
    pytest.skip("the modules of baresip are not here: `make setup` says why")
