"""The level of a notice over time, as a line of blocks with seconds below it, for the terminal."""

import math
from array import array
from itertools import pairwise

from testigo_vault import g711

RATE = 8000
BLOCKS = " ▁▂▃▄▅▆▇█"

# A share of full scale, RMS, that is drawn at full height: about that of speech at the level of notices.
_FULL = 0.25
_NOISE = 0.1  # of a block: the noise of a pause, which is not drawn
_STEPS = (1, 2, 5, 10, 20, 30, 60)
_LABEL_WIDTH = 7  # columns for one number and a space


def picture(encoding: str, data: bytes, width: int) -> list[str]:
    """Two lines of at most `width` characters: levels, seconds. data: G.711 bytes at 8 kHz."""
    samples = array("h", g711.decode(encoding, data))
    columns = max(1, min(width, len(samples) // (RATE // 20)))  # none shorter than 50 ms
    edges = [len(samples) * column // columns for column in range(columns + 1)]
    levels = "".join(_block(samples[first:last]) for first, last in pairwise(edges))
    return [levels, _scale(len(samples) / RATE, columns)]


def _block(samples: array) -> str:
    rms = math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples))) / 32768
    return BLOCKS[min(len(BLOCKS) - 1, math.ceil(rms / _FULL * (len(BLOCKS) - 1) - _NOISE))]


def _scale(seconds: float, columns: int) -> str:
    step = next((step for step in _STEPS if step * columns / seconds >= _LABEL_WIDTH), _STEPS[-1])
    line = ""
    for second in range(0, int(seconds) + 1, step):
        at = round(second * columns / seconds)
        label = f"{second} s" if second == 0 else str(second)
        if len(line) <= at and at + len(label) <= columns:
            line = line.ljust(at) + label
    return line
