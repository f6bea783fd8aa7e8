"""HMAC against RFC 4231 and HKDF against RFC 5869, appendix A."""

from support.device import primitives as prims
from testigo_wire.crypto import sha

P = prims.PRIMITIVES


def test_hmac_rfc4231():
    for key, message, mac in (
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ):
        assert sha.hmac(P, key, message).hex() == mac


def test_hkdf_rfc5869():
    key = sha.extract(P, bytes(range(13)), b"\x0b" * 22)
    assert key.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    out = sha.expand(P, key, bytes(range(0xF0, 0xFA)), 42)
    assert out.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")


def test_equal():
    assert sha.equal(b"abc", bytearray(b"abc"))
    assert not sha.equal(b"abc", b"abd")
    assert not sha.equal(b"abc", b"ab")
