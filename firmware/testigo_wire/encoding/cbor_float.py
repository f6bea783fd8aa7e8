"""CBOR floats (RFC 8949, section 4.2.2): the shortest of half, single and double that keeps the value.

Loaded only when there is a float: no format of the project has one, but a decoder must recognise them.
"""

import struct


def _half(bits):
    """-> the two bytes of the half-precision float equal to these single-precision bits, or None (appendix D)."""
    sign = bits >> 16 & 0x8000
    exponent = (bits >> 23 & 0xFF) - 127
    fraction = bits & 0x7FFFFF
    if not bits & 0x7FFFFFFF:
        half = 0
    elif exponent == 128:
        half = 0x7C00
    elif -15 < exponent < 16 and not fraction & 0x1FFF:
        half = (exponent + 15) << 10 | fraction >> 13
    elif -25 < exponent < -14 and not (fraction | 0x800000) & ((1 << (-1 - exponent)) - 1):
        half = (fraction | 0x800000) >> (-1 - exponent)
    else:
        return None
    return (sign | half).to_bytes(2, "big")


def encode(value):
    """-> bytes: head and float."""
    if value != value:
        return b"\xf9\x7e\x00"
    double = struct.pack(">d", value)
    try:
        single = struct.pack(">f", value)
    except OverflowError:
        return b"\xfb" + double
    if struct.unpack(">f", single)[0] != value:
        return b"\xfb" + double
    half = _half(int.from_bytes(single, "big"))
    return b"\xfa" + single if half is None else b"\xf9" + half


def decode(item):
    """-> float: `item` is the head and 2, 4 or 8 bytes."""
    if len(item) == 3:
        bits = item[1] << 8 | item[2]
        exponent = bits >> 10 & 31
        fraction = bits & 0x3FF
        if exponent == 31:
            value = float("nan") if fraction else float("inf")
        elif exponent:
            value = (fraction + 1024) * 2.0 ** (exponent - 25)
        else:
            value = fraction * 2.0**-24
        return -value if bits & 0x8000 else value
    return struct.unpack(">f" if len(item) == 5 else ">d", item[1:])[0]
