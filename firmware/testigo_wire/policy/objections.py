"""The list of numbers that must not be recorded, as keyed digests (docs/formats/documents.md, `objections`).

    digest = HMAC-SHA-256(key, E.164 number with its `+`)[:8]

The list is a file beside its document: the digests of 8 bytes each, sorted for a binary search.
"""

from testigo_wire.compat import const
from testigo_wire.crypto import sha

WIDTH = const(8)
BLOB = "objections.list"
SHORT = const(64)  # entries


def digest(primitives, key, number):
    """The 8 bytes that stand for a number in E.164."""
    return sha.hmac(primitives, key, number.encode())[:WIDTH]


def blob(digests):
    """The list as a file."""
    return b"".join(sorted(set(digests)))


def contains(read, count, wanted):
    """Whether a digest is among `count` sorted ones. read(index) -> the 8 bytes at that place.

    Digests are spread evenly, so in a long list a look goes to where the wanted one should stand, or, when that did not halve
    the rest, to its middle. A look is a read of flash: some six of 16,384, where halving takes fourteen.
    """
    low, high = 0, count
    head = _head(wanted)
    below, above = 0, 1 << 24
    halve = False
    while low < high:
        size = high - low
        if halve or size < SHORT:
            middle = low + size // 2
        else:
            middle = low + size * (head - below) // (above - below)
        found = bytes(read(middle))
        if found == wanted:
            return True
        if found < wanted:
            low, below = middle + 1, _head(found)
        else:
            high, above = middle, _head(found) + 1
        halve = high - low > size // 2
    return False


def _head(digest):
    return int.from_bytes(digest[:3], "big")
