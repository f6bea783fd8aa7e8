"""Makes the device's key and stores its provisioning. Loaded for that, and unloaded afterwards.

`device.txt` is written last: without it the device is not provisioned, whatever other files there are, and with it no other
provisioning is accepted (docs/formats/device-files.md), unless one of the files is damaged.
"""

import tls

from recorder import files
from recorder.storage import identity_files
from recorder.storage.identity import SEC1_CURVE, SEC1_HEAD, IdentityError
from recorder.storage.primitives import steps
from testigo_wire.crypto import p256


async def make_key(identity):
    """Make the private key. Raises IdentityError, OSError."""
    private = b""
    while not private or not p256.scalar(private):
        private = identity.primitives.random(32)
    public = await steps(p256.public_steps(private))
    if identity.private is None:
        path = identity.folder + "key.der"
        if files.size(path) >= 0:
            raise IdentityError(identity.damaged)
        files.make_folder(identity.folder[:-1])
        files.replace(path, SEC1_HEAD + private + SEC1_CURVE + public)
        identity.private = private
        identity.public = public


def refusal(identity, certificate, ca, operator, device_id):
    """Why it is not taken, or ""."""
    if identity.provisioned and not identity.damaged:
        return "provisioned already"
    if identity.private is None:
        return "no key yet: identify first"
    if not 0 < len(device_id) <= 32 or "/" in device_id:
        return "device id: 1 to 32 characters"
    if identity.operator and operator != identity.operator:
        return "this device belongs to another organisation: erase it first"
    if identity.provisioned and device_id != identity.device_id:
        return "this device is " + identity.device_id
    if certificate.find(identity.public) < 0:
        return "the certificate is for another key"
    try:
        p256.decode_point(operator)
    except p256.PointError as exc:
        return "operator key: " + str(exc)
    try:
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(certificate, identity.key_der())
        context.load_verify_locations(ca)
    except (OSError, ValueError):
        return "the certificates cannot be read"
    return ""


def store(identity, certificate, ca, operator, device_id):
    """Raises OSError."""
    folder = identity.folder
    files.remove(folder + identity_files.COPIES)  # those of older files must not come back
    identity.copied = False
    files.remove(folder + "device.txt")
    files.replace(folder + "cert.der", certificate)
    files.replace(folder + "ca.der", ca)
    files.replace(folder + "operator.bin", operator)
    files.replace(folder + "device.txt", device_id.encode())
    identity.operator = operator
    identity.device_id = device_id
    identity.claimed = True
    identity.damaged = ""
    try:
        identity_files.keep_copies(identity)
    except OSError:
        pass  # the next start writes them
