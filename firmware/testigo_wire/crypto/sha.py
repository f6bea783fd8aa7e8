"""HMAC (RFC 2104) and HKDF (RFC 5869) over the SHA-256 of the primitives."""


def pad_key(primitives, key):
    """-> (inner, outer): the two 64-byte blocks that HMAC hashes first; a key that is used often is padded once."""
    if len(key) > 64:
        key = primitives.sha256(key)
    key = bytes(key) + bytes(64 - len(key))
    return bytes([byte ^ 0x36 for byte in key]), bytes([byte ^ 0x5C for byte in key])


def hmac(primitives, key, message):
    """-> 32 bytes."""
    inner, outer = pad_key(primitives, key)
    return primitives.sha256(outer + primitives.sha256(inner + message))


def extract(primitives, salt, secret):
    """HKDF-Extract -> 32 bytes."""
    return hmac(primitives, salt, secret)


def expand(primitives, key, info, length):
    """HKDF-Expand -> `length` bytes, at most 8160."""
    out = block = b""
    count = 0
    while len(out) < length:
        count += 1
        block = hmac(primitives, key, block + info + bytes((count,)))
        out += block
    return out[:length]


def equal(left, right):
    """Compare in a time that does not depend on where they differ."""
    if len(left) != len(right):
        return False
    difference = 0
    for i in range(len(left)):
        difference |= left[i] ^ right[i]
    return difference == 0
