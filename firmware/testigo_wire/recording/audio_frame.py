"""The plaintext of an audio frame: whole RTP packets of both legs with their arrival times (docs/formats/audio-frame.md).

A version byte and 4 bytes of time, then for each packet a head of 5 bytes: leg, delta_ms, length. The appliance writes
heads in its packet path (recorder/media/fast_path.py); `begin` and `put` are the same in plain Python, for sources without one.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

NEAR = const(0)
FAR = const(1)
HEAD = const(5)
PACKET_HEAD = const(5)
_VERSION = const(1)
_MIN_RTP = const(12)


class AudioFrameError(WireError):
    """Not the plaintext of an audio frame."""


def begin(buffer, at, ms):
    """Write the frame's head; ms: since opened_ms, of the first packet -> where the first packet's head goes."""
    buffer[at] = _VERSION
    buffer[at + 1] = ms >> 24 & 255
    buffer[at + 2] = ms >> 16 & 255
    buffer[at + 3] = ms >> 8 & 255
    buffer[at + 4] = ms & 255
    return at + HEAD


def put(buffer, at, leg, delta_ms, packet):
    """Write a packet, delta_ms (below 65536) after the first -> where the next one goes."""
    length = len(packet)
    buffer[at] = leg
    buffer[at + 1] = delta_ms >> 8
    buffer[at + 2] = delta_ms & 255
    buffer[at + 3] = length >> 8
    buffer[at + 4] = length & 255
    at += PACKET_HEAD
    buffer[at : at + length] = packet
    return at + length


def parse(plaintext):
    """-> [(leg, ms since opened_ms, RTP packet bytes), ...] in order of arrival."""
    if len(plaintext) < HEAD or plaintext[0] != _VERSION:
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
