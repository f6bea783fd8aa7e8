"""ECDSA against RFC 6979, appendix A.2.5, and signatures that must not verify."""

from support.device import primitives as prims
from testigo_wire.crypto import ecdsa, p256

P = prims.PRIMITIVES
VECTORS = prims.vectors("ecdsa")
PRIVATE = bytes.fromhex(VECTORS["private"])
PUBLIC = bytes.fromhex(VECTORS["public"])


def verify(digest, signature, public=PUBLIC):
    return p256.finish(ecdsa.verify_steps(P, public, digest, signature))


def test_public_key():
    assert p256.finish(p256.public_steps(PRIVATE)) == PUBLIC


def test_rfc6979():
    for vector in VECTORS["signatures"]:
        digest = P.sha256(vector["message"].encode())
        signature = p256.finish(ecdsa.sign_steps(P, PRIVATE, digest))
        assert signature.hex() == vector["r"] + vector["s"]
        assert verify(digest, signature)


def test_refused_signatures():
    digest = P.sha256(b"sample")
    signature = p256.finish(ecdsa.sign_steps(P, PRIVATE, digest))
    r, s = signature[:32], signature[32:]
    order = p256.N.to_bytes(32, "big")
    zero = bytes(32)
    for bad in (
        zero + s,
        r + zero,
        order + s,
        r + order,
        b"\xff" * 64,
        s + r,
        signature[:63],
        signature + b"\x00",
        b"",
        zero + zero,
    ):
        assert not verify(digest, bad)
    assert not verify(P.sha256(b"Sample"), signature)
    assert not verify(digest[:31], signature)


def test_the_complement_of_s_verifies():
    # ECDSA is malleable: nothing of ours may take a signature for an identifier.
    digest = P.sha256(b"sample")
    signature = p256.finish(ecdsa.sign_steps(P, PRIVATE, digest))
    other = p256.N - int.from_bytes(signature[32:], "big")
    assert verify(digest, signature[:32] + other.to_bytes(32, "big"))


def test_sum_at_infinity_is_refused():
    # With r = -z / d, u1 * G + u2 * Q is the point at infinity for any s.
    digest = P.sha256(b"sample")
    z = int.from_bytes(digest, "big")
    secret = int.from_bytes(PRIVATE, "big")
    r = -z * p256.finish(p256.invert_steps(secret, p256.N)) % p256.N
    assert not verify(digest, r.to_bytes(32, "big") + (5).to_bytes(32, "big"))


def test_refused_keys():
    digest = P.sha256(b"sample")
    prims.raises(p256.PointError, verify, digest, bytes(64), b"\x04" + bytes(64))
    prims.raises(p256.PointError, p256.finish, ecdsa.sign_steps(P, bytes(32), digest))
