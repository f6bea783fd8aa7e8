"""G.711 (ITU-T, as RFC 3551 sections 4.5.14 names it): PCMU and PCMA to and from 16-bit little-endian samples.

`sample` and `code` work on one value; `decode` and `encode` on whole payloads, through tables made when first needed.
"""

_tables: dict = {}


def sample(encoding, code):
    """The linear sample of one code."""
    if encoding == "PCMU":
        code = ~code & 0xFF
        value = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
        return -value if code & 0x80 else value
    code ^= 0x55
    value = (code & 15) << 4
    segment = code >> 4 & 7
    value = value + 8 if not segment else value + 0x108 << segment - 1
    return value if code & 0x80 else -value


def code(encoding, value):
    """The code of one linear sample."""
    if encoding == "PCMU":
        sign = 0
        if value < 0:
            sign = 0x80
            value = -value
        value = min(value, 32635) + 0x84
        segment = 7
        while segment and not value & 0x80 << segment:
            segment -= 1
        return ~(sign | segment << 4 | value >> segment + 3 & 15) & 0xFF
    sign = 0x80
    if value < 0:
        sign = 0
        value = ~value
    segment = 7
    while segment and not value & 0x80 << segment:
        segment -= 1
    return (sign | segment << 4 | value >> (segment + 3 if segment else 4) & 15) ^ 0x55


def silence(encoding):
    """The code of a sample of 0."""
    return code(encoding, 0)


def decode(encoding, payload):
    """A payload as samples, 16-bit little-endian."""
    table = _tables.get(encoding)
    if table is None:
        table = _tables[encoding] = [_pair(sample(encoding, i)) for i in range(256)]
    return b"".join([table[i] for i in payload])


def encode(encoding, samples):
    """Samples, 16-bit little-endian, as a payload."""
    out = bytearray(len(samples) // 2)
    for i in range(len(out)):
        value = samples[2 * i] | samples[2 * i + 1] << 8
        out[i] = code(encoding, value - 0x10000 if value & 0x8000 else value)
    return bytes(out)


def _pair(value):
    return bytes((value & 0xFF, value >> 8 & 0xFF))
