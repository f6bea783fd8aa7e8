"""The register of appliances: one folder of small files, independent of the database.

    devices/<device_id>.json   {"device_id", "certificates": [{"serial", "der", "issued"}], "revoked", "reason"}

A certificate is valid only while it is in this register and its device is not revoked. So a certificate of another
organisation, one that was not registered, and that of a stolen appliance are all refused.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.files import write_file
from testigo_vault.identity.certificates import common_name, device_public
from testigo_vault.timestamps import now_text

_DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")


def check_device_id(device_id: str) -> str:
    """Device ids become file names and common names: letters, digits, dot, dash, underscore, at most 32."""
    if not _DEVICE_ID.match(device_id):
        raise Refused(
            f"{device_id!r} cannot be a device id.",
            "Use 1 to 32 letters, digits, dots, dashes or underscores, beginning with a letter or digit.",
        )
    return device_id


@dataclass
class Device:
    device_id: str
    certificates: list[bytes] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    revoked: str = ""
    reason: str = ""

    def publics(self) -> list[bytes]:
        """Every public key the device has had, newest first: old recordings are signed by old keys."""
        return [device_public(der) for der in reversed(self.certificates)]


class Devices:
    """The register in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def get(self, device_id: str) -> Device:
        path = self._path(device_id)
        try:
            return _read(path)
        except (ValueError, KeyError, TypeError) as error:
            raise VaultError(f"{path} is no entry of the register: {error!r}.", "Restore it from the backup.") from None
        except FileNotFoundError:
            known = ", ".join(self.names()) or "none"
            raise NotFound(f"No device {device_id} is registered (known: {known}).", "Provision it first.") from None

    def add(self, device_id: str, certificate_der: bytes) -> None:
        """Register a new certificate, also for a key that has one. An id belongs to one appliance for ever."""
        try:
            device = self.get(check_device_id(device_id))
        except NotFound:
            device = Device(device_id)
        if device.revoked:
            raise Refused(
                f"Device {device_id} was revoked on {device.revoked} ({device.reason}).",
                "Provision the appliance under a new device id.",
            )
        if device.certificates and device_public(device.certificates[-1]) != device_public(certificate_der):
            raise Refused(
                f"There is an appliance {device_id} already: a second one of that name would lock it out, and the numbers of "
                "its recordings would begin again.",
                "Give this appliance another name.",
            )
        device.certificates.append(certificate_der)
        device.issued.append(now_text())
        self._save(device)

    def revoke(self, device_id: str, reason: str) -> None:
        device = self.get(device_id)
        if not device.revoked:
            device.revoked = now_text()
            device.reason = reason
            self._save(device)

    def admit(self, certificate_der: bytes) -> str:
        """The device id of a connection with this certificate. Raises Refused with the reason."""
        certificate = x509.load_der_x509_certificate(certificate_der)
        device_id = common_name(certificate)
        fingerprint = hashlib.sha256(certificate_der).hexdigest()[:16]
        if not _DEVICE_ID.match(device_id):
            raise Refused(f"The certificate {fingerprint} names no device.")
        try:
            device = self.get(device_id)
        except NotFound:
            raise Refused(f"Device {device_id} (certificate {fingerprint}) is not in the register.") from None
        if device.revoked:
            raise Refused(f"Device {device_id} was revoked on {device.revoked}: {device.reason or 'no reason given'}.")
        if not device.certificates or device.certificates[-1] != certificate_der:
            raise Refused(f"The certificate {fingerprint} is not the present one of device {device_id}.")
        return device_id

    def _path(self, device_id: str) -> Path:
        return self.folder / (check_device_id(device_id) + ".json")

    def _save(self, device: Device) -> None:
        certificates = [
            {
                "serial": f"{x509.load_der_x509_certificate(der).serial_number:x}",
                "der": base64.b64encode(der).decode(),
                "issued": issued,
            }
            for der, issued in zip(device.certificates, device.issued, strict=True)
        ]
        data = {
            "device_id": device.device_id,
            "certificates": certificates,
            "revoked": device.revoked,
            "reason": device.reason,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_file(self._path(device.device_id), json.dumps(data, indent=1).encode() + b"\n")


def _read(path: Path) -> Device:
    data = json.loads(path.read_bytes())
    return Device(
        data["device_id"],
        [base64.b64decode(item["der"]) for item in data["certificates"]],
        [item["issued"] for item in data["certificates"]],
        data.get("revoked", ""),
        data.get("reason", ""),
    )
