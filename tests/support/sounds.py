"""WAV files for tests."""

import io
import math
import wave
from array import array

RATE = 16000


def sound(seconds, level=0.1, hertz=300, rate=RATE, channels=1):
    """A tone as a WAV; `level` may be a function of time."""
    at = level if callable(level) else lambda _: level
    values = (32767 * at(i / rate) * math.sin(2 * math.pi * hertz * i / rate) for i in range(int(seconds * rate)))
    return as_wav([int(value) for value in values for _ in range(channels)], rate, channels)


def as_wav(values, rate=RATE, channels=1):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(array("h", values).tobytes())
    return out.getvalue()


def square_wave(path, seconds=3, rate=8000):
    """Writes a loud tone of 500 Hz as the softphone plays it, and returns its path."""
    values = [8000 * (-1) ** (i // 8) for i in range(rate * seconds)]
    path.write_bytes(as_wav(values, rate))
    return path
