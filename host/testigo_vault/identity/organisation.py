"""An organisation and its vault folder: settings, keys, certificates, register of appliances.

    vault.toml            settings
    organisation/         ca.crt, server.crt, *.pub (65-byte points), and the private keys (PKCS#8, encrypted):
        ca.key            certifies appliances               under the organisation's passphrase
        audio.key         opens audio                        under the audio passphrase, known to few
        operator.key      signs documents and receipts       under the service secret
        index.key         opens the index stream             under the service secret
        server.key        the vault's TLS identity           under the service secret
        service.secret    the service secret (mode 0600): the running vault reads it unattended
    devices/              register of appliances
    documents/            signed documents and notice audio, as sent to appliances
    copies/, incoming/    recordings, whole and arriving

With the service secret the running vault receives recordings and checks the order of their events without an operator; the
secret does not open audio and does not certify devices. TESTIGO_SERVICE_SECRET_FILE may name another place for it (another
disk, a credential of the service manager), so that a stolen backup of this folder opens nothing.

testigo_vault.new_vault makes the folder.
"""

import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from testigo_vault import config
from testigo_vault.errors import KeyLocked, NotFound, VaultError
from testigo_vault.identity import certificates, keys
from testigo_vault.identity.devices import Devices, check_device_id
from testigo_vault.primitives import HOST, sign
from testigo_wire.policy import documents as wire_documents


class Organisation:
    """An opened vault folder: public keys and certificates are loaded, private keys when they are needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = config.load(folder)
        self.name = self.config.name
        self._keys = folder / "organisation"
        try:
            self.ca = x509.load_pem_x509_certificate((self._keys / "ca.crt").read_bytes())
            self.operator_public = (self._keys / "operator.pub").read_bytes()
            self.index_public = (self._keys / "index.pub").read_bytes()
            self.audio_public = (self._keys / "audio.pub").read_bytes()
        except FileNotFoundError as error:
            raise VaultError(f"The vault {folder} lacks {error.filename}.", "Restore it from the backup.") from None
        except (OSError, ValueError) as error:
            raise VaultError(
                f"The keys in {self._keys} cannot be read: {error}.",
                "Run this as the vault's user, or restore them from the backup.",
            ) from None
        self.ca_der = certificates.der(self.ca)
        self.devices = Devices(folder / "devices")
        self._ca_key: ec.EllipticCurvePrivateKey | None = None
        self._operator_key: ec.EllipticCurvePrivateKey | None = None
        self._log_key: bytes | None = None

    # Keys

    def unlock(self, passphrase: str) -> None:
        """Open the CA key, so that devices can be certified."""
        self._ca_key = keys.load_private_key(self._keys / "ca.key", passphrase, "organisation")

    def index_key(self) -> keys.StreamKeyOpener:
        return keys.StreamKeyOpener(self._service_key("index"))

    def audio_key(self, passphrase: str) -> keys.StreamKeyOpener:
        """The key that opens audio. Whoever calls this writes the access log first."""
        return keys.StreamKeyOpener(keys.load_private_key(self._keys / "audio.key", passphrase, "audio"))

    def recipients(self) -> list[list]:
        """[[stream, key_id, public65], ...]: for whom appliances wrap stream keys."""
        return [
            [keys.INDEX_STREAM, keys.key_id(self.index_public), self.index_public],
            [keys.AUDIO_STREAM, keys.key_id(self.audio_public), self.audio_public],
        ]

    # Devices

    def issue_device_certificate(self, public65: bytes, device_id: str) -> bytes:
        """Certify a device's public key and register it; the certificate in DER. `unlock` comes first."""
        if self._ca_key is None:
            raise KeyLocked("The organisation's key is locked.", "Give the organisation's passphrase.")
        certificate = certificates.make_device(self.ca, self._ca_key, public65, check_device_id(device_id))
        certificate_der = certificates.der(certificate)
        self.devices.add(device_id, certificate_der)
        return certificate_der

    def server_context(self) -> ssl.SSLContext:
        """TLS of the ingest: this vault's certificate, and a certificate of this CA asked from every appliance."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self._keys / "server.crt", self._keys / "server.key", self.service_secret)
        except (OSError, ssl.SSLError) as error:
            raise KeyLocked(
                f"The service secret does not open {self._keys / 'server.key'} ({error.args[-1]}).",
                "Restore both from one backup of the keys.",
            ) from None
        context.load_verify_locations(cadata=self.ca_der)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    # Documents

    def operator_sign(self, kind: str, version: int, body: list) -> bytes:
        """A signed document, ready for a device."""
        return wire_documents.encode(
            kind, version, body, self.operator_sign_digest(wire_documents.digest(HOST, kind, version, body))
        )

    def log_key(self) -> bytes | None:
        """32 bytes that only the running vault has, for the codes of the access log's checkpoints; None where this user or
        machine does not have the service secret."""
        if self._log_key is None:
            try:
                private = self._service_key("operator").private_numbers().private_value.to_bytes(32, "big")
            except VaultError:
                return None
            self._log_key = HKDF(hashes.SHA256(), 32, None, b"testigo access log checkpoint 1").derive(private)
        return self._log_key

    def service_secret(self) -> str:
        path = Path(os.environ.get("TESTIGO_SERVICE_SECRET_FILE") or self._keys / "service.secret")
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            raise NotFound(
                f"The service secret is not at {path}.", "Set TESTIGO_SERVICE_SECRET_FILE to the file that holds it."
            ) from None
        except PermissionError:
            raise KeyLocked(f"This user may not read {path}.", "Run the command as the user of the vault.") from None

    def _service_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        return keys.load_private_key(self._keys / f"{name}.key", self.service_secret(), name)

    def operator_sign_digest(self, digest32: bytes) -> bytes:
        """The operator's signature, r || s."""
        if self._operator_key is None:
            self._operator_key = self._service_key("operator")
        return sign(self._operator_key, digest32)
