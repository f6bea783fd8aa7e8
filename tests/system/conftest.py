"""The branch under test, driven through pytest-embedded on the appliance's serial port.

Without options the appliance is a virtual one that serves the whole session. With `--port PORT` it is the board there,
freshly flashed; TESTIGO_TEST_HOST is then this machine's address on the network that they share, and
TESTIGO_TEST_WIFI=SSID:KEY the board's network where it is not Ethernet.
"""

import os
from pathlib import Path

import pytest

from support.branch import Branch
from support.rig import HOST, Appliance, VaultProcess, make_organisation


def board_port(config: pytest.Config) -> str | None:
    """The port of a real board, where one was named."""
    return config.getoption("port", None)


def board_network() -> list:
    wifi = os.environ.get("TESTIGO_TEST_WIFI")
    return ["wifi", *wifi.split(":", 1)] if wifi else ["ethernet"]


@pytest.fixture
def embedded_services() -> str:
    return "serial"


@pytest.fixture
def port(device: Appliance | str) -> str:
    """pytest-embedded opens this one."""
    return device if isinstance(device, str) else str(device.port)


@pytest.fixture(scope="session")
def organisation_folder(tmp_path_factory) -> Path:
    """An organisation as `testigo init` leaves it; tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("organisation") / "vault"
    make_organisation(folder, os.environ.get("TESTIGO_TEST_HOST", HOST))
    return folder


@pytest.fixture(scope="session")
def vault(organisation_folder, micropython):
    process = VaultProcess(organisation_folder, micropython)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def device(request, tmp_path_factory, micropython):
    """The appliance: a port where it is a board."""
    named = board_port(request.config)
    if named:
        yield named
        return
    appliance = Appliance(tmp_path_factory.mktemp("device") / "root", micropython)
    appliance.start()
    yield appliance
    appliance.stop()


@pytest.fixture
def virtual(device) -> Appliance:
    """For tests that look into the appliance's files, or kill it."""
    if isinstance(device, str):
        pytest.skip("only a virtual appliance lets itself be opened")
    return device


@pytest.fixture(scope="session")
def session_branch(request, tmp_path_factory, vault):
    branch = Branch(tmp_path_factory.mktemp("branch"), vault, host=os.environ.get("TESTIGO_TEST_HOST", HOST))
    if board_port(request.config):
        branch.network, branch.bind_host = board_network(), ""
    branch.sign_notice()
    branch.sign_policy()
    branch.sign_settings()
    yield branch
    branch.close()


@pytest.fixture
def branch(session_branch, dut, device):
    """The branch, connected by pytest-embedded's serial port, provisioned, and with no call up."""
    # The port speaks a binary protocol of frames; the thread that looks for lines of text would take them away.
    dut.serial.stop_redirect_thread()
    session_branch.connect(dut.serial.proc)
    session_branch.provision()
    session_branch.ready()
    yield session_branch
    session_branch.reset()
    stuck = session_branch.diagnose()["calls"] and isinstance(device, Appliance)
    session_branch.disconnect()
    if stuck:
        device.kill()
        device.start()
