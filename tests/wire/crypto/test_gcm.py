"""AES-128-GCM against the test cases of its authors (McGrew and Viega, appendix B; cited by SP 800-38D)."""

from support.device import primitives as prims
from testigo_wire.crypto import gcm, p256

P = prims.PRIMITIVES
KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
PLAINTEXT = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
CIPHERTEXT = bytes.fromhex(
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
)


def test_case_1():
    assert p256.finish(gcm.seal_steps(P, bytes(16), bytes(12), b"", b"")).hex() == "58e2fccefa7e3061367f1d57a4e7455a"


def test_case_2():
    sealed = p256.finish(gcm.seal_steps(P, bytes(16), bytes(12), b"", bytes(16)))
    assert sealed.hex() == "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"


def test_case_3():
    sealed = p256.finish(gcm.seal_steps(P, KEY, NONCE, b"", PLAINTEXT))
    assert sealed == CIPHERTEXT + bytes.fromhex("4d5c2af327cd64a62cf35abd2ba6fab4")


def test_case_4():
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = p256.finish(gcm.seal_steps(P, KEY, NONCE, aad, PLAINTEXT[:60]))
    assert sealed == CIPHERTEXT[:60] + bytes.fromhex("5bc94fbc3221a5db94fae95ae7121a47")
