"""The appliance's identity: its P-256 key, its certificate, its CA and operator.

The private key is made on the device and never leaves it; it is stored as a SEC1 ECPrivateKey (RFC 5915), which mbedTLS
loads as it is. `device.txt` is written last: without it the device is not provisioned, whatever other files there are, and
with it no other provisioning is accepted (docs/formats/device-files.md).
"""

import tls

from recorder import files
from recorder.storage import primitives
from recorder.storage.primitives import steps
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.encoding import cbor

CHALLENGE_SIZES = (16, 64)
IDENTIFY = "testigo identify 1"
SEC1_HEAD = b"\x30\x77\x02\x01\x01\x04\x20"
SEC1_CURVE = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00"  # prime256v1, then the point


class IdentityError(Exception):
    """The device's own key is missing or damaged, or a challenge has the wrong size."""


class Identity:
    def __init__(self, hal, device):
        """device: the device's primitives."""
        self._hal = hal
        self._primitives = device
        self._folder = hal.root + "/identity/"
        self._making = False
        self.device_id = self.private = self.public = self.operator = None

    @property
    def provisioned(self):
        return self.device_id is not None

    def load(self):
        key = files.read(self._folder + "key.der")
        if key is not None:
            if len(key) != 121 or key[:7] != SEC1_HEAD or key[39:56] != SEC1_CURVE:
                raise IdentityError("identity/key.der is damaged")
            self.private = key[7:39]
            self.public = key[56:]
        device_id = files.read(self._folder + "device.txt")
        operator = files.read(self._folder + "operator.bin")
        if device_id and operator and self.private:
            self.device_id = device_id.decode()
            self.operator = operator

    def key_der(self):
        return files.read(self._folder + "key.der")

    def certificate_der(self):
        return files.read(self._folder + "cert.der")

    def ca_der(self):
        return files.read(self._folder + "ca.der")

    async def make_key(self):
        """Make the private key, unless there is one."""
        private = b""
        while not private or not p256.scalar(private):
            private = self._primitives.random(32)
        public = await steps(p256.public_steps(private))
        if self.private is None:
            files.replace(self._folder + "key.der", SEC1_HEAD + private + SEC1_CURVE + public)
            self.private = private
            self.public = public

    async def identify(self, challenge):
        """-> (public65, signature64) over SHA-256(CBOR(["testigo identify 1", challenge, public65])): proof of possession."""
        if not CHALLENGE_SIZES[0] <= len(challenge) <= CHALLENGE_SIZES[1]:
            raise IdentityError("a challenge has 16 to 64 bytes")
        if self.private is None:
            primitives.start(self._hal, challenge)
            await self.make_key()
        digest = self._primitives.sha256(cbor.encode([IDENTIFY, challenge, self.public]))
        return self.public, await steps(ecdsa.sign_steps(self._primitives, self.private, digest))

    async def provision(self, certificate, ca, operator, device_id):
        """Store certificate and CA (DER), and the operator's public key (uncompressed point) -> (ok, reason)."""
        if self.provisioned:
            return False, "provisioned already"
        if self.private is None:
            return False, "no key yet: identify first"
        if not 0 < len(device_id) <= 32 or "/" in device_id:
            return False, "device id: 1 to 32 characters"
        if certificate.find(self.public) < 0:
            return False, "the certificate is for another key"
        try:
            p256.decode_point(operator)
        except p256.PointError as exc:
            return False, "operator key: " + str(exc)
        try:
            context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
            context.load_cert_chain(certificate, self.key_der())
            context.load_verify_locations(ca)
        except (OSError, ValueError):
            return False, "the certificates cannot be read"
        files.replace(self._folder + "cert.der", certificate)
        files.replace(self._folder + "ca.der", ca)
        files.replace(self._folder + "operator.bin", operator)
        files.replace(self._folder + "device.txt", device_id.encode())
        self.operator = operator
        self.device_id = device_id
        return True, ""
