"""Reads the files of the identity at the start, whatever is in them. Loaded for that, and unloaded afterwards.

What a damaged file means: without a key, a name or the operator's key the device is not provisioned; without certificate or
CA it does not reach its vault. The rest is used. `damaged` says which file it is, and testigo provision mends it.
"""

from recorder import files
from recorder.storage.identity import SEC1_CURVE, SEC1_HEAD


def load(identity):
    folder = identity.folder
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
