"""What the appliance makes is opened and verified by `cryptography`, and the other way round."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from testigo_vault.primitives import HOST, UnwrapError, load_private, open_base, public_bytes, sign, verify
from testigo_wire.crypto import ecdsa, gcm, hpke, p256
from testigo_wire.recording.items import wrap_info


def key_pair() -> tuple[ec.EllipticCurvePrivateKey, bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, key.private_numbers().private_value.to_bytes(32, "big"), public_bytes(key)


@pytest.mark.parametrize("_", range(8))
def test_public_keys_and_signatures(_):
    key, private, public = key_pair()
    assert p256.finish(p256.public_steps(private)) == public
    assert public_bytes(load_private(private)) == public
    digest = secrets.token_bytes(32)
    signature = p256.finish(ecdsa.sign_steps(HOST, private, digest))
    assert signature == sign(key, digest)
    assert verify(public, digest, signature)
    assert p256.finish(ecdsa.verify_steps(HOST, public, digest, signature))
    damaged = bytearray(signature)
    damaged[secrets.randbelow(64)] ^= 1 << secrets.randbelow(8)
    assert not verify(public, digest, bytes(damaged))
    assert not p256.finish(ecdsa.verify_steps(HOST, public, digest, bytes(damaged)))


def test_signature_of_another_length():
    key, _, public = key_pair()
    signature = sign(key, bytes(32))
    assert not verify(public, bytes(32), signature[:63])
    assert not verify(public, bytes(32), signature + b"\x00")


@pytest.mark.parametrize("stream", [0, 1])
def test_wrapped_keys_open(stream):
    key, _, public = key_pair()
    recording_id, base_key = secrets.token_bytes(16), secrets.token_bytes(32)
    info = wrap_info(recording_id, stream)
    secret, enc = p256.finish(hpke.encap_steps(HOST, public))
    wrapped = enc + p256.finish(hpke.seal_base_steps(HOST, secret, info, b"", base_key))
    assert len(wrapped) == 113
    assert open_base(key, info, wrapped) == base_key

    other_key, _, _ = key_pair()
    damaged = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for bad_key, bad_info, bad in (
        (key, wrap_info(recording_id, 1 - stream), wrapped),
        (key, wrap_info(bytes(16), stream), wrapped),
        (other_key, info, wrapped),
        (key, info, damaged),
        (key, info, b"\x04" + bytes(64) + wrapped[65:]),
        (key, info, wrapped[:64]),
    ):
        with pytest.raises(UnwrapError):
            open_base(bad_key, bad_info, bad)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32, 33, 100])
def test_gcm(length):
    key, nonce, aad = secrets.token_bytes(16), secrets.token_bytes(12), secrets.token_bytes(length // 2)
    plaintext = secrets.token_bytes(length)
    assert p256.finish(gcm.seal_steps(HOST, key, nonce, aad, plaintext)) == AESGCM(key).encrypt(nonce, plaintext, aad)
