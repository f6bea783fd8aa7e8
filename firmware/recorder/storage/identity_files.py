"""Reads the files of the identity at the start, whatever is in them. Loaded for that, and unloaded afterwards.

What a damaged file means: without a key, a name or the operator's key the device is not provisioned; without certificate or
CA it does not reach its vault. The rest is used. `damaged` says which file it is, and testigo provision mends it.

The second copies of all five (`copies.bin`: the SHA-256 of what follows it, then a CBOR array of them) are written when the
key was checked, so that a bit that changes on the flash ends none of this.
"""

from recorder import files
from recorder.storage.identity import SEC1_CURVE, SEC1_HEAD
from recorder.storage.primitives import steps
from testigo_wire.crypto import p256
from testigo_wire.encoding import cbor

COPIES = "copies.bin"
NAMES = ("key.der", "cert.der", "ca.der", "operator.bin", "device.txt")


def load(identity):
    folder = identity.folder
    _restore(identity)
    _load_key(identity)
    identity.claimed = files.size(folder + "device.txt") >= 0
    if not identity.claimed:
        return
    certificate = identity.certificate_der()
    for name, data in (("cert.der", certificate), ("ca.der", identity.ca_der())):
        if not _is_der(data):
            _damage(identity, name)
    operator = files.read(folder + "operator.bin")
    if operator and len(operator) == 65 and operator[0] == 4:
        identity.operator = operator
    else:
        _damage(identity, "operator.bin")
    if identity.public is None:
        identity.damaged = identity.damaged or _lost_key()
    elif _is_der(certificate) and certificate.find(identity.public) < 0:
        identity.damaged = _lost_key()  # the damaged key was replaced, and the new one is not certified yet
    elif identity.operator:
        _load_name(identity)


def _restore(identity):
    """Writes files that are not what they were at provisioning again, from their copies."""
    folder = identity.folder
    data = files.read(folder + COPIES) or b""
    if identity.primitives.sha256(data[32:]) != data[:32] or files.size(folder + "device.txt") < 0:
        return  # damaged itself; or not provisioned
    identity.copied = True
    for name, kept in zip(NAMES, cbor.decode(data[32:])):
        if files.read(folder + name) != kept:
            try:
                files.replace(folder + name, kept)
                identity.restored.append(name)
            except OSError:
                pass  # what a damaged file means, it means


async def check_key(identity):
    """As Identity.check_key."""
    public = identity.public
    right = (
        public is None or await steps(p256.public_steps(identity.private)) == public or identity.public is not public
    )
    if not right:
        lose_key(identity)
    elif identity.provisioned and not identity.copied and not identity.damaged:
        keep_copies(identity)
    return right


def keep_copies(identity):
    """Write the copies of what was found to be right. Raises OSError."""
    data = cbor.encode([files.read(identity.folder + name) for name in NAMES])
    files.replace(identity.folder + COPIES, identity.primitives.sha256(data) + data)
    identity.copied = True


def lose_key(identity):
    """The key is damaged: set it aside, so that another one can be made. The old name belongs to the old key."""
    identity.private = identity.public = identity.device_id = None
    identity.damaged = _lost_key()
    files.set_aside(identity.folder + "key.der")


def _lost_key():
    return "identity/key.der is damaged: run testigo provision again, with a new device id"


def _load_key(identity):
    path = identity.folder + "key.der"
    key = files.read(path)
    if key is None:
        if files.size(path) >= 0:
            identity.damaged = (
                "identity/key.der cannot be read: restart the device; if it stays so, erase it and provision it again"
            )
    elif len(key) == 121 and key[:7] == SEC1_HEAD and key[39:56] == SEC1_CURVE:
        identity.private = key[7:39]
        identity.public = key[56:]
    else:
        lose_key(identity)


def _load_name(identity):
    try:
        name = (files.read(identity.folder + "device.txt") or b"").decode()
    except UnicodeError:
        name = ""
    if 0 < len(name) <= 32 and "/" not in name:
        identity.device_id = name
    else:
        _damage(identity, "device.txt")


def _damage(identity, name):
    identity.damaged = identity.damaged or "identity/" + name + " is damaged: run testigo provision again"


def _is_der(data):
    """Whether it is one DER SEQUENCE with a length of two bytes, as every certificate is (X.690 section 8.1)."""
    return data is not None and data[:2] == b"\x30\x82" and len(data) == 4 + (data[2] << 8 | data[3])
