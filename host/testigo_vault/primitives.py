"""The host's primitives for testigo_wire (AES blocks, SHA-256, random bytes) and its public-key operations, by
`cryptography`."""

import hashlib
import os
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from testigo_wire.errors import WireError

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True)


class UnwrapError(WireError):
    """A wrapped key that this private key, recording and stream do not open."""


class _Aes:
    def __init__(self, key: bytes) -> None:
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()

    def encrypt(self, src: Any, dst: Any) -> None:
        """AES-ECB over whole blocks; `dst` may be `src`."""
        dst[:] = self._encryptor.update(src)


class _Host:
    """What testigo_wire takes as its `primitives` argument."""

    aes = _Aes
    counter_mode = None  # of testigo_wire
    new_sha256 = staticmethod(hashlib.sha256)
    random = staticmethod(os.urandom)

    @staticmethod
    def sha256(data: Any, more: Any = b"") -> bytes:
        """-> the digest of data, followed by `more`."""
        hashed = hashlib.sha256(data)
        hashed.update(more)
        return hashed.digest()

    @staticmethod
    def xor(dst: Any, dst_offset: int, src: Any, n: int) -> None:
        """dst[dst_offset + i] ^= src[i] for i below n."""
        end = dst_offset + n
        mixed = int.from_bytes(dst[dst_offset:end], "big") ^ int.from_bytes(src[:n], "big")
        dst[dst_offset:end] = mixed.to_bytes(n, "big")

    @staticmethod
    def counters(dst: Any, nonce: Any, first: int, blocks: int) -> None:
        """Block i of dst becomes the 12 bytes of nonce and first + i in 4 bytes, big-endian."""
        head = bytes(nonce)
        dst[: blocks * 16] = b"".join(head + i.to_bytes(4, "big") for i in range(first, first + blocks))


HOST = _Host()


def load_private(private: bytes) -> ec.EllipticCurvePrivateKey:
    """A private key of 32 bytes."""
    return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())


def public_bytes(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> bytes:
    """-> 65 bytes, uncompressed."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    """-> r || s, 64 bytes, deterministic (RFC 6979)."""
    r, s = utils.decode_dss_signature(key.sign(digest, _PREHASHED))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether r || s is the signature of the public key (65 bytes) over the digest; ValueError for a bad key."""
    if len(signature) != 64:
        return False
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, digest, _PREHASHED)
    except InvalidSignature:
        return False
    return True


def open_base(key: ec.EllipticCurvePrivateKey, info: bytes, wrapped: bytes) -> bytes:
    """HPKE base mode (RFC 9180), no aad -> the plaintext of enc || ciphertext; raises UnwrapError."""
    try:
        return SUITE.decrypt(wrapped, key, info)
    except (InvalidTag, ValueError) as error:
        raise UnwrapError("wrapped key does not open") from error
