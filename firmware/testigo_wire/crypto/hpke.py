"""HPKE base mode, the sender's side (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.

In two steps, so that the slow one can be done while the appliance is idle: `encap_steps`, then `seal_base_steps`.
"""

from testigo_wire.crypto import gcm, p256
from testigo_wire.crypto.sha import expand, extract

_KEM = b"KEM\x00\x10"
_SUITE = b"HPKE\x00\x10\x00\x01\x00\x01"


def _labeled_extract(primitives, suite, salt, label, secret):
    return extract(primitives, salt, b"HPKE-v1" + suite + label + secret)


def _labeled_expand(primitives, suite, key, label, info, length):
    return expand(primitives, key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def encap_steps(primitives, public):
    """Section 4.1 -> (shared_secret of 32 bytes, enc of 65) for the recipient's public key of 65 bytes."""
    point = p256.decode_point(public)
    secret = 0
    while not secret:
        private = primitives.random(32)
        secret = p256.scalar(private)
    enc = yield from p256.public_steps(private)
    shared = yield from p256.multiply_steps(secret, point)
    key = _labeled_extract(primitives, _KEM, b"", b"eae_prk", shared[0].to_bytes(32, "big"))
    return _labeled_expand(primitives, _KEM, key, b"shared_secret", enc + bytes(public), 32), enc


def schedule(primitives, shared_secret, info):
    """Section 5.1, base mode -> (key of 16 bytes, base nonce of 12)."""
    context = (
        b"\x00"
        + _labeled_extract(primitives, _SUITE, b"", b"psk_id_hash", b"")
        + _labeled_extract(primitives, _SUITE, b"", b"info_hash", info)
    )
    secret = _labeled_extract(primitives, _SUITE, shared_secret, b"secret", b"")
    return (
        _labeled_expand(primitives, _SUITE, secret, b"key", context, 16),
        _labeled_expand(primitives, _SUITE, secret, b"base_nonce", context, 12),
    )


def seal_base_steps(primitives, shared_secret, info, aad, plaintext):
    """Section 6.1 -> ciphertext || tag of the first and only message under this shared secret."""
    key, nonce = schedule(primitives, shared_secret, info)
    yield
    return (yield from gcm.seal_steps(primitives, key, nonce, aad, plaintext))
