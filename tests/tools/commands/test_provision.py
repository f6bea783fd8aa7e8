"""The verbs as a technician types them, one after the other, on a real vault."""

from pathlib import Path

from support.serial_line import PASSPHRASE, appliance, organisation, verb
from testigo_tools.serial.port import Port


def test_from_new_to_synced(micropython, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTIGO_PASSPHRASE", PASSPHRASE)
    vault, port = tmp_path / "vault", tmp_path / "device" / "tty"
    organisation(vault)
    words = ["provision", "--port", port, "--vault", vault]
    with appliance(micropython, tmp_path / "device"):
        done = verb(micropython, *words, "--device-id", "branch-7")
        assert done.returncode == 0, done.stderr
        assert "branch-7 is provisioned" in done.stdout
        with Port(str(port)) as device:
            facts = device.diagnose()
        assert facts["device_id"] == "branch-7" and facts["wanted"] == []
        assert {kind for kind, _, _ in facts["documents"]} == {"policy", "notice", "settings"}
        # Again: nothing changes, and no passphrase is needed.
        done = verb(micropython, *words)
        assert done.returncode == 0, done.stderr
        done = verb(micropython, *words, "--device-id", "branch-8")
        assert done.returncode == 1 and "keeps its name" in done.stderr
        # A number that objects reaches the device as a digest; its list is in force when all of it is there.
        done = verb(micropython, "objections", "add", "+34600111222", "--vault", vault)
        assert done.returncode == 0, done.stderr
        done = verb(micropython, *words)
        assert done.returncode == 0, done.stderr
        with Port(str(port)) as device:
            facts = device.diagnose()
        assert ["objections", "", 1] in facts["documents"] and facts["wanted"] == []
        kept = b"".join(path.read_bytes() for path in (tmp_path / "device").rglob("*") if path.is_file())
        assert (vault / "documents" / "objections.list").read_bytes() in kept and b"600111222" not in kept
        done = verb(micropython, "sync", "--port", port, "--vault", vault)
        assert done.returncode == 0, done.stderr
        assert "0 recordings on the device" in done.stdout and "0 stored" in done.stdout
        done = verb(micropython, "diag", "--port", port)
        assert "branch-7" in done.stdout and "last success" in done.stdout


def damage(root: Path, name: str) -> None:
    """One file of the identity, and the second copies of all."""
    for file in (name, "copies.bin"):
        (root / "identity" / file).write_bytes(b"damaged")


def test_damaged_files_of_the_identity_are_mended(micropython, tmp_path, monkeypatch):
    """By the second copy; where that is damaged too, as `diag` says: the key under a new name, a certificate under the same
    one. Documents are in force all the time."""
    monkeypatch.setenv("TESTIGO_PASSPHRASE", PASSPHRASE)
    vault, root = tmp_path / "vault", tmp_path / "device"
    organisation(vault)
    words = ["provision", "--port", root / "tty", "--vault", vault]
    with appliance(micropython, root):
        assert verb(micropython, *words, "--device-id", "branch-7").returncode == 0
    (root / "identity" / "cert.der").write_bytes(b"damaged")
    with appliance(micropython, root):
        shown = verb(micropython, "diag", "--port", root / "tty").stdout
        assert "identity/cert.der damaged, second copy used: written again" in " ".join(shown.split())
    damage(root, "cert.der")
    with appliance(micropython, root):
        shown = verb(micropython, "diag", "--port", root / "tty").stdout
        assert "cert.der is damaged: run testigo provision again" in " ".join(shown.split())
        assert "policy 1" in shown
        done = verb(micropython, *words, "--device-id", "branch-7")
        assert done.returncode == 0, done.stderr
        assert verb(micropython, "sync", "--port", root / "tty", "--vault", vault).returncode == 0
    damage(root, "key.der")
    with appliance(micropython, root):
        shown = verb(micropython, "diag", "--port", root / "tty").stdout
        assert "with a new device id" in " ".join(shown.split()) and "policy 1" in shown
        done = verb(micropython, *words, "--device-id", "branch-7")
        assert done.returncode == 1 and "Give this appliance another name" in " ".join(done.stderr.split())
        done = verb(micropython, *words, "--device-id", "branch-8")
        assert done.returncode == 0, done.stderr
        done = verb(micropython, "sync", "--port", root / "tty", "--vault", vault)
        assert done.returncode == 0, done.stderr
        assert "branch-8" in verb(micropython, "diag", "--port", root / "tty").stdout
    assert (root / "identity" / "key.der.bad").read_bytes() == b"damaged"


def test_a_folder_that_is_not_a_vault(micropython, tmp_path):
    with appliance(micropython, tmp_path / "device"):
        done = verb(micropython, "provision", "--port", tmp_path / "device" / "tty", "--vault", tmp_path)
        assert done.returncode == 1 and "error:" in done.stderr and "Traceback" not in done.stderr
