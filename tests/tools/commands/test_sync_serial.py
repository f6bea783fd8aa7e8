"""Provisioning and transfer between the real ends over a line that damages one byte in a thousand."""

import ssl
import subprocess

import pytest

from support.micropython_runner import interpreter
from support.serial_line import NoisyLine, appliance, organisation, verb
from support.sync_ends import Keeper, provision, recording, spool
from testigo_tools.serial.port import Port
from testigo_tools.serial.vault_bridge import HungUp, serve


def transfer(url, org, keeper, report=lambda event: None):
    with Port(url) as device:
        device.request("sync")
        serve(device, org.server_context(), org.devices.admit, lambda name: keeper, lambda: 1800000000000, report, 30)
        return device.diagnose(), device.quality


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("word", ["micropython", "micropython32"])
def test_a_complete_sync_over_a_bad_line(word, seed, request, tmp_path):
    """On 32 bits as on a chip: compiled, in a heap of 150 KiB."""
    micropython = request.getfixturevalue(word)
    root, vault = tmp_path / "device", tmp_path / "vault"
    org = organisation(vault)
    recordings = {1: recording(1, 500), 4: recording(4, 40000), 5: recording(5, 9000)}
    options = ["--mpy", "--heap", "150k", "--build-dir", str(tmp_path / "build")] if word == "micropython32" else []
    with appliance(micropython, root, *options), NoisyLine(root / "tty", 1000, seed) as line:
        provision(line.url, org)
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


def test_continues_where_it_was_interrupted(micropython, tmp_path):
    root, vault = tmp_path / "device", tmp_path / "vault"
    org = organisation(vault)
    recordings = {1: recording(1, 60000)}
    parts = {}
    with appliance(micropython, root):
        provision(root / "tty", org)
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
        provision(root / "tty", org)
        spool(root, {1: recording(1, 3000)})
        keeper = Keeper(other)
        with pytest.raises((ssl.SSLError, HungUp)):
            transfer(str(root / "tty"), other, keeper)
        with Port(str(root / "tty")) as device:
            facts = device.diagnose()
            assert facts["recordings"][0] == 1
            assert "not signed by the trusted CA" in facts["sync"][0] or "not correctly signed" in facts["sync"][0]
        done = verb(micropython, "provision", "--port", root / "tty", "--vault", tmp_path / "other")
        assert done.returncode == 1 and "belongs to another organisation: erase the device" in done.stderr
        # The right vault gets it all the same, in the same or a later session of the port.
        keeper = Keeper(org)
        transfer(str(root / "tty"), org, keeper)
        assert list(keeper.whole) == [1]


def test_forged_receipt_deletes_nothing(micropython, tmp_path):
    root = tmp_path / "device"
    org = organisation(tmp_path / "vault")
    other = organisation(tmp_path / "other")
    with appliance(micropython, root):
        provision(root / "tty", org)
        spool(root, {1: recording(1, 3000)})
        reasons = []

        class Forger(Keeper):
            def taken(self, document, reason):
                reasons.append(reason)

        facts, _ = transfer(str(root / "tty"), org, Forger(other))
        assert facts["recordings"][0] == 1
        assert reasons == ["signature is not the operator's"]
        assert any("receipt refused" in line for line in facts["log"])


def test_wrong_passphrase_and_missing_name(micropython, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTIGO_PASSPHRASE", "not these words")
    organisation(tmp_path / "vault")
    with appliance(micropython, tmp_path / "device"):
        common = ["provision", "--port", tmp_path / "device" / "tty", "--vault", tmp_path / "vault"]
        done = verb(micropython, *common)
        assert done.returncode == 1 and "--device-id" in done.stderr
        done = verb(micropython, *common, "--device-id", "branch-7")
        assert done.returncode == 1 and "passphrase" in done.stderr
        facts = verb(micropython, "diag", "--port", tmp_path / "device" / "tty").stdout
        assert "not provisioned" in facts


def test_the_second_interpreter_has_32_bit_words():
    """The matrix above is worth its time only if the second one has 32-bit words."""
    said = subprocess.check_output([interpreter("micropython32"), "-c", "import sys; print(sys.maxsize)"], text=True)
    assert int(said) == 0x7FFFFFFF
