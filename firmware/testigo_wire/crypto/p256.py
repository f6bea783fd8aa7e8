"""The curve P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3) in Jacobian coordinates, in steps that give way.

Every `*_steps` is a generator: it yields after some 60 modular multiplications (about 3 ms on a chip) and returns its
value. The sequence of additions and doublings does not depend on the scalar; the time of Python's integers does, so
this is not constant time (see the threat model): it is for a device that no stranger shares.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

_WINDOW = const(4)
_COLUMNS = const(86)
# a*G + b*(2**86)*G + c*(2**172)*G for abc = 001, 010, ... 111 (c the high bit): x || y of each.
_COMB = (
    b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
    b"\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
    b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
    b"\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"
    b"\x6e\xec\x95\x67\x0d\x54\x65\x0c\xc1\x4b\x66\xdd\x02\x43\x68\x93"
    b"\xff\xdc\x67\x94\x2d\x66\x68\x17\xfd\xc7\x3e\x83\xbf\x78\x0c\x2c"
    b"\x14\xbb\x53\x50\x99\x77\x32\xc2\xfc\x28\x1d\xe0\x65\xea\x01\x05"
    b"\x79\xab\x66\x15\x3a\x07\xff\x89\x08\x9e\xc1\xa1\xed\xbf\xcd\x32"
    b"\x13\xcc\xca\x34\x55\xfa\x62\x5c\xbf\x66\x4d\x2f\x09\x9c\x20\x2b"
    b"\x41\x0b\xec\x28\xca\x16\x70\x99\xae\xc9\x02\x64\x73\x18\x18\x8e"
    b"\x4b\x5b\xa5\xa5\xaf\x46\x89\x3d\xe9\x04\x46\xb1\xfb\x21\x6a\x5e"
    b"\x6b\x64\x75\x21\x6c\xdb\x0d\x71\xaa\x84\xc2\x31\x05\x42\x1c\x0c"
    b"\x45\xa5\x11\xc9\x7f\x60\x8b\xf7\x6d\xbc\x41\x89\xd9\x91\xec\xe6"
    b"\x18\xc4\x52\xb1\xb4\x2a\x62\x7f\x3c\xd5\xf4\xe4\xa9\xaa\x52\xdf"
    b"\x73\xbe\x0e\xc7\x73\xea\x9b\x6d\x3f\xe3\x33\x7f\xcb\x62\x5a\xd2"
    b"\x5a\x91\x9b\x27\xd2\x29\x55\xce\x7b\x52\xbd\x12\x12\x5e\xc1\x6c"
    b"\xdf\x6b\x47\x2f\xb5\x2a\xcd\x25\x19\x75\xb7\x1e\xcb\xe4\x90\xd2"
    b"\x71\xb9\xa7\xe5\xd4\xec\x25\x10\xc6\xe4\xb6\xd0\x01\x64\x76\xea"
    b"\xb4\x26\x39\xe1\xa8\x8f\xd5\x93\x3c\x9a\x13\x37\x1b\xb5\x11\x19"
    b"\xcc\xc7\xb0\xb3\xb8\x7d\x39\x9e\xf1\x73\x87\x16\x78\x40\x55\xeb"
    b"\x4f\xb6\xe5\x62\x41\xf4\x2b\xf6\xda\x24\xeb\x0b\x66\x4e\xc1\x9c"
    b"\x05\x44\xde\x81\xa9\x39\x44\x0a\x48\xd6\x37\x48\xb5\x6b\xc4\x51"
    b"\xa9\x23\x27\x76\x4d\x6d\x91\xd8\x6f\x95\xf5\xf2\xbc\xe2\xd4\x18"
    b"\xa4\x12\x39\x24\xd2\x5b\xd4\x1b\x21\xb2\xc8\x0e\x66\xbb\x5d\x6b"
    b"\x57\xa4\x62\x57\xa8\x6a\x91\x16\x0a\x89\x61\x32\x45\x9f\x70\xb4"
    b"\x03\xb7\xd5\x23\x8a\xfc\x69\x6a\x54\x6a\x08\xe7\xf1\x19\xb8\xcc"
    b"\x7c\x4b\x12\x7d\x66\x21\xec\x11\x1a\x3c\x56\x52\x43\x78\x50\xd6"
    b"\xf4\xe6\x1f\x40\x74\x79\x5c\x6d\xfa\xa5\x6f\xef\xbb\x31\x4c\x65"
)


class PointError(WireError):
    """Not the uncompressed encoding of a point on the curve."""


def finish(steps):
    """Run a generator to its end -> its value."""
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        return stop.value


def decode_point(public):
    """-> (x, y) of an uncompressed point (SEC 1, section 2.3.4): 65 bytes, 0x04 || x || y, on the curve."""
    if len(public) != 65 or public[0] != 4:
        raise PointError("not an uncompressed point")
    x = int.from_bytes(bytes(public[1:33]), "big")
    y = int.from_bytes(bytes(public[33:]), "big")
    if x >= P or y >= P or (y * y - (x * x - 3) * x - _B) % P:
        raise PointError("not on the curve")
    return x, y


def encode_point(point):
    """(x, y) -> 65 bytes."""
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def scalar(data):
    """-> int of 32 bytes, or 0 when they are no number in 1 .. N - 1."""
    value = int.from_bytes(bytes(data), "big")
    return value if len(data) == 32 and value < N else 0


def double(point):
    """2 * (X, Y, Z) on a curve with a = -3; Z = 0 is the point at infinity."""
    x, y, z = point
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    x = (alpha * alpha - 8 * beta) % P
    z = ((y + z) * (y + z) - gamma - delta) % P
    return x, (alpha * (4 * beta - x) - 8 * gamma * gamma) % P, z


def add(left, right):
    """The sum of two Jacobian points, whatever they are; cheaper when the right one has Z = 1."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1:
        return right
    if not z2:
        return left
    if z2 != 1:
        square = z2 * z2 % P
        x1 = x1 * square % P
        y1 = y1 * square * z2 % P
    square = z1 * z1 % P
    h = (x2 * square - x1) % P
    r = (y2 * square * z1 - y1) % P
    if not h:
        return (0, 1, 0) if r else double(left)
    z = z1 * z2 * h % P
    square = h * h % P
    v = x1 * square % P
    h = h * square % P
    x = (r * r - h - 2 * v) % P
    return x, (r * (v - x) - y1 * h) % P, z


def invert_steps(value, modulus):
    """-> value**-1 by Euclid's algorithm; the value must not be 0 modulo the modulus."""
    low, high = value % modulus, modulus
    s, t = 1, 0
    count = 0
    while low > 1:
        quotient = high // low
        low, high = high - quotient * low, low
        s, t = t - quotient * s, s
        count += 1
        if not count & 31:
            yield
    return s % modulus


def affine_steps(point):
    """-> (x, y), or None for the point at infinity."""
    x, y, z = point
    if not z:
        return None
    z = yield from invert_steps(z, P)
    square = z * z % P
    return x * square % P, y * square * z % P


def multiply_steps(k, point):
    """-> k * point as (x, y), 0 < k < N, or None for infinity; `point` is (x, y) on the curve."""
    return (yield from affine_steps((yield from jacobian_steps(k, point))))


def jacobian_steps(k, point):
    """-> k * point as (X, Y, Z), 0 < k < N: 64 windows of a signed odd digit each, so the pattern is always the same."""
    # An odd scalar has such digits; N is odd, so one of k and N - k will do.
    flip = not k & 1
    if flip:
        k = N - k
    x, y = point
    base = (x, y, 1)
    twice = double(base)
    table = [base]
    while len(table) < 1 << (_WINDOW - 1):
        table.append(add(twice, table[-1]))
    yield
    digits = bytearray(64)
    for i in range(63):
        digits[i] = k & 31
        k = (k - (k & 31) + 16) >> 4
    total = table[k >> 1]
    for i in range(62, -1, -1):
        yield
        for _ in range(_WINDOW):
            total = double(total)
        digit = digits[i] - 16
        x, y, z = table[abs(digit) >> 1]
        total = add(total, (x, y if digit > 0 else P - y, z))
    x, y, z = total
    return x, P - y if flip else y, z


def generator_steps(k):
    """-> k * G as (X, Y, Z), 0 <= k < N: a comb of three rows over 86 columns, an addition in each."""
    total = (0, 1, 0)
    for i in range(_COLUMNS - 1, -1, -1):
        total = double(total)
        digit = k >> i & 1 | (k >> (i + _COLUMNS) & 1) << 1 | (k >> (i + 2 * _COLUMNS) & 1) << 2
        at = ((digit or 1) - 1) * 64
        x = int.from_bytes(_COMB[at : at + 32], "big")
        y = int.from_bytes(_COMB[at + 32 : at + 64], "big")
        # Also computed, and dropped, for digit 0.
        total = (add(total, (x, y, 1)), total)[not digit]
        if not i & 1:
            yield
    return total


def public_steps(private):
    """-> 65 bytes: the public key of a private key of 32 bytes."""
    k = scalar(private)
    if not k:
        raise PointError("private key out of range")
    return encode_point((yield from affine_steps((yield from generator_steps(k)))))
