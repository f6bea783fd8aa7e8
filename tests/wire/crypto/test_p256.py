"""P-256: the group's special cases, and the encoding of points."""

from support.device import primitives as prims
from testigo_wire.crypto import p256

G = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def of(k):
    return k.to_bytes(32, "big")


def test_small_and_large_scalars():
    # 2 * G, from SP 800-186's curve by any other implementation; N - 1 gives the negative of G.
    twice = p256.finish(p256.public_steps(of(2)))
    assert twice[1:33].hex() == "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
    assert p256.finish(p256.public_steps(of(1))) == G
    negative = p256.finish(p256.public_steps(of(p256.N - 1)))
    assert negative[:33] == G[:33]
    assert int.from_bytes(negative[33:], "big") + int.from_bytes(G[33:], "big") == p256.P


def test_window_and_comb_agree():
    point = p256.decode_point(G)
    for k in (1, 2, 3, 15, 16, 17, 31, 2**86, 2**86 - 1, 2**172 + 1, 2**252, 2**255, p256.N // 2, p256.N - 2):
        by_comb = p256.finish(p256.public_steps(of(k)))
        assert p256.encode_point(p256.finish(p256.multiply_steps(k, point))) == by_comb, k


def test_addition_at_the_corners():
    x, y = p256.decode_point(G)
    point = (x, y, 1)
    infinity = (0, 1, 0)
    assert p256.add(infinity, point) == point
    assert p256.add(point, infinity) == point
    assert p256.add(point, (x, p256.P - y, 1))[2] == 0
    doubled = p256.finish(p256.affine_steps(p256.add(point, point)))
    assert doubled == p256.finish(p256.affine_steps(p256.double(point)))
    assert p256.double(infinity)[2] == 0
    assert p256.finish(p256.affine_steps(infinity)) is None


def test_refused_points():
    assert p256.decode_point(G)
    flipped = bytearray(G)
    flipped[40] ^= 1
    too_large = b"\x04" + p256.P.to_bytes(32, "big") + G[33:]
    for bad in (b"", b"\x00", G[:64], G + b"\x00", b"\x02" + G[1:33], b"\x03" + G[1:], bytes(flipped), too_large):
        prims.raises(p256.PointError, p256.decode_point, bad)


def test_refused_private_keys():
    for k in (bytes(32), of(p256.N), of(p256.N + 1), b"\xff" * 32, b"\x01"):
        prims.raises(p256.PointError, p256.finish, p256.public_steps(k))


def test_inverse():
    for value in (1, 2, 3, p256.N - 1, 2**255):
        assert value * p256.finish(p256.invert_steps(value, p256.N)) % p256.N == 1


def test_it_yields_every_few_milliseconds():
    steps = p256.public_steps(of(7))
    count = 0
    try:
        while True:
            next(steps)
            count += 1
    except StopIteration as stop:
        assert len(stop.value) == 65
    assert count >= 40
