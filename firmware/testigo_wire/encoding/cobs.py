"""Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): a frame without a zero byte.

A zero byte then marks the end of a frame on the wire and nothing else, so that a receiver finds the next frame after
any damage. Both functions go from zero to zero with the interpreter's own search, not from byte to byte: encrypted bytes
hold few zeros.
"""

from testigo_wire.errors import WireError


class CobsError(WireError):
    """The bytes are no COBS frame."""


def encode(data: bytes, end: bytes = b"") -> bytes:
    """The stuffed form of `data`, one byte longer for each 254 bytes begun; then `end`, such as a delimiter."""
    out = []
    for block in data.split(b"\0"):
        while len(block) > 254:
            out.append(b"\xff")
            out.append(block[:254])
            block = block[254:]
        out.append(bytes((len(block) + 1,)))
        out.append(block)
        if len(block) == 254:
            # A full group implies no zero after it: the zero is the next, empty group.
            out.append(b"\x01")
    if len(block) == 254:
        out.pop()
    out.append(end)
    return b"".join(out)


def decode(data: bytes) -> bytes:
    """The bytes that `encode` was given. data: what stood between two delimiters; raises CobsError when it is cut off."""
    out = []
    at = 0
    end = len(data)
    while at < end:
        code = data[at]
        block = data[at + 1 : at + code]
        if len(block) != code - 1:
            raise CobsError("cobs")
        out.append(block)
        at += code
        if code != 255 and at < end:
            out.append(b"\0")
    return b"".join(out)
