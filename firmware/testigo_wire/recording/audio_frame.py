"""The plaintext of an audio frame: whole RTP packets of both legs with their arrival times (docs/formats/audio-frame.md).

A version byte and 4 bytes of time, then for each packet a head of 5 bytes: leg, delta_ms, length. The packets of a call are
written in the packet path, which cannot import (recorder/media/fast_path.py; a test holds it equal); `put` is for all other
sources. Reading is in audio_frame_reader.py, which an appliance has no use for.
"""

from testigo_wire.compat import const

NEAR = const(0)
FAR = const(1)
HEAD = const(5)
PACKET_HEAD = const(5)
VERSION = const(1)


def begin(buffer, at, ms):
    """Write the frame's head; ms: since opened_ms, of the first packet -> where the first packet's head goes."""
    buffer[at] = VERSION
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
