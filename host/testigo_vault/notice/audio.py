"""Sound of a notice: from a WAV (or any file PyAV reads), or spoken, to G.711 at 8 kHz.

Loudness is normalised by EBU R128 (the `loudnorm` filter) to -19 LUFS with peaks below -2 dBTP: about the level of
telephone speech. The sound is normalised as the line carries it, mono at 8 kHz, and measured again after encoding: one
pass is inexact for short or uneven sounds, and a second one corrects it. Silence at both ends is kept.
"""

import io
import wave
from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.filter
from av.error import FFmpegError

from testigo_vault import g711
from testigo_vault.errors import VaultError
from testigo_vault.notice.speech import by_espeak

RATE = 8000
TARGET_LUFS = -19.0
TOLERANCE_LU = 1.0
PEAK_DBTP = -2.0
LONGEST_MS = 180_000
SHORTEST_MS = 500  # shorter sound is not understood, and EBU R128 cannot measure it

_LENGTH_TOLERANCE_MS = 250  # between declared and actual length: compressed sound is padded
_NO_LENGTH = 0x7F000000  # bytes; programs that write to a pipe give a larger number
_PAUSE_MS = 350  # of silence, between parts that are spoken apart
_SILENCE_LUFS = -60.0  # of a source; what is quieter is the noise of a microphone
_GATE_LUFS = -70.0  # the value of EBU R128 for silence

_CODECS = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}

Filters = list[tuple[str, str]]


@dataclass
class NoticeAudio:
    """Raw G.711 in both encodings, of one length."""

    pcmu: bytes
    pcma: bytes

    @property
    def total_ms(self) -> int:
        return len(self.pcmu) * 1000 // RATE

    def encodings(self) -> list[tuple[str, bytes]]:
        return [("PCMU", self.pcmu), ("PCMA", self.pcma)]


def from_file(path: Path) -> NoticeAudio:
    """Decode, normalise and encode the sound in `path`."""
    if not path.is_file():
        raise VaultError(f"There is no sound file {path}.", "Give the path of a WAV file.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}.", "Give the path of a WAV file.") from None
    return from_sounds([data], str(path))


def from_text(text: str, voice: str) -> NoticeAudio:
    """Have espeak-ng speak `text` in `voice` ("en", "es", "eu", ...): for a first try, not for callers."""
    if not text.strip():
        raise VaultError("The notice has no text.", "Give the words to be spoken.")
    return from_sounds([by_espeak(text, voice)], "espeak-ng's output")


def from_sounds(pieces: list[bytes], name: str) -> NoticeAudio:
    """Sound files, as bytes, one after the other with a short pause between. name: for error messages."""
    samples = bytes(_PAUSE_MS * RATE // 1000 * 4).join(_decode(piece, name) for piece in pieces)
    length_ms = len(samples) // 4 * 1000 // RATE
    if not samples:
        raise VaultError(f"{name} holds no sound.", "Give another file.")
    if length_ms > LONGEST_MS:
        raise VaultError(f"{name} is longer than {LONGEST_MS // 1000} s.", "Callers hang up; shorten it.")
    source = _measure(samples, "flt")
    if source < _SILENCE_LUFS and length_ms >= SHORTEST_MS:
        raise VaultError(f"{name} holds only silence, so callers would hear nothing.", "Give another file.")
    if length_ms < SHORTEST_MS:
        raise VaultError(f"{name} is only {length_ms} ms long, too short to be understood.", "Give another file.")
    return _normalise(samples)


def loudness(encoding: str, data: bytes) -> float:
    """Integrated loudness of G.711 bytes in LUFS (EBU R128, ITU-R BS.1770), -70 where there is nothing to measure."""
    return _measure(g711.decode(encoding, data), "s16")


def wav(encoding: str, data: bytes) -> bytes:
    """G.711 bytes as a WAV file of 16-bit samples that any player opens."""
    samples = array("h", g711.decode(encoding, data))
    if samples and array("H", b"\1\0")[0] != 1:
        samples.byteswap()  # WAV is little-endian
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _normalise(samples: bytes) -> NoticeAudio:
    """From float samples. The second pass, and a third at most, is a plain gain with a limiter behind it."""
    peak = 10 ** (PEAK_DBTP / 20)
    loud = _filter(samples, [("loudnorm", f"I={TARGET_LUFS}:TP={PEAK_DBTP}:LRA=11"), ("aresample", str(RATE))])
    loud = loud[: len(samples)].ljust(len(samples), b"\0")
    audio = _encode_both(loud)
    for _ in range(3):
        gain = TARGET_LUFS - loudness("PCMU", audio.pcmu)
        if abs(gain) <= TOLERANCE_LU / 2:
            break
        louder: Filters = [("volume", f"{gain:.2f}dB"), ("alimiter", f"limit={peak:.4f}:level=false:latency=true")]
        loud = _filter(loud, louder)[: len(samples)].ljust(len(samples), b"\0")
        audio = _encode_both(loud)
    return audio


def _encode_both(samples: bytes) -> NoticeAudio:
    values = (max(-32768, min(32767, round(value * 32768))) for value in array("f", samples))
    words = array("h", values).tobytes()
    return NoticeAudio(_encode(words, "PCMU"), _encode(words, "PCMA"))


def _decode(data: bytes, name: str) -> bytes:
    """Mono float samples at 8 kHz in the machine's byte order. Raises VaultError for a file that was cut
    short: callers would hear only the first of the words that are signed."""
    declared_ms = _declared_wav_ms(data)
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                raise VaultError(f"{name} holds no sound.", "Give another file.")
            stream = container.streams.audio[0]
            if stream.duration and stream.time_base:
                declared_ms = max(declared_ms, int(stream.duration * stream.time_base * 1000))
            graph = _Graph([("aresample", str(RATE))])
            graph.begin(graph.graph.add_abuffer(template=stream))
            out = bytearray()
            for frame in container.decode(stream):
                graph.graph.push(frame)
                out += graph.pull()
                if len(out) > (LONGEST_MS + 1000) * RATE // 1000 * 4:
                    break  # the caller of this function refuses it as too long
            graph.graph.push(None)
            out += graph.pull()
    except FFmpegError as error:
        raise VaultError(f"{name} is no sound that can be read: {error.strerror}.", "Give a WAV file.") from None
    actual_ms = len(out) // 4 * 1000 // RATE
    if actual_ms < min(declared_ms, LONGEST_MS) - max(_LENGTH_TOLERANCE_MS, declared_ms // 50):
        raise VaultError(
            f"{name} was cut short: it says that it lasts {declared_ms / 1000:.1f} s, and has {actual_ms / 1000:.1f} s of sound.",
            "Give the whole file.",
        )
    return bytes(out)


def _declared_wav_ms(data: bytes) -> int:
    """The length that a WAV declares (its chunks fmt and data); FFmpeg does not check it. 0: another kind of file, or a WAV
    that was written to a pipe without a length."""
    at, rate = 12, 0
    while data[:4] == b"RIFF" and at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"fmt ":
            rate = int.from_bytes(data[at + 16 : at + 20], "little")  # bytes a second
        elif kind == b"data":
            return size * 1000 // rate if rate and size < _NO_LENGTH else 0
        at += 8 + size + size % 2
    return 0


class _Graph:
    """Filters of libavfilter in a row, that give mono float samples."""

    def __init__(self, filters: Filters) -> None:
        self.graph = av.filter.Graph()
        self._filters = filters
        self.metadata: dict[str, str] = {}

    def begin(self, source) -> None:
        """source: the graph's own buffer."""
        shape = ("aformat", "sample_fmts=flt:channel_layouts=mono")
        row = [source, *(self.graph.add(*given) for given in [shape, *self._filters, shape])]
        self.graph.link_nodes(*row, self.graph.add("abuffersink")).configure()

    def pull(self) -> bytes:
        out = bytearray()
        while True:
            try:
                frame = self.graph.pull()
            except (BlockingIOError, EOFError):
                return bytes(out)
            self.metadata.update(frame.metadata)
            out += bytes(frame.planes[0])[: frame.samples * 4]  # type: ignore[union-attr]


def _filter(samples: bytes, filters: Filters) -> bytes:
    return _run_graph(samples, "flt", _Graph(filters))


def _measure(samples: bytes, kind: str) -> float:
    graph = _Graph([("ebur128", "metadata=1")])
    _run_graph(samples, kind, graph)
    return max(_GATE_LUFS, float(graph.metadata.get("lavfi.r128.I", _GATE_LUFS)))


def _run_graph(samples: bytes, kind: str, graph: _Graph) -> bytes:
    graph.begin(graph.graph.add_abuffer(sample_rate=RATE, format=kind, layout="mono", time_base=Fraction(1, RATE)))
    graph.graph.push(_frame(samples, kind))
    graph.graph.push(None)
    return graph.pull()


def _frame(samples: bytes, kind: str) -> av.AudioFrame:
    frame = av.AudioFrame(format=kind, layout="mono", samples=len(samples) // (4 if kind == "flt" else 2))
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    return frame


def _encode(samples: bytes, encoding: str) -> bytes:
    codec = av.CodecContext.create(_CODECS[encoding], "w")
    codec.sample_rate, codec.format, codec.layout = RATE, "s16", "mono"  # type: ignore[attr-defined]
    packets = [*codec.encode(_frame(samples, "s16")), *codec.encode(None)]  # type: ignore[attr-defined]
    return b"".join(bytes(packet) for packet in packets)[: len(samples) // 2]
