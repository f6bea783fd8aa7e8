"""What the tests of sync share: recordings for the spool, and a vault that only keeps bytes and signs receipts."""

import datetime
import hashlib
import socket
import ssl
import threading
import time

from rich.progress import Progress

from support.serial_line import PASSPHRASE, appliance, organisation
from testigo_tools.serial.port import Port
from testigo_tools.serial.provisioning import certify, proven_key, push
from testigo_vault.identity import certificates
from testigo_vault.identity.organisation import Organisation
from testigo_wire.encoding import cbor
from testigo_wire.link.vault import VaultSession

SIDE = ["trunk", "127.0.0.1", 5999, "", "", "", "main"]
LIMIT_S = 30


def recording(number: int, size: int) -> tuple[bytes, bytes, bytes]:
    """(id, head, bytes) of what looks like a recording to the spool and to the link."""
    known, head = hashlib.md5(b"%d" % number).digest(), hashlib.sha256(b"%d" % number).digest()
    noise = hashlib.shake_256(b"%d" % number).digest(size)
    items = [cbor.encode(["testigo", 1, known, "branch-7", number, bytes(32), 1, 2, 1])]
    items += [cbor.encode(noise[at : at + 900]) for at in range(0, size, 900)]
    items.append(cbor.encode(["seal", len(items), head, 2, "hang-up", bytes(64)]))
    return known, head, b"".join(items)


class Keeper:
    """The vault's adapter, reduced to keeping bytes and signing receipts for them."""

    def __init__(self, organisation, parts=None) -> None:
        self._organisation = organisation
        self.parts = {} if parts is None else parts
        self.whole = {}
        self._offers = {}
        self.resumed = {}

    def documents(self, firmware, next_number, held):
        return []

    def report(self, unrecorded, facts):
        self.reported = unrecorded, dict(facts)

    def taken(self, document, reason):
        assert reason == ""

    def blob(self, name):
        return None

    def resume(self, number, recording_id, size, head):
        self._offers[number] = recording_id, head
        self.resumed[number] = len(self.parts.setdefault(number, bytearray()))
        return self.resumed[number]

    def append(self, number, offset, data):
        assert len(self.parts[number]) == offset
        self.parts[number] += data

    def finish(self, number, digest):
        assert hashlib.sha256(self.parts[number]).digest() == digest
        self.whole[number] = bytes(self.parts.pop(number))
        known, head = self._offers[number]
        return self._organisation.operator_sign("receipt", number, ["branch-7", known, number, head, ["a", "b"], 1])

    def close(self):
        pass


def provision(url, org: Organisation) -> None:
    """As `testigo provision` does, but without settings, so that the appliance starts no telephony."""
    org.unlock(PASSPHRASE)
    with Port(str(url)) as device, Progress(disable=True) as progress:
        present, public = proven_key(device)
        assert present == ""
        certify(device, org, "branch-7", public)
        push(device, org, "branch-7", progress)


def spool(root, recordings):
    for number, (_, _, data) in recordings.items():
        (root / "spool" / f"{number:08}.tsg").write_bytes(data)


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


def failure_by_dates(micropython, folder, monkeypatch, begin: int, end: int) -> str:
    """Why a sync fails with an organisation whose certificates are valid from one year to another."""
    for name, year in (("NOT_BEFORE", begin), ("NOT_AFTER", end)):
        monkeypatch.setattr(certificates, name, datetime.datetime(year, 1, 1, tzinfo=datetime.UTC))
    org = organisation(folder / "vault")
    server = Server(org, Keeper(org))
    with appliance(micropython, folder / "device"):
        provision(folder / "device" / "tty", org)
        with Port(str(folder / "device" / "tty")) as device:
            device.request("document", settings(org, server.port))
            facts = wait_for(device, lambda facts: "TLS" in facts["sync"][0])
            lines = device.request("log", 20)
    server.close()
    return "\n".join([facts["sync"][0], *lines])
