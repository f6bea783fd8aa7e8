"""The self-test: a recording of a synthetic source through frame, seal and spool, and the cost of each step.

A technician runs it first; it needs neither codec nor network. The source is
the 1000 Hz tone of G.711 (tables 5 and 6), or a file of the folder `test`: a WAV in
G.711 at 8 kHz, or bare PCMU.  The recording is marked as a test and is synced like any other.
"""

import asyncio
import gc
import time

from recorder.storage.primitives import steps
from recorder.storage.spool import SpoolError
from testigo_wire.crypto import hpke
from testigo_wire.crypto.sframe import Sealer
from testigo_wire.recording import audio_frame
from testigo_wire.recording.items import AUDIO

TONE = bytes((0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E)) * 20
PACKET_MS = 20
PACKET = 160
FRAME_PACKETS = 12  # of each leg: 240 ms
FRAME = audio_frame.HEAD + FRAME_PACKETS * 2 * (audio_frame.PACKET_HEAD + 12 + PACKET)
ENCODINGS = {7: ("PCMU", 0), 6: ("PCMA", 8)}  # by the format tag of a WAV
KEYS_MS = 60000


class Source:
    """Payloads of 160 bytes; a file is repeated from its start."""

    def __init__(self, hal, name):
        self.encoding, self.payload_type = ENCODINGS[7]
        self._file = None
        if name == "tone":
            return
        if "/" in name:
            raise SpoolError("source", "a file of the folder test")
        self._file = open(hal.root + "/test/" + name, "rb")
        self._start = 0
        head = self._file.read(12)
        if head[:4] == b"RIFF":
            self._start = 12
            self._find_data()

    def _find_data(self):
        while True:
            self._file.seek(self._start)
            head = self._file.read(24)
            if len(head) < 8:
                raise SpoolError("source", "a WAV without data")
            self._start += 8
            if head[:4] == b"data":
                return
            if head[:4] == b"fmt ":
                tag, channels, rate = head[8], head[10], head[12] | head[13] << 8
                if tag not in ENCODINGS or channels != 1 or rate != 8000:
                    raise SpoolError("source", "a WAV in G.711, 8000 Hz, mono")
                self.encoding, self.payload_type = ENCODINGS[tag]
            self._start += int.from_bytes(head[4:8], "little") + 1 & -2

    def fill(self, packet):
        """Puts the next 160 samples behind the RTP header."""
        if self._file is None:
            packet[12:] = TONE
            return
        data = self._file.read(PACKET)
        if len(data) < PACKET:
            self._file.seek(self._start)
            data = self._file.read(PACKET)
            if len(data) < PACKET:
                raise SpoolError("source", "too short")
        packet[12:] = data

    def close(self):
        if self._file:
            self._file.close()


async def run(recordings, keypool, hal, seconds=5, source="tone", progress=None):
    """[[step, value, unit], ...]; progress(percent) as it goes. Raises SpoolError where nothing can be recorded."""
    policy = recordings.documents.installed_policy
    if policy is None:
        raise SpoolError("recipients")
    played = Source(hal, source)
    try:
        return await _run(recordings, keypool, hal, seconds, played, policy, progress or (lambda percent: None))
    finally:
        played.close()


def _since(start):
    return time.ticks_diff(time.ticks_us(), start)


async def _run(recordings, keypool, hal, seconds, source, policy, progress):
    gc.collect()
    heap_before = gc.mem_free()
    start = time.ticks_us()
    await steps(hpke.encap_steps(recordings.primitives, policy.recipients[0][2]))
    wrap_us = _since(start)
    try:
        await asyncio.wait_for_ms(keypool.ready(), KEYS_MS)
    except asyncio.TimeoutError:
        raise SpoolError("keys")
    start = time.ticks_us()
    made = await steps(recordings.open_steps(policy))
    open_us = _since(start)
    reason = "failed"
    try:
        made.event("call", "", "in", "", "", "", "test")
        made.event("policy", policy.version, policy.digest, "all", "notify")
        made.event("consent", "notify", True, "test", "", "")
        for leg in (audio_frame.NEAR, audio_frame.FAR):
            made.event("media", leg, source.encoding, source.payload_type, 8000, PACKET_MS)
        costs = await _record(recordings, made, hal, seconds, source, progress)
        reason = "test"
    finally:
        start = time.ticks_us()
        await made.close(reason)
    close_us = _since(start)
    gc.collect()
    size = recordings.spool.describe(made.number)[1]
    return [
        ["recording", made.number, ""],
        ["bytes", size, "B"],
        ["key wrapping", wrap_us // 1000, "ms"],
        ["opening", open_us // 1000, "ms"],
    ] + costs + [
        ["signing and closing", close_us // 1000, "ms"],
        ["heap before", heap_before, "B"],
        ["heap after", gc.mem_free(), "B"],
    ]  # fmt: skip


async def _record(recordings, made, hal, seconds, source, progress):
    stream = made.start_audio()
    buffer = stream.buffer
    packet = bytearray(12 + PACKET)
    packet[0] = 0x80
    packet[1] = source.payload_type
    throwaway = Sealer(
        recordings.primitives, recordings.primitives.random(32), AUDIO, bytes(16), recordings.keystream, buffer, stream.start
    )  # fmt: skip
    frames = seconds * 1000 // (FRAME_PACKETS * PACKET_MS)
    packets = fill_us = write_us = slowest_us = 0
    # Sealing alone, of what is in the buffer, with a key that is thrown away.
    start = time.ticks_us()
    throwaway.seal(FRAME)
    seal_us = _since(start)
    first = hal.ms()
    elapsed_ms = made.elapsed_ms()
    for frame in range(frames):
        start = time.ticks_us()
        at = audio_frame.begin(buffer, stream.start, elapsed_ms + frame * FRAME_PACKETS * PACKET_MS)
        for i in range(FRAME_PACKETS):
            number = frame * FRAME_PACKETS + i
            packet[2] = number >> 8 & 255
            packet[3] = number & 255
            stamp = number * PACKET
            packet[5] = stamp >> 16 & 255
            packet[6] = stamp >> 8 & 255
            packet[7] = stamp & 255
            source.fill(packet)
            for leg in (audio_frame.NEAR, audio_frame.FAR):
                packet[11] = leg + 1  # the SSRC
                at = audio_frame.put(buffer, at, leg, i * PACKET_MS, packet)
                packets += 1
        fill_us += _since(start)
        n = at - stream.start
        start = time.ticks_us()
        if not made.write_audio(n):
            raise SpoolError("file", made.failed or "storage full")
        us = _since(start)
        write_us += us
        slowest_us = max(slowest_us, us)
        hal.collect()
        progress(frame * 100 // frames)
        await asyncio.sleep_ms(max(0, first + (frame + 1) * FRAME_PACKETS * PACKET_MS - hal.ms()))
    return [
        ["packets", packets, ""],
        ["framing, each packet", fill_us // packets, "us"],
        ["sealing, each frame", seal_us, "us"],
        ["sealing and writing, each frame", write_us // frames, "us"],
        ["slowest of these", slowest_us, "us"],
    ]
