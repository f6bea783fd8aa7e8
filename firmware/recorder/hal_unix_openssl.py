"""SHA-256 and AES in counter mode by OpenSSL, which uses the processor's instructions for both.

MicroPython's own SHA-256 takes four times as long, and was more than half of what recording costs. Importing this module
raises OSError or ImportError where there is no OpenSSL, or where it does not compute what MicroPython's modules do.
"""

import hashlib

import cryptolib
import ffi

LIBRARIES = ("libcrypto.so.3", "libcrypto.so.1.1")
CONTEXT_SIZE = 256  # SHA256_CTX has 112 bytes


def _library():
    for name in LIBRARIES:
        try:
            return ffi.open(name)
        except OSError:
            pass
    raise ImportError("no OpenSSL")


_openssl = _library()
_sha256_init = _openssl.func("i", "SHA256_Init", "P")
_sha256_update = _openssl.func("i", "SHA256_Update", "PPL")
_sha256_final = _openssl.func("i", "SHA256_Final", "PP")
_encrypt_init = _openssl.func("i", "EVP_EncryptInit_ex", "PPPPP")
_encrypt_update = _openssl.func("i", "EVP_EncryptUpdate", "PPPPi")
_hash = bytearray(CONTEXT_SIZE)
_digest = bytearray(32)
# One for all keys, which it takes anew for each frame: nothing has to be released when a call ends.
_cipher = _openssl.func("P", "EVP_CIPHER_CTX_new", "")()
_counter = bytearray(16)
_length = bytearray(4)
_encrypt_init(_cipher, _openssl.func("P", "EVP_aes_128_ctr", "")(), None, None, None)


def use(primitives):
    """primitives: of recorder/storage/primitives.py; they use OpenSSL from now on."""
    primitives.sha256 = sha256
    primitives.counter_mode = counter_mode


def sha256(data, more=None):
    """-> the digest of data, followed by `more`. Both are bytes-like."""
    _sha256_init(_hash)
    _sha256_update(_hash, data, len(data))
    if more is not None:
        _sha256_update(_hash, more, len(more))
    _sha256_final(_digest, _hash)
    return bytes(_digest)


def counter_mode(key, nonce, data):
    """Encrypt or decrypt `data`, a memoryview, in place. key: 16 bytes; nonce: 12, and the counter begins at 0."""
    _counter[:12] = nonce
    _encrypt_init(_cipher, None, None, key, _counter)
    _encrypt_update(_cipher, data, _length, data, len(data))


def _check():
    probe = bytes(range(200))
    if sha256(probe, probe[:7]) != hashlib.sha256(probe + probe[:7]).digest():
        raise ImportError("OpenSSL computes another SHA-256")
    stream = b"".join(probe[:12] + bytes((0, 0, 0, i)) for i in range(3))
    data = bytearray(40)
    counter_mode(probe[:16], probe[:12], memoryview(data))
    if data != cryptolib.aes(probe[:16], 1).encrypt(stream)[:40]:
        raise ImportError("OpenSSL computes another AES")


_check()
