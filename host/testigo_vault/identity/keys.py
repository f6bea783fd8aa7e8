"""Private keys at rest and in use: PKCS#8 under a passphrase, and the opening of wrapped stream keys.

A private key file is an EncryptedPrivateKeyInfo (RFC 5958) with PBES2 (RFC 8018): scrypt (RFC 7914) and
AES-256-CBC. `openssl pkcs8 -in FILE` opens it, so that keys can be used without this program. The `cryptography` package reads
this form but writes only PBKDF2 with a low count; therefore the envelope is written here.

Stream keys are opened by HPKE base mode (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from testigo_vault.errors import KeyLocked, NotFound
from testigo_vault.files import write_file
from testigo_vault.primitives import open_base, public_bytes
from testigo_wire.recording.items import wrap_info

INDEX_STREAM = 0
AUDIO_STREAM = 1

# scrypt: 16 MiB and about 0.3 s, the most that the openssl command opens with its default memory limit.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 14, 8, 5

_OID_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_OID_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def key_id(point: bytes) -> bytes:
    """The 8 bytes by which a recording names the recipient of a stream key."""
    return hashlib.sha256(point).digest()[:8]


def save_private_key(path: Path, key: ec.EllipticCurvePrivateKey, passphrase: str) -> None:
    """Write `key` under `passphrase`, readable by its owner only."""
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    text = base64.encodebytes(_encrypt(plain, passphrase.encode())).decode().replace("\n", "")
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    pem = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END ENCRYPTED PRIVATE KEY-----\n"
    write_file(path, pem.encode(), 0o600)


def load_private_key(path: Path, passphrase: str, name: str) -> ec.EllipticCurvePrivateKey:
    """Read a private key; `name` is what the error calls it. Raises KeyLocked or NotFound."""
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"The {name} key is not at {path}.", "Restore it from the backup of the keys.") from None
    if not passphrase:
        raise KeyLocked(f"The {name} key is locked.", "Give its passphrase.")
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode())
    except ValueError:
        raise KeyLocked(f"The passphrase does not open the {name} key ({path}).", "Give the right one.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NotFound(f"{path} is not a P-256 key.", "Restore it from the backup of the keys.")
    return key


class StreamKeyOpener:
    """Opens the stream keys that a device wrapped to one recipient."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = public_bytes(private.public_key())
        self.key_id = key_id(self.public)

    def find(self, stream: int, recording_id: bytes, wrapped: list) -> bytes | None:
        """The 32-byte base key from a `keys` item's [[key_id, enc || ciphertext], ...]; None where this key is not among the
        recipients.

        Raises UnwrapError where the entry for this key does not open.
        """
        for recipient, key in wrapped:
            if recipient == self.key_id:
                return open_base(self._private, wrap_info(recording_id, stream), key)
        return None


def _encrypt(plain: bytes, password: bytes) -> bytes:
    salt, iv = os.urandom(16), os.urandom(16)
    key = hashlib.scrypt(password, salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, maxmem=1 << 26, dklen=32)
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padded) + encryptor.finalize()
    kdf = _sequence(
        _OID_SCRYPT,
        _sequence(_octets(salt), _integer(_SCRYPT_N), _integer(_SCRYPT_R), _integer(_SCRYPT_P)),
    )
    cipher = _sequence(_OID_AES_256_CBC, _octets(iv))
    return _sequence(_sequence(_OID_PBES2, _sequence(kdf, cipher)), _octets(encrypted))


def _der(tag: int, content: bytes) -> bytes:
    n = len(content)
    if n < 128:
        return bytes([tag, n]) + content
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
