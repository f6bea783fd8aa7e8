"""Keys, certificates and documents of an organisation: what is protected by which secret."""

import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from support.vault_fixtures import AUDIO_PASSPHRASE, PASSPHRASE
from testigo_vault.errors import KeyLocked, Refused, VaultError
from testigo_vault.identity import keys
from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import HOST, public_bytes
from testigo_wire.crypto import hpke, p256
from testigo_wire.recording import items as recording


def test_private_keys_are_encrypted_and_openssl_opens_them(folder):
    place = folder / "organisation"
    for name in ("ca", "audio", "operator", "index", "server"):
        path = place / f"{name}.key"
        assert path.stat().st_mode & 0o077 == 0
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()
    shown = subprocess.run(
        ["openssl", "pkcs8", "-in", str(place / "audio.key"), "-passin", f"pass:{AUDIO_PASSPHRASE}"],
        capture_output=True,
        check=True,
    )
    assert b"BEGIN PRIVATE KEY" in shown.stdout
    assert folder.stat().st_mode & 0o077 == 0


def test_each_key_opens_by_its_own_passphrase_only(vault):
    for wrong in (PASSPHRASE, vault.organisation.service_secret(), ""):
        with pytest.raises(KeyLocked):
            vault.organisation.audio_key(wrong)
    locked = Organisation(vault.folder)
    with pytest.raises(KeyLocked):
        locked.issue_device_certificate(bytes(65), "x")
    with pytest.raises(KeyLocked):
        locked.unlock(AUDIO_PASSPHRASE)


def test_service_secret_in_another_place(vault, tmp_path, monkeypatch):
    secret = vault.folder / "organisation" / "service.secret"
    secret.rename(tmp_path / "secret")
    with pytest.raises(VaultError, match="TESTIGO_SERVICE_SECRET_FILE"):
        vault.organisation.index_key()
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET_FILE", str(tmp_path / "secret"))
    assert vault.organisation.index_key().public == vault.organisation.index_public


def test_certificates(vault):
    key = ec.generate_private_key(ec.SECP256R1())
    der = vault.organisation.issue_device_certificate(public_bytes(key), "branch-7")
    certificate = x509.load_der_x509_certificate(der)
    assert certificate.not_valid_before_utc.year == 2000
    assert certificate.not_valid_after_utc.year == 2099  # the last time that an appliance takes for its clock
    certificate.verify_directly_issued_by(vault.organisation.ca)
    assert vault.organisation.devices.admit(der) == "branch-7"
    # Provisioning that was cut is done again, with the device's same key.
    newer = vault.organisation.issue_device_certificate(public_bytes(key), "branch-7")
    with pytest.raises(Refused, match="present"):
        vault.organisation.devices.admit(der)
    assert vault.organisation.devices.admit(newer) == "branch-7"
    with pytest.raises(Refused, match="already"):
        vault.organisation.issue_device_certificate(public_bytes(ec.generate_private_key(ec.SECP256R1())), "branch-7")
    assert vault.organisation.devices.admit(newer) == "branch-7"
    (vault.folder / "devices" / "branch-7.json").write_text('{"device_id": ')
    with pytest.raises(VaultError, match="register"):
        vault.organisation.devices.admit(newer)
    (vault.folder / "devices" / "branch-7.json").unlink()
    vault.organisation.devices.add("branch-7", newer)
    vault.organisation.devices.revoke("branch-7", "lost")
    with pytest.raises(Refused, match="lost"):
        vault.organisation.devices.admit(newer)
    for name in ("../x", "", "a" * 33, "-x", "a/b"):
        with pytest.raises(Refused):
            vault.organisation.issue_device_certificate(public_bytes(key), name)
    with pytest.raises(Refused):
        vault.organisation.issue_device_certificate(bytes(65), "branch-8")


def test_stream_keys_wrapped_by_the_device_open(vault, audio_key):
    """Wrapped by testigo_wire's own HPKE, as a device does it."""
    shared, enc = p256.finish(hpke.encap_steps(HOST, vault.organisation.audio_public))
    base_key, name = bytes(range(32)), bytes(16)
    sealed = p256.finish(hpke.seal_base_steps(HOST, shared, recording.wrap_info(name, 1), b"", base_key))
    wrapped = [[keys.key_id(vault.organisation.audio_public), bytes(enc) + bytes(sealed)]]
    assert audio_key.find(1, name, wrapped) == base_key
    assert vault.index_key.find(1, name, wrapped) is None
