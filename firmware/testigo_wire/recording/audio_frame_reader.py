"""Reads the plaintext of an audio frame, which audio_frame.py lays out (docs/formats/audio-frame.md)."""

from testigo_wire.compat import const
from testigo_wire.errors import WireError
from testigo_wire.recording.audio_frame import FAR, HEAD, PACKET_HEAD, VERSION

_MIN_RTP = const(12)


class AudioFrameError(WireError):
    """Not the plaintext of an audio frame."""


def parse(plaintext):
    """-> [(leg, ms since opened_ms, RTP packet bytes), ...] in order of arrival."""
    if len(plaintext) < HEAD or plaintext[0] != VERSION:
        raise AudioFrameError("version or head")
    first = int.from_bytes(bytes(plaintext[1:5]), "big")
    at = HEAD
    packets = []
    last = 0
    while at < len(plaintext):
        start = at + PACKET_HEAD
        if start > len(plaintext):
            raise AudioFrameError("packet head cut short at %d" % at)
        leg = plaintext[at]
        delta = plaintext[at + 1] << 8 | plaintext[at + 2]
        end = start + (plaintext[at + 3] << 8 | plaintext[at + 4])
        if leg > FAR or delta < last or end - start < _MIN_RTP:
            raise AudioFrameError("packet head at %d" % at)
        if end > len(plaintext):
            raise AudioFrameError("packet cut short at %d" % at)
        if plaintext[start] >> 6 != 2:
            raise AudioFrameError("no RTP packet at %d" % at)
        packets.append((leg, first + delta, bytes(plaintext[start:end])))
        last = delta
        at = end
    if not packets:
        raise AudioFrameError("no packet")
    return packets
