"""Sound of a notice: from a WAV (or any file PyAV reads), or spoken by espeak-ng, to G.711 at 8 kHz.

Loudness is normalised by EBU R128 (the `loudnorm` filter) to -19 LUFS with peaks below -2 dBTP: about the level of
telephone speech, so that a notice is neither missed nor painful. Silence at both ends is kept: it may be meant.
"""

import io
import shutil
import subprocess
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path

import av
import av.filter
from av.error import FFmpegError

from testigo_vault.errors import VaultError

RATE = 8000
LOUDNESS = "I=-19:TP=-2:LRA=11"
LONGEST_MS = 180_000
_SPEAK_SECONDS = 60

# After normalising, speech peaks far above this: a hundredth of full scale.
_FAINTEST = 330

_CODECS = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}


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
    return _make(path.read_bytes(), str(path))


def from_text(text: str, voice: str) -> NoticeAudio:
    """Have espeak-ng speak `text` in `voice` ("en", "es", "eu", ...): for a first try, not for callers."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise VaultError("espeak-ng is not installed.", "Install it, or give a WAV file.")
    if not text.strip():
        raise VaultError("The notice has no text.", "Give the words to be spoken.")
    # A file, since espeak-ng writes a wrong length into the head of a WAV on its standard output.
    with tempfile.TemporaryDirectory(prefix="testigo-notice-") as folder:
        target = Path(folder) / "notice.wav"
        command = [program, "-v", voice, "-s", "150", "-w", str(target), "--stdin"]
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SPEAK_SECONDS, check=False)
        if done.returncode != 0 or not target.exists():
            reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise VaultError(
                f"espeak-ng did not speak in voice {voice!r}: {reason[-1] if reason else 'no reason given'}.",
                "See `espeak-ng --voices` for the names.",
            )
        return _make(target.read_bytes(), "espeak-ng's output")


def _make(data: bytes, name: str) -> NoticeAudio:
    samples = _normalise(data, name)
    if not samples:
        raise VaultError(f"{name} holds no sound.", "Give another file.")
    values = array("h", samples)
    if max(max(values), -min(values)) < _FAINTEST:
        raise VaultError(f"{name} holds only silence, so nobody would be told.", "Give another file.")
    if len(samples) // 2 * 1000 // RATE > LONGEST_MS:
        raise VaultError(f"{name} is longer than {LONGEST_MS // 1000} s.", "Callers hang up; shorten it.")
    return NoticeAudio(_encode(samples, "PCMU"), _encode(samples, "PCMA"))


def _normalise(data: bytes, name: str) -> bytes:
    """Mono 16-bit samples at 8 kHz, as loud as LOUDNESS says."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                raise VaultError(f"{name} holds no sound.", "Give another file.")
            stream = container.streams.audio[0]
            graph = av.filter.Graph()
            source = graph.add_abuffer(template=stream)
            mono = graph.add("aformat", "sample_fmts=flt:channel_layouts=mono")
            loud = graph.add("loudnorm", LOUDNESS)
            narrow = graph.add("aresample", str(RATE))
            shape = graph.add("aformat", "sample_fmts=s16:channel_layouts=mono")
            sink = graph.add("abuffersink")
            for left, right in ((source, mono), (mono, loud), (loud, narrow), (narrow, shape), (shape, sink)):
                left.link_to(right)
            graph.configure()
            out = bytearray()
            for frame in container.decode(stream):
                graph.push(frame)
                out += _pull(graph)
            graph.push(None)
            out += _pull(graph)
    except FFmpegError as error:
        raise VaultError(f"{name} is no sound that can be read: {error.strerror}.", "Give a WAV file.") from None
    return bytes(out)


def _pull(graph: av.filter.Graph) -> bytes:
    out = bytearray()
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return bytes(out)
        out += bytes(frame.planes[0])[: frame.samples * 2]  # type: ignore[union-attr]


def _encode(samples: bytes, encoding: str) -> bytes:
    codec = av.CodecContext.create(_CODECS[encoding], "w")
    codec.sample_rate, codec.format, codec.layout = RATE, "s16", "mono"  # type: ignore[attr-defined]
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    frame.sample_rate = RATE
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    packets = [*codec.encode(frame), *codec.encode(None)]  # type: ignore[attr-defined]
    return b"".join(bytes(packet) for packet in packets)[: len(samples) // 2]
