"""The plaintext of an audio frame."""

from support.device import primitives as prims
from support.device.recordings import packet
from testigo_wire.recording import audio_frame, audio_frame_reader

VECTORS = prims.vectors("audio_frame")


def test_vectors():
    for vector in VECTORS["frames"]:
        packets = audio_frame_reader.parse(bytes.fromhex(vector["plaintext"]))
        assert [[leg, ms, data.hex()] for leg, ms, data in packets] == vector["packets"]


def test_malformed():
    for vector in VECTORS["malformed"]:
        error = prims.raises(
            audio_frame_reader.AudioFrameError, audio_frame_reader.parse, bytes.fromhex(vector["plaintext"])
        )
        assert str(error).startswith(vector["refused"]), (vector, error)


def test_written_and_read():
    buffer = bytearray(8192)
    first, second, third = packet(1, b"abc"), packet(2, b""), packet(3, b"x" * 160)
    at = audio_frame.begin(buffer, 24, 0x12345678)
    at = audio_frame.put(buffer, at, audio_frame.NEAR, 0, first)
    at = audio_frame.put(buffer, at, audio_frame.FAR, 7, second)
    at = audio_frame.put(buffer, at, audio_frame.NEAR, 65535, third)
    assert audio_frame_reader.parse(memoryview(buffer)[24:at]) == [
        (0, 0x12345678, first),
        (1, 0x12345678 + 7, second),
        (0, 0x12345678 + 65535, third),
    ]


def test_every_cut_is_refused():
    buffer = bytearray(200)
    at = audio_frame.begin(buffer, 0, 5)
    at = audio_frame.put(buffer, at, audio_frame.FAR, 0, packet(1, b"abc"))
    for length in range(at):
        prims.raises(audio_frame_reader.AudioFrameError, audio_frame_reader.parse, buffer[:length])
