"""The appliance's identity: its P-256 key, its certificate, its CA and operator.

The private key is made on the device and never leaves it; it is stored as a SEC1 ECPrivateKey (RFC 5915), which mbedTLS
loads as it is. With a damaged key the appliance is a gateway that records nothing: its settings are still those that the
operator signed. Files are read by identity_files.py, and written by provisioning.py.
"""

from recorder import files
from recorder.loading import unload
from recorder.storage import primitives
from recorder.storage.primitives import steps
from testigo_wire.crypto import ecdsa
from testigo_wire.encoding import cbor

CHALLENGE_SIZES = (16, 64)
IDENTIFY = "testigo identify 1"
SEC1_HEAD = b"\x30\x77\x02\x01\x01\x04\x20"
SEC1_CURVE = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00"  # prime256v1, then the point


class IdentityError(Exception):
    """The device's own key cannot be read, or a challenge has the wrong size."""


class Identity:
    def __init__(self, hal, device):
        """device: the device's primitives."""
        self.hal = hal
        self.primitives = device
        self.folder = hal.root + "/identity/"
        self.device_id = self.private = self.public = self.operator = None
        self.claimed = False  # it was provisioned, whatever is damaged now
        self.damaged = ""  # which file is, and the way out
        self.restored = []  # names of files that were damaged and were written again from their copies
        self.copied = False  # whether the copies are there

    @property
    def provisioned(self):
        return self.device_id is not None and self.private is not None

    def load(self):
        """Read what there is. A damaged file is told in `damaged`; a damaged key is set aside, so that another can be made."""
        from recorder.storage import identity_files

        unload("recorder.storage.identity_files")
        identity_files.load(self)

    async def check_key(self):
        """Whether the private key and the public one belong together; if not, the key counts as damaged. Raises OSError.

        What is right is copied, if there is no copy of it yet.
        """
        from recorder.storage import identity_files

        unload("recorder.storage.identity_files")
        return await identity_files.check_key(self)

    def key_der(self):
        return files.read(self.folder + "key.der")

    def certificate_der(self):
        return files.read(self.folder + "cert.der")

    def ca_der(self):
        return files.read(self.folder + "ca.der")

    async def identify(self, challenge):
        """-> (public65, signature64) over SHA-256(CBOR(["testigo identify 1", challenge, public65])): proof of possession."""
        if not CHALLENGE_SIZES[0] <= len(challenge) <= CHALLENGE_SIZES[1]:
            raise IdentityError("a challenge has 16 to 64 bytes")
        if self.private is None:
            from recorder.storage import provisioning

            unload("recorder.storage.provisioning")
            primitives.start(self.hal, challenge)  # raises OSError: a device that cannot keep a seed gets no key
            await provisioning.make_key(self)
        digest = self.primitives.sha256(cbor.encode([IDENTIFY, challenge, self.public]))
        return self.public, await steps(ecdsa.sign_steps(self.primitives, self.private, digest))

    async def provision(self, certificate, ca, operator, device_id):
        """Store certificate and CA (DER), and the operator's public key (uncompressed point) -> (ok, reason)."""
        from recorder.storage import provisioning

        unload("recorder.storage.provisioning", "recorder.storage.identity_files")
        reason = provisioning.refusal(self, certificate, ca, operator, device_id)
        if reason:
            return False, reason
        provisioning.store(self, certificate, ca, operator, device_id)
        return True, ""
