"""An organisation and its vault folder: keys, certificates, register of devices, documents for them.

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

The service secret lets the vault take in recordings and check the order of their events while nobody is there; it does
not open audio and does not certify devices. TESTIGO_SERVICE_SECRET_FILE may point to another place for it (another
disk, a credential of the service manager), so that a stolen backup of this folder opens nothing.
"""

import json
import os
import secrets
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from testigo_vault import config
from testigo_vault.documents.archive import DocumentFolder
from testigo_vault.errors import KeyLocked, NotFound, VaultError
from testigo_vault.files import write_file
from testigo_vault.identity import certificates, keys
from testigo_vault.identity.devices import Devices, check_device_id
from testigo_vault.policy.template import POLICY_TEMPLATE, SETTINGS_TEMPLATE
from testigo_vault.primitives import HOST, sign
from testigo_vault.printable import visible
from testigo_wire.policy import documents as wire_documents

SHORTEST_PASSPHRASE = 10

# What an interrupted start leaves behind; it holds nothing that anybody used.
_MADE_FIRST = {"organisation.part", "devices", "documents", "incoming", "copies", "policy.toml", "settings.toml"}


class Organisation:
    """The folder, opened. Public things are at hand; private keys are loaded when asked for."""

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
        self.documents = DocumentFolder(folder / "documents", self.operator_public)
        self._ca_key: ec.EllipticCurvePrivateKey | None = None
        self._operator_key: ec.EllipticCurvePrivateKey | None = None

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
            kind, version, body, self._sign_digest(wire_documents.digest(HOST, kind, version, body))
        )

    def documents_for(self, device_id: str) -> list[bytes]:
        """The signed documents a device should hold: its settings, the policy, the notices."""
        return self.documents.documents_for(device_id)

    def blobs_for(self, device_id: str) -> list[tuple[str, Path]]:
        """(name, path) of the notice audio that those documents name by digest."""
        return self.documents.blobs_for(device_id)

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

    def _sign_digest(self, digest32: bytes) -> bytes:
        if self._operator_key is None:
            self._operator_key = self._service_key("operator")
        return sign(self._operator_key, digest32)


def create(
    folder: Path, name: str, passphrase: str, audio_passphrase: str, progress: Callable[[str], None] = lambda text: None
) -> Organisation:
    """Make an organisation and an empty vault in `folder`, new or empty.

    The keys take their place in one step at the end, so a start that was interrupted may be repeated.
    """
    if (folder / config.FILE_NAME).exists():
        raise VaultError(f"{folder} already holds a vault.", "Choose another folder; keys are never overwritten.")
    try:
        others = {path.name for path in folder.iterdir()} - _MADE_FIRST if folder.exists() else set()
    except OSError as error:
        raise VaultError(f"{folder} cannot be a vault: {error.strerror}.", "Choose another folder.") from None
    if "organisation" in others:
        raise VaultError(
            f"{folder} holds the keys of an organisation, but no {config.FILE_NAME}.",
            "Restore that file from the backup, or choose another folder; keys are never overwritten.",
        )
    if others:
        raise VaultError(f"{folder} is not empty: it holds {min(others)}.", "Choose a folder for the vault alone.")
    for what, phrase in (("organisation's", passphrase), ("audio", audio_passphrase)):
        if len(phrase) < SHORTEST_PASSPHRASE:
            raise VaultError(
                f"The {what} passphrase is too short.", f"Use {SHORTEST_PASSPHRASE} characters or more, several words."
            )
    if passphrase == audio_passphrase:
        raise VaultError(
            "Both passphrases are the same.", "Who certifies appliances need not be able to listen: use two."
        )
    try:
        _fill(folder, name, passphrase, audio_passphrase, progress)
    except OSError as error:
        raise VaultError(
            f"The vault cannot be made in {folder}: {error.strerror}.", "Correct that, and run it again."
        ) from None
    return Organisation(folder)


def _fill(folder: Path, name: str, passphrase: str, audio_passphrase: str, progress: Callable[[str], None]) -> None:
    place = folder / "organisation.part"
    for made_folder in (folder, place, *(folder / sub for sub in ("devices", "documents", "incoming", "copies"))):
        made_folder.mkdir(parents=True, exist_ok=True)
        # The index holds telephone numbers and the documents SIP passwords: nothing in here is for others.
        made_folder.chmod(0o700)
    secret = secrets.token_urlsafe(32)
    write_file(place / "service.secret", secret.encode() + b"\n", 0o600)

    made: dict[str, ec.EllipticCurvePrivateKey] = {}
    for key_name, phrase in (
        ("ca", passphrase),
        ("audio", audio_passphrase),
        ("operator", secret),
        ("index", secret),
        ("server", secret),
    ):
        progress(f"making the {key_name} key")
        made[key_name] = ec.generate_private_key(ec.SECP256R1())
        keys.save_private_key(place / f"{key_name}.key", made[key_name], phrase)
        write_file(place / f"{key_name}.pub", keys.public_bytes(made[key_name].public_key()))
    ca = certificates.make_ca(name, made["ca"])
    write_file(place / "ca.crt", certificates.pem(ca))
    write_file(
        place / "server.crt", certificates.pem(certificates.make_server(ca, made["ca"], made["server"].public_key()))
    )
    one_line = visible(" ".join(name.split()))
    quoted = json.dumps(one_line, ensure_ascii=False)  # the same escapes as a TOML basic string has
    write_file(folder / "policy.toml", POLICY_TEMPLATE.format(controller=quoted).encode())
    write_file(folder / "settings.toml", SETTINGS_TEMPLATE.encode(), 0o600)
    place.rename(folder / "organisation")
    write_file(folder / config.FILE_NAME, config.TEMPLATE.format(name=one_line, quoted=quoted).encode())


def now_ms() -> int:
    return time.time_ns() // 1_000_000
