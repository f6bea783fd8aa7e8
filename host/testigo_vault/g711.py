"""G.711 (ITU-T Rec. G.711) to 16-bit samples, one packet at a time, by `bytes.translate` tables."""

from array import array

SILENCE = 0


def _ulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def _alaw(code: int) -> int:
    code ^= 0x55
    segment = (code & 0x70) >> 4
    value = ((code & 0x0F) << 4) + 8
    if segment:
        value = (value + 0x100) << (segment - 1)
    return value if code & 0x80 else -value


def _tables(decode) -> tuple[bytes, bytes]:
    words = array("h", [decode(code) for code in range(256)]).tobytes()
    return words[0::2], words[1::2]


_TABLES = {"PCMU": _tables(_ulaw), "PCMA": _tables(_alaw)}


def decode(encoding: str, payload: bytes) -> bytes:
    """`payload` as 16-bit samples in the machine's byte order; KeyError for an encoding that is not G.711."""
    first, second = _TABLES[encoding]
    samples = bytearray(2 * len(payload))
    samples[0::2] = payload.translate(first)
    samples[1::2] = payload.translate(second)
    return bytes(samples)
