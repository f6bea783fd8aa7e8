"""The samples of one leg, of which only the stretches with sound are in memory.

The memory follows the packets that are there, not the times that they claim: a packet that says it came after 30 hours
costs as much as any other. Silence is made when it is read.
"""

from bisect import bisect_right

WIDTH = 2  # bytes in a sample
_JOIN = 320  # a silence of up to this many samples is filled, so that a call has few stretches


class SparseSound:
    """16-bit samples in stretches, each with the sample at which it begins."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stretches: list[bytearray] = []

    @property
    def length(self) -> int:
        """In samples, from 0 to the end of the last stretch."""
        return self._starts[-1] + len(self._stretches[-1]) // WIDTH if self._starts else 0

    @property
    def silent(self) -> bool:
        return not any(any(stretch) for stretch in self._stretches)

    def put(self, sample: int, data: bytes) -> None:
        """Place the bytes of samples at `sample`, over what is there. Calls come in the order of `sample`."""
        if not self._starts or sample > self.length + _JOIN:
            self._starts.append(sample)
            self._stretches.append(bytearray(data))
            return
        stretch = self._stretches[-1]
        at = WIDTH * (sample - self._starts[-1])
        if at < 0:
            raise ValueError("samples are placed in the order of time")
        if len(stretch) < at:
            stretch.extend(bytes(at - len(stretch)))
        stretch[at : at + len(data)] = data

    def read(self, first: int, last: int) -> bytes:
        """The bytes of samples `first` up to `last`; silence where nothing was placed."""
        out = bytearray(WIDTH * max(0, last - first))
        for number in range(max(0, bisect_right(self._starts, first) - 1), len(self._starts)):
            start, stretch = self._starts[number], self._stretches[number]
            if start >= last:
                break
            begin, end = max(first, start), min(last, start + len(stretch) // WIDTH)
            if begin < end:
                out[WIDTH * (begin - first) : WIDTH * (end - first)] = stretch[
                    WIDTH * (begin - start) : WIDTH * (end - start)
                ]
        return bytes(out)

    def peaks(self, step: int, count: int) -> list[int]:
        """The loudest absolute sample (0 to 32767) of each of `count` columns of `step` samples."""
        out = [0] * count
        for start, stretch in zip(self._starts, self._stretches, strict=True):
            samples = memoryview(stretch).cast("h")
            at = 0
            while at < len(samples):
                column = (start + at) // step
                end = min(len(samples), (column + 1) * step - start)
                part = samples[at:end]
                out[column] = min(32767, max(out[column], max(part), -min(part)))
                at = end
        return out
