"""G.711 (ITU-T Rec. G.711) to 16-bit samples, one packet at a time, by `bytes.translate` tables."""

from array import array

from testigo_wire.rtp import g711

SILENCE = 0


def _tables(encoding: str) -> tuple[bytes, bytes]:
    """First and second byte of the sample of each code."""
    words = array("h", [g711.sample(encoding, code) for code in range(256)]).tobytes()
    return words[0::2], words[1::2]


_TABLES = {encoding: _tables(encoding) for encoding in ("PCMU", "PCMA")}


def decode(encoding: str, payload: bytes) -> bytes:
    """`payload` as 16-bit samples in the machine's byte order; KeyError for an encoding that is not G.711."""
    first, second = _TABLES[encoding]
    samples = bytearray(2 * len(payload))
    samples[0::2] = payload.translate(first)
    samples[1::2] = payload.translate(second)
    return bytes(samples)
