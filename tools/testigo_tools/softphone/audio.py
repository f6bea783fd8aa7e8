"""Audio files for the softphone: any file to telephone samples, and telephone samples to a WAV file.

Samples are bytes: mono, 8 kHz, 16-bit little-endian.
"""

import wave
from pathlib import Path

import av

from testigo_wire.rtp import g711

RATE = 8000
WIDTH = 2


def load(path: Path) -> bytes:
    """The first audio stream of a file, whatever its rate, width and number of channels."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    samples = bytearray()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                samples += bytes(piece.planes[0])[: piece.samples * WIDTH]
        for piece in resampler.resample(None):
            samples += bytes(piece.planes[0])[: piece.samples * WIDTH]
    return bytes(samples)


def save(path: Path, samples: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(WIDTH)
        file.setframerate(RATE)
        file.writeframes(samples)


class Timeline:
    """What was heard, laid out by RTP timestamps, with silence where nothing came.

    A new source, or one that restarted, has timestamps of its own: it is placed by its time of arrival.
    """

    LONGEST = 4 * 3600 * RATE

    def __init__(self) -> None:
        self.encoding = "PCMU"
        self.payloads: dict[int, bytes] = {}  # by sample position
        self._source: int | None = None
        self._base = 0
        self._began_ms: int | None = None

    def put(self, encoding: str, source: int, timestamp: int, payload: bytes, now: int) -> None:
        """source: another number for each stretch of timestamps that belong together. now: in ms."""
        if self._began_ms is None:
            self._began_ms = now
        if source != self._source:
            self._source = source
            self._base = timestamp - (now - self._began_ms) * RATE // 1000
        self.encoding = encoding
        position = (timestamp - self._base) & 0xFFFFFFFF
        if position < self.LONGEST:
            self.payloads.setdefault(position, payload)

    def encoded(self) -> bytes:
        """The payloads as they came, gaps filled with the code of silence."""
        length = max((position + len(payload) for position, payload in self.payloads.items()), default=0)
        whole = bytearray([g711.silence(self.encoding)]) * length
        for position, payload in self.payloads.items():
            whole[position : position + len(payload)] = payload
        return bytes(whole)

    def samples(self) -> bytes:
        return g711.decode(self.encoding, self.encoded())
