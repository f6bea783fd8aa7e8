"""What an appliance and a vault do not take from each other, and a vault that dies or cannot write: nothing is lost."""

import shutil
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from support.branch import Branch
from support.rig import PASSPHRASE, Appliance, VaultProcess, make_organisation, wait_for
from support.sync_ends import Keeper
from testigo_tools.serial.port import PortError
from testigo_tools.serial.vault_bridge import HungUp, serve
from testigo_vault.storage.models import Alarm
from testigo_wire.policy.documents import parse
from testigo_wire.recording.reader import Reader


class Tap(threading.Thread):
    """A TCP relay before the vault that counts what the appliance sends."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sessions: list[int] = []
        self.start()

    def run(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                self.sessions.append(0)
                try:
                    far = socket.create_connection(self._target)
                except OSError:
                    near.close()
                    continue
                index = len(self.sessions) - 1
                threading.Thread(target=self._pass, args=(near, far, index), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, None), daemon=True).start()

    def _pass(self, source, target, index) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if index is not None:
                    self.sessions[index] += len(data)
                    time.sleep(0.005)  # a line on which a transfer takes its time
                target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


@contextmanager
def ends(folder, micropython, start: bool):
    """(appliance, branch, tap). The appliance reaches the vault through the tap."""
    make_organisation(folder / "vault")
    vault = VaultProcess(folder / "vault", micropython)
    tap = Tap(vault.ingest_port)
    vault.ingest_port = tap.port
    appliance = Appliance(folder / "root", micropython)
    branch = Branch(folder, vault, "lab-2")
    branch.sign_notice()
    branch.sign_policy()
    branch.sign_settings()
    try:
        if start:
            vault.start()
        appliance.start()
        branch.connect(appliance.port)
        branch.provision()
        yield appliance, branch, tap
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()
        vault.stop()
        tap.close()


def record(branch, seconds: int = 1) -> None:
    branch.port.request("selftest", seconds, "tone", limit_s=120)


def alarms(vault) -> list[str]:
    with vault.opened() as opened, opened.database.read() as session:
        return [alarm.text for alarm in session.query(Alarm)]


def test_transfer_continues_at_the_byte_after_the_vault_was_killed(tmp_path, micropython):
    with ends(tmp_path, micropython, start=True) as (appliance, branch, tap):
        record(branch, 12)
        [(name, data)] = wait_for(lambda: {k: v for k, v in appliance.spool().items() if k[8:] == ".tsg"}, 5).items()
        partial = tmp_path / "vault" / "incoming" / "lab-2"

        def arrived() -> int:
            return sum(path.stat().st_size for path in partial.glob("*.part"))

        wait_for(lambda: arrived() > len(data) // 2, 60, "half of it")
        branch.vault.kill()
        kept = arrived()
        before = len(tap.sessions)
        assert len(data) // 2 < kept < len(data), "it was all there already"
        assert appliance.spool() == {name: data}
        time.sleep(0.3)
        branch.vault.start()
        recording = branch.recording(limit_s=40)
        wait_for(lambda: appliance.spool() == {}, 10, "the receipt")
        again = sum(tap.sessions[before:])
        assert again < (len(data) - kept) * 1.1 + 5000, "bytes that the vault had were sent once more"
        assert branch.vault.copies(recording) == [data, data]
        assert "recording 1 is in the vault" in "\n".join(branch.log())


def test_copy_folder_that_cannot_be_written(tmp_path, micropython):
    with ends(tmp_path, micropython, start=True) as (appliance, branch, _):
        place = tmp_path / "vault" / "copies" / "second" / "recordings"
        shutil.rmtree(place, ignore_errors=True)
        place.write_text("a file where the folder should be")
        record(branch)
        wait_for(lambda: "sync: " in "\n".join(branch.log()), 20, "a failed attempt")
        log = wait_for((tmp_path / "vault.log").read_text, 5)
        assert "Copy second could not take" in log and "Check its disk" in log
        assert list(appliance.spool()) == ["00000001.tsg"]
        place.unlink()
        recording = branch.recording(limit_s=30)
        wait_for(lambda: appliance.spool() == {}, 10, "the receipt")
        assert [bool(copy) for copy in branch.vault.copies(recording)] == [True, True]


class Forger(Keeper):
    """A vault of the right organisation that answers an offer with a receipt of its own making."""

    def __init__(self, organisation, forge) -> None:
        super().__init__(organisation)
        self._forge = forge
        self.reasons: list[str] = []

    def resume(self, number, recording_id, size, head):
        return self._forge([self.device_id, recording_id, number, head, ["first", "second"], 1])

    def taken(self, document, reason):
        self.reasons.append(reason)

    device_id = "lab-2"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, micropython):
    """An appliance with one recording and no vault on the network."""
    folder = tmp_path_factory.mktemp("lab")
    make_organisation(folder / "other")
    with ends(folder, micropython, start=False) as (appliance, branch, _):
        record(branch)
        wait_for(lambda: list(appliance.spool()) == ["00000001.tsg"], 10, "the recording")
        yield appliance, branch, VaultProcess(folder / "other", micropython).organisation
        assert list(appliance.spool()) == ["00000001.tsg"], "something was lost"


def changed(at, value):
    """A receipt of our operator with one field that is not right."""
    return lambda ours, other, body: ours.operator_sign("receipt", 1, [*body[:at], value, *body[at + 1 :]])


def of_another_operator(ours, other, body):
    return other.operator_sign("receipt", 1, body)


def signature_flipped(ours, other, body):
    data = bytearray(ours.operator_sign("receipt", 1, body))
    data[-1] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (of_another_operator, "signature is not the operator's"),
        (signature_flipped, "signature is not the operator's"),
        (changed(0, "lab-3"), "for another device"),
        (changed(1, bytes(16)), "recording 1 is another one"),
        (changed(3, bytes(32)), "recording 1 is another one"),
        (changed(4, []), "names no copy"),
    ],
    ids=["operator", "signature", "device", "recording", "head", "copies"],
)
def test_wrong_receipt_deletes_nothing(lab, forge, reason):
    appliance, branch, other = lab
    ours = branch.organisation
    forger = Forger(ours, lambda body: forge(ours, other, body))
    branch.port.request("sync")
    serve(branch.port, ours.server_context(), ours.devices.admit, lambda _: forger, _now, lambda _: None, 30)
    assert forger.reasons == [reason]
    assert list(appliance.spool()) == ["00000001.tsg"]
    assert any(f"receipt refused: {reason}" in line for line in branch.log())


def _now() -> int:
    return int(time.time() * 1000)


def refused(branch, document: bytes) -> str:
    held = branch.diagnose()["documents"]
    with pytest.raises(PortError) as caught:
        branch.port.request("document", document, limit_s=30)
    assert branch.diagnose()["documents"] == held
    assert any("document refused" in line or "is held" in str(caught.value) for line in branch.log())
    return str(caught.value)


def test_old_documents_and_those_of_another_organisation(lab):
    _, branch, other = lab
    documents = branch.documents
    paths = [documents.policy_path(), documents.settings_path(branch.device_id)]
    old = [path.read_bytes() for path in paths]
    branch.sign_policy(rule="notify")
    branch.sign_settings(max_calls=1)
    branch.provision()
    for data, kind in zip(old, ("policy", "settings"), strict=True):
        assert f"{kind} version 1 is older than the one held" in refused(branch, data)
        body = parse(data).body
        assert "signature is not the operator's" in refused(branch, other.operator_sign(kind, 9, body))
        assert "another version 2 is held" in refused(branch, branch.organisation.operator_sign(kind, 2, body))
    assert branch.diagnose()["policy"][0] == 2


def test_appliance_refuses_the_vault_of_another_organisation(lab):
    appliance, branch, other = lab
    branch.port.request("sync")
    with pytest.raises(Exception) as caught:
        serve(branch.port, other.server_context(), other.devices.admit, lambda _: None, _now, lambda _: None, 30)
    assert isinstance(caught.value, OSError | HungUp | PortError), caught.value
    wait_for(lambda: "TLS: " in branch.diagnose()["sync"][0], 10, "the reason")
    assert list(appliance.spool()) == ["00000001.tsg"]


def test_vault_refuses_a_revoked_appliance(tmp_path, micropython):
    with ends(tmp_path, micropython, start=False) as (appliance, branch, _):
        branch.organisation.devices.revoke("lab-2", "stolen from the van")
        branch.vault.start()
        record(branch)
        wait_for(lambda: any("stolen from the van" in text for text in alarms(branch.vault)), 20, "the alarm")
        wait_for(lambda: any("sync: " in line for line in branch.log()), 10, "the reason in the log")
        assert list(appliance.spool()) == ["00000001.tsg"]
        assert branch.vault.find("lab-2", 1) is None


def test_vault_refuses_a_certificate_of_another_organisation(tmp_path, micropython):
    """An appliance of another organisation that was pointed at this vault, and made to trust it."""
    with ends(tmp_path, micropython, start=False) as (appliance, branch, _):
        make_organisation(tmp_path / "other")
        record(branch)
        stranger = VaultProcess(tmp_path / "other", micropython)
        branch.organisation.unlock(PASSPHRASE)
        (appliance.root / "identity" / "ca.der").write_bytes(stranger.organisation.ca_der)
        tap = Tap(stranger.ingest_port)
        stranger.start()
        try:
            branch.vault.ingest_port = stranger.ingest_port
            branch.sign_settings()
            branch.provision()
            wait_for(lambda: any("connection was refused" in text for text in alarms(stranger)), 20, "the alarm")
            assert list(appliance.spool()) == ["00000001.tsg"] and stranger.find("lab-2", 1) is None
        finally:
            stranger.stop()
            tap.close()


def test_a_real_recording_without_its_seal_is_refused(lab):
    """The vault cannot be talked into a receipt for less than the device sealed."""
    appliance, branch, _ = lab
    from testigo_vault.ingest.admission import Admission
    from testigo_vault.recordings.indexing import Offer

    data = appliance.spool()["00000001.tsg"]
    items = Reader().feed(data)
    cut = data[: items[-1].offset]
    offer = Offer("lab-2", 1, items[0].fields[2], len(cut), items[-1].fields[2])
    with branch.vault.opened() as vault:
        outcome = Admission(vault).admit(offer, cut)
    assert outcome.receipt == b"" and "truncated" in outcome.reason
