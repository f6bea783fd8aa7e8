"""ECDSA over P-256 with SHA-256 (FIPS 186-5), deterministic (RFC 6979). Digests are 32 bytes, signatures r || s, 64."""

from testigo_wire.crypto import p256
from testigo_wire.crypto.sha import hmac


def _nonces(primitives, private, digest):
    """The candidates for k (RFC 6979, section 3.2)."""
    digest = (int.from_bytes(bytes(digest), "big") % p256.N).to_bytes(32, "big")
    value = b"\x01" * 32
    key = bytes(32)
    for step in (b"\x00", b"\x01"):
        key = hmac(primitives, key, value + step + private + digest)
        value = hmac(primitives, key, value)
    while True:
        value = hmac(primitives, key, value)
        k = p256.scalar(value)
        if k:
            yield k
        key = hmac(primitives, key, value + b"\x00")
        value = hmac(primitives, key, value)


def sign_steps(primitives, private, digest):
    """-> 64 bytes r || s by the private key of 32 bytes over a digest of 32 bytes."""
    secret = p256.scalar(private)
    if not secret or len(digest) != 32:
        raise p256.PointError("private key out of range")
    z = int.from_bytes(bytes(digest), "big")
    for k in _nonces(primitives, private, digest):
        point = yield from p256.affine_steps((yield from p256.generator_steps(k)))
        r = point[0] % p256.N
        # The time of Euclid's algorithm depends on its input: it gets k times a random number.
        blind = int.from_bytes(primitives.random(32), "big") % p256.N or 1
        inverse = yield from p256.invert_steps(k * blind, p256.N)
        s = inverse * blind * (z + r * secret) % p256.N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_steps(primitives, public, digest, signature):
    """-> bool: the signature is that of the public key (65 bytes) over the digest; raises PointError for a bad key."""
    point = p256.decode_point(public)
    r = p256.scalar(signature[:32])
    s = p256.scalar(signature[32:])
    if not r or not s or len(digest) != 32:
        return False
    inverse = yield from p256.invert_steps(s, p256.N)
    total = yield from p256.generator_steps(int.from_bytes(bytes(digest), "big") * inverse % p256.N)
    other = yield from p256.jacobian_steps(r * inverse % p256.N, point)
    x, _, z = p256.add(total, other)
    if not z:
        return False
    # x / z**2 = r, or r + N where that is still below P, without another inversion.
    square = z * z % p256.P
    return (r * square - x) % p256.P == 0 or (r + p256.N < p256.P and ((r + p256.N) * square - x) % p256.P == 0)
