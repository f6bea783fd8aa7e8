"""Sound of notices: normalised, measured as the line carries it, and refused where it cannot be understood."""

import io
import math
import wave
from array import array
from fractions import Fraction

import av
import pytest

from support.sounds import RATE, as_wav, sound
from testigo_vault import g711
from testigo_vault.errors import VaultError
from testigo_vault.notice import speech
from testigo_vault.notice.audio import from_file, from_sounds, from_text, loudness, wav


def once(data):
    """What one pass of loudnorm makes of a WAV, in LUFS at 8 kHz: by a graph of its own."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        row = [graph.add_abuffer(template=stream)]
        for name, arguments in (
            ("aresample", "8000"),
            ("loudnorm", "I=-19:TP=-2:LRA=11"),
            ("aresample", "8000"),
            ("ebur128", "metadata=1"),
        ):
            row.append(graph.add(name, arguments))
        graph.link_nodes(*row, graph.add("abuffersink")).configure()
        for frame in container.decode(stream):
            graph.push(frame)
        graph.push(None)
        measured = -70.0
        while True:
            try:
                measured = float(graph.pull().metadata.get("lavfi.r128.I", measured))
            except (BlockingIOError, EOFError):
                return measured


def peak(audio):
    return max(abs(value) for value in array("h", g711.decode("PCMU", audio.pcmu))) / 32768


@pytest.mark.parametrize(
    "data",
    [
        sound(1),
        sound(0.6, 0.9),
        sound(4, 0.004),
        sound(2, 0.1, rate=44100, channels=2),
        sound(4, lambda t: 0.01 if t < 2 else 0.45),
        sound(9, lambda t: 0.9 if int(t * 2) % 4 == 0 else 0),
    ],
    ids=["short", "loud", "quiet", "stereo", "uneven", "bursts"],
)
def test_every_sound_comes_out_as_loud(data):
    audio = from_sounds([data], "it")
    for encoding, coded in audio.encodings():
        assert loudness(encoding, coded) == pytest.approx(-19, abs=1)
    assert len(audio.pcmu) == len(audio.pcma)
    assert peak(audio) < 10 ** (-1.5 / 20)


def test_one_pass_drifts_on_short_speech_and_a_second_makes_up_for_it():
    spoken = speech.by_espeak("Grabamos.", "es")
    assert abs(once(spoken) + 19) > 1
    assert loudness("PCMA", from_sounds([spoken], "it").pcma) == pytest.approx(-19, abs=1)


def test_loudness_is_that_of_the_standard():
    """EBU Tech 3341, test 1, for one channel: a sine of 1 kHz at -23 dBFS is 3 LU below the same in two, at -26 LUFS."""
    tone = array("h", (int(32768 * 10 ** (-23 / 20) * math.sin(2 * math.pi * i / 8)) for i in range(20 * 8000)))
    codec = av.CodecContext.create("pcm_mulaw", "w")
    codec.sample_rate, codec.format, codec.layout = 8000, "s16", "mono"
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(tone))
    frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
    frame.planes[0].update(tone.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    coded = b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])[: len(tone)]
    assert loudness("PCMU", coded) == pytest.approx(-26, abs=0.2)
    assert loudness("PCMU", b"\xff" * 8000) == -70


def test_length_and_silence_at_both_ends_are_kept():
    data = sound(4, lambda t: 0.3 if 1 <= t < 3 else 0)
    samples = array("h", g711.decode("PCMU", from_sounds([data], "it").pcmu))
    assert len(samples) == 4 * 8000
    assert max(map(abs, samples[:7600])) < 100 and max(map(abs, samples[-7600:])) < 100
    assert max(map(abs, samples[8400:9000])) > 2000


def test_parts_are_put_together_with_a_pause():
    audio = from_sounds([sound(1), sound(1, rate=22050)], "it")
    assert audio.total_ms == 2350
    samples = array("h", g711.decode("PCMA", audio.pcma))
    assert max(map(abs, samples[8300:10500])) < 100 < max(map(abs, samples[11200:12000]))


def test_sound_that_cannot_be_understood_is_refused(tmp_path):
    def refused(data, reason):
        with pytest.raises(VaultError, match=reason):
            from_sounds([data], "it.wav")

    refused(sound(2, 0), "only silence")
    refused(sound(2, 0.0003), "only silence")
    refused(sound(0.3), "only 300 ms long")
    refused(sound(181, rate=8000), "longer than 180 s")
    refused(as_wav([]), "no sound")
    refused(b"nonsense" * 100, "no sound that can be read")
    refused(b"", "no sound that can be read")
    with pytest.raises(VaultError, match="no sound file"):
        from_file(tmp_path / "none.wav")
    with pytest.raises(VaultError, match="no text"):
        from_text(" ", "en")


def test_a_wav_of_coded_audio_is_what_it_decodes_to():
    audio = from_sounds([sound(1)], "it")
    with wave.open(io.BytesIO(wav("PCMA", audio.pcma))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.readframes(9000) == g711.decode("PCMA", audio.pcma)


def test_a_sound_that_was_cut_short_is_refused(tmp_path):
    """Its words are signed, and callers would hear only the first of them; FFmpeg takes what is left without a word."""
    path = tmp_path / "notice.wav"
    path.write_bytes(sound(4))
    assert from_file(path).total_ms == 4000
    path.write_bytes(sound(4)[: RATE * 4])
    with pytest.raises(VaultError, match=r"was cut short: it says that it lasts 4\.0 s, and has 2\.0 s"):
        from_file(path)
    # A file that was written to a pipe does not know its length.
    for length in (0x7FFFF000, 0xFFFFFFFF):
        path.write_bytes(sound(4)[:40] + length.to_bytes(4, "little") + sound(4)[44:])
        assert from_file(path).total_ms == 4000


def test_a_compressed_sound_that_was_cut_short_is_refused(tmp_path):
    path = tmp_path / "notice.mp3"
    with av.open(io.BytesIO(sound(8))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libmp3lame", rate=RATE)
        stream.layout = "mono"
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    assert abs(from_file(path).total_ms - 8000) < 250
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VaultError, match="was cut short"):
        from_file(path)
