"""Fixtures for every test, and the collection of the tests that run on MicroPython."""

from pathlib import Path

import pytest

from support.micropython_items import RECORDER, DeviceFile
from support.micropython_runner import ROOT, Missing, interpreter
from support.peers import put_tools_on_path

WIRE = ROOT / "tests" / "wire"

put_tools_on_path()


def pytest_configure(config: pytest.Config) -> None:
    """pytest-embedded keeps its logs in one folder of the system, which belongs to the first user who ran it."""
    if not config.getoption("root_logdir", None):
        config.option.root_logdir = str(ROOT / "build")
    if not config.getoption("cache_dir", None):
        config.option.cache_dir = str(ROOT / "build")


def pytest_collect_file(file_path: Path, parent):
    """Beside the items on CPython, the ones on MicroPython."""
    if file_path.is_relative_to(WIRE) and file_path.match("test_*.py"):
        return DeviceFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(module_path: Path, parent):
    """Tests of the recorder are for MicroPython only: CPython never imports them."""
    if module_path.is_relative_to(RECORDER):
        return DeviceFile.from_parent(parent, path=module_path)
    return None


def found(name: str) -> Path:
    try:
        return interpreter(name)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def micropython() -> Path:
    """MicroPython for this machine's own word size."""
    return found("micropython")


@pytest.fixture(scope="session")
def micropython32() -> Path:
    """MicroPython with 32-bit words, as on the chip."""
    return found("micropython32")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
