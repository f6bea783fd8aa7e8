"""Provisioning and transfer between the real ends over a line that damages one byte in a thousand."""

import hashlib
import ssl
import subprocess

import pytest
from micropython_runner import interpreter
from serial_ends import PASSPHRASE, NoisyLine, appliance, organisation, verb

from testigo_tools.port import Port
from testigo_tools.serial_vault import HungUp, serve
from testigo_wire import cbor


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


def provision(micropython, port, vault):
    done = verb(
        micropython, "provision", "--port", port, "--vault", vault, "--device-id", "branch-7", "--passphrase", PASSPHRASE
    )
    assert done.returncode == 0, done.stdout + done.stderr


def spool(root, recordings):
    for number, (_, _, data) in recordings.items():
        (root / "spool" / f"{number:08}.tsg").write_bytes(data)


def transfer(url, org, keeper, report=lambda event: None):
    with Port(url) as device:
        device.request("sync")
        serve(device, org.server_context(), org.devices.admit, lambda name: keeper, lambda: 1800000000000, report, 30)
        return device.diagnose(), device.quality


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_whole_over_a_bad_line(word, seed, request, tmp_path):
    """On 32 bits as on a chip: compiled, in a heap of 150 KiB."""
    micropython = request.getfixturevalue(word)
    root, vault = tmp_path / "device", tmp_path / "vault"
    org = organisation(vault)
    recordings = {1: recording(1, 500), 4: recording(4, 40000), 5: recording(5, 9000)}
    options = ["--mpy", "--heap", "150k", "--build-dir", str(tmp_path / "build")] if word == "micropython32" else []
    with appliance(micropython, root, *options), NoisyLine(root / "tty", 1000, seed) as line:
        provision(micropython, line.url, vault)
        spool(root, recordings)
        keeper = Keeper(org)
        facts, (_, _, _, bad) = transfer(line.url, org, keeper)
        assert line.damaged > 20 and bad > 5
    assert {number: data for number, (_, _, data) in recordings.items()} == keeper.whole
    assert facts["recordings"][0] == 0
    assert facts["clock"] == [2, pytest.approx(1800000000000, abs=120000)]
    assert facts["documents"] == [["policy", "", 1], ["notice", "aviso", 1]] and facts["wanted"] == []
    assert list((root / "spool").iterdir()) == []


class CutHere(Exception):
    pass


def test_goes_on_where_it_was_cut(micropython, tmp_path):
    root, vault = tmp_path / "device", tmp_path / "vault"
    org = organisation(vault)
    recordings = {1: recording(1, 60000)}
    parts = {}
    with appliance(micropython, root):
        provision(micropython, root / "tty", vault)
        spool(root, recordings)

        def cut(event):
            if event[0] == "data" and event[2] > 20000 * (1 + len(offsets)):
                raise CutHere

        offsets = []
        for _ in range(2):
            keeper = Keeper(org, parts)
            with pytest.raises(CutHere):
                transfer(str(root / "tty"), org, keeper, cut)
            offsets.append(keeper.resumed[1])
        keeper = Keeper(org, parts)
        transfer(str(root / "tty"), org, keeper)
    assert offsets[0] == 0 and offsets[1] > 20000 and keeper.resumed[1] > 40000
    assert keeper.whole == {1: recordings[1][2]}


def test_vault_of_another_organisation_gets_nothing(micropython, tmp_path):
    root = tmp_path / "device"
    org = organisation(tmp_path / "vault")
    other = organisation(tmp_path / "other")
    with appliance(micropython, root):
        provision(micropython, root / "tty", tmp_path / "vault")
        spool(root, {1: recording(1, 3000)})
        keeper = Keeper(other)
        with pytest.raises((ssl.SSLError, HungUp)):
            transfer(str(root / "tty"), other, keeper)
        with Port(str(root / "tty")) as device:
            facts = device.diagnose()
            assert facts["recordings"][0] == 1
            assert "not signed by the trusted CA" in facts["sync"][0] or "not correctly signed" in facts["sync"][0]
        done = verb(micropython, "provision", "--port", root / "tty", "--vault", tmp_path / "other")
        assert done.returncode == 1 and "is registered" in done.stderr
        # The right vault gets it all the same, in the same or a later session of the port.
        keeper = Keeper(org)
        transfer(str(root / "tty"), org, keeper)
        assert list(keeper.whole) == [1]


def test_forged_receipt_deletes_nothing(micropython, tmp_path):
    root = tmp_path / "device"
    org = organisation(tmp_path / "vault")
    other = organisation(tmp_path / "other")
    with appliance(micropython, root):
        provision(micropython, root / "tty", tmp_path / "vault")
        spool(root, {1: recording(1, 3000)})
        reasons = []

        class Forger(Keeper):
            def taken(self, document, reason):
                reasons.append(reason)

        facts, _ = transfer(str(root / "tty"), org, Forger(other))
        assert facts["recordings"][0] == 1
        assert reasons == ["signature is not the operator's"]
        assert any("receipt refused" in line for line in facts["log"])


def test_wrong_passphrase_and_missing_name(micropython, tmp_path):
    organisation(tmp_path / "vault")
    with appliance(micropython, tmp_path / "device"):
        common = ["provision", "--port", tmp_path / "device" / "tty", "--vault", tmp_path / "vault"]
        done = verb(micropython, *common)
        assert done.returncode == 1 and "--device-id" in done.stderr
        done = verb(micropython, *common, "--device-id", "branch-7", "--passphrase", "not these words")
        assert done.returncode == 1 and "passphrase" in done.stderr
        facts = verb(micropython, "diag", "--port", tmp_path / "device" / "tty").stdout
        assert "not provisioned" in facts


def test_interpreters_differ():
    """The matrix above is worth its time only if the second one has 32-bit words."""
    said = subprocess.check_output([interpreter("micropython32"), "-c", "import sys; print(sys.maxsize)"], text=True)
    assert int(said) == 0x7FFFFFFF
