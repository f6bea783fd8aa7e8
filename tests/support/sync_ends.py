"""What the tests of sync share: recordings for the spool, and a vault that only keeps bytes and signs receipts."""

import hashlib

from rich.progress import Progress

from support.serial_line import PASSPHRASE
from testigo_tools.serial.port import Port
from testigo_tools.serial.provisioning import certify, proven_key, push
from testigo_vault.identity.organisation import Organisation
from testigo_wire.encoding import cbor


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
