"""Sync over TCP: the appliance finds its vault by its settings, and tries again when it is not there."""

import socket
import ssl
import threading
import time

from support.serial_line import appliance, organisation
from support.sync_ends import Keeper, provision, recording, spool
from testigo_tools.serial.port import Port
from testigo_wire.link.vault import VaultSession

SIDE = ["trunk", "127.0.0.1", 5999, "", "", "", "main"]
LIMIT_S = 30


def settings(org, port, version=11):
    body = [["none"], ["127.0.0.1", 41999, 41000, 41100, SIDE, SIDE], ["tcp", "127.0.0.1", port], 1]
    return org.operator_sign("settings", version, body)


class Server:
    """The vault's end on TCP: one connection after another, into a Keeper."""

    def __init__(self, org, keeper, context=None):
        self._keeper = keeper
        self._context = context or org.server_context()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LIMIT_S)
        self.port = self._listener.getsockname()[1]
        self.failures = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as stream:
                    self._serve(stream)
            except (OSError, ssl.SSLError) as error:
                self.failures.append(str(error))

    def _serve(self, stream):
        session = VaultSession("branch-7", self._keeper, lambda: 1800000000000)
        while not session.closed:
            if session.next_event():
                continue
            data = session.data_to_send()
            if data:
                stream.sendall(data)
            elif not session.closed:
                session.receive(stream.recv(65536))

    def close(self):
        self._listener.close()


def wait_for(device, done):
    end = time.monotonic() + LIMIT_S
    while True:
        facts = device.diagnose()
        if done(facts):
            return facts
        assert time.monotonic() < end, facts
        time.sleep(0.2)


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
