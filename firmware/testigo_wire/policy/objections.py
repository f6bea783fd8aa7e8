"""The list of numbers that must not be recorded, as keyed digests (docs/formats/documents.md, `objections`).

    digest = HMAC-SHA-256(key, E.164 number with its `+`)[:8]

The list is a file beside its document: the digests of 8 bytes each, sorted for a binary search.
"""

from testigo_wire.compat import const
from testigo_wire.crypto import sha

WIDTH = const(8)
BLOB = "objections.list"


def digest(primitives, key, number):
    """The 8 bytes that stand for a number in E.164."""
    return sha.hmac(primitives, key, number.encode())[:WIDTH]


def blob(digests):
    """The list as a file."""
    return b"".join(sorted(set(digests)))


def contains(read, count, wanted):
    """Whether a digest is among `count` sorted ones. read(index) -> the 8 bytes at that place."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        found = bytes(read(middle))
        if found == wanted:
            return True
        if found < wanted:
            low = middle + 1
        else:
            high = middle
    return False
