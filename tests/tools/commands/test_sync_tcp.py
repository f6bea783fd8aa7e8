"""Sync over TCP: the appliance finds its vault by its settings, and tries again when it is not there."""

import socket

import pytest

from support.serial_line import appliance, organisation
from support.sync_ends import Keeper, Server, failure_by_dates, provision, recording, settings, spool, wait_for
from testigo_tools.serial.port import Port


def test_by_settings(micropython, tmp_path):
    root = tmp_path / "device"
    org = organisation(tmp_path / "vault")
    keeper = Keeper(org)
    server = Server(org, keeper)
    with appliance(micropython, root):
        provision(root / "tty", org)
        known = recording(1, 50000)
        spool(root, {1: known})
        with Port(str(root / "tty")) as device:
            device.request("document", settings(org, server.port))
            facts = wait_for(device, lambda facts: facts["recordings"][0] == 0 and facts["sync"][0] == "done")
    server.close()
    assert keeper.whole == {1: known[2]}
    assert facts["sync"][1] == 1 and facts["clock"][0] == 2


def test_an_unreachable_or_foreign_vault_is_reported_and_tried_again(micropython, tmp_path):
    root = tmp_path / "device"
    org = organisation(tmp_path / "vault")
    foreign = Server(org, Keeper(org), organisation(tmp_path / "other").server_context())
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    with appliance(micropython, root):
        provision(root / "tty", org)
        spool(root, {1: recording(1, 3000)})
        with Port(str(root / "tty")) as device:
            device.request("document", settings(org, nobody))
            wait_for(device, lambda facts: "no connection" in facts["sync"][0])
            device.request("document", settings(org, foreign.port, 12))
            wait_for(device, lambda facts: "not correctly signed by the trusted CA" in facts["sync"][0])
            keeper = Keeper(org)
            server = Server(org, keeper)
            device.request("document", settings(org, server.port, 13))
            wait_for(device, lambda facts: facts["recordings"][0] == 0)
    foreign.close()
    server.close()
    assert list(keeper.whole) == [1]
    assert foreign.failures


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [
        (2000, 2001, "The certificate validity has expired"),
        (2098, 2099, "The certificate validity starts in the future"),
    ],
)
def test_a_clock_outside_the_dates_of_the_certificates_is_told(micropython, tmp_path, monkeypatch, begin, end, says):
    """TLS takes the machine's time, so the dates are moved: a clock after 2099, or one before 2000, meets the same."""
    assert says in failure_by_dates(micropython, tmp_path, monkeypatch, begin, end)
