"""Sound is placed by RTP timestamps, exact to the sample, whatever the network did to its packets."""

import random
import wave
from array import array
from io import BytesIO

import av
import pytest

from support.fake_appliance import rtp
from testigo_vault import g711
from testigo_vault.playback.timeline import TimelineBuilder


def payload(i):
    return bytes((i * 7 + j) & 0xFF for j in range(160))


def build(packets, encodings=None):
    builder = TimelineBuilder(encodings or {})
    for leg, arrival, raw in packets:
        builder.add(leg, arrival, raw)
    return builder.build()


def samples(timeline, leg):
    with wave.open(BytesIO(timeline.wav())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return array("h", file.readframes(file.getnframes()))[leg::2].tobytes()


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
def test_g711_is_what_ffmpeg_decodes(encoding):
    codec = av.CodecContext.create({"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}[encoding], "r")
    codec.sample_rate, codec.layout = 8000, "mono"
    frame = codec.decode(av.Packet(bytes(range(256))))[0]
    assert g711.decode(encoding, bytes(range(256))) == bytes(frame.planes[0])[:512]


def test_exact_through_jitter_reordering_and_duplicates():
    chance = random.Random(1)
    count = 300
    sent = [
        (1, 1000 + 20 * i + chance.randrange(60), rtp(65400 + i, 4294960000 + 160 * i, payload(i)))
        for i in range(count)
    ]
    sent += sent[10:20]
    sent.sort(key=lambda packet: packet[1])
    timeline = build(sent)
    whole = b"".join(g711.decode("PCMU", payload(i)) for i in range(count))
    got = samples(timeline, 1)
    start = got.index(whole[:320])
    assert got[start : start + len(whole)] == whole
    assert 8000 <= start // 2 <= 8000 + 60 * 8
    assert (timeline.legs[1].packets, timeline.legs[1].duplicates, timeline.legs[1].missing_ms) == (count, 10, 0)
    assert timeline.raw[1] == b"".join(payload(i) for i in range(count))


def test_missing_packets_are_silence():
    timeline = build([(0, 20 * i, rtp(i, 160 * i, payload(i))) for i in range(50) if i not in (20, 21, 22)])
    got = samples(timeline, 0)
    assert got[2 * 160 * 20 : 2 * 160 * 23] == bytes(2 * 160 * 3)
    assert got[2 * 160 * 23 : 2 * 160 * 24] == g711.decode("PCMU", payload(23))
    assert timeline.legs[0].missing_ms == 60


def test_second_stream_and_jumped_timestamps_follow_the_clock():
    first = [(0, 20 * i, rtp(i, 160 * i, payload(i), ssrc=1)) for i in range(50)]
    jumped = [(0, 3000 + 20 * i, rtp(50 + i, 900_000 + 160 * i, payload(i), ssrc=1)) for i in range(50)]
    second = [(0, 6000 + 20 * i, rtp(i, 77 + 160 * i, payload(i), ssrc=2, payload_type=8)) for i in range(50)]
    got = samples(build(first + jumped + second), 0)
    assert got[: 2 * 160] == g711.decode("PCMU", payload(0))
    assert got[2 * 24000 :][: 2 * 160] == g711.decode("PCMU", payload(0))
    assert got[2 * 48000 :][: 2 * 160] == g711.decode("PCMA", payload(0))
    assert got[2 * 8000 : 2 * 24000] == bytes(2 * 16000)


@pytest.mark.parametrize("timestamp", [160_000, 900_000])
@pytest.mark.parametrize(("before", "after"), [(30_000, 100), (100, 30_000), (65_000, 0)])
def test_a_sender_that_restarts_its_numbers_is_heard_where_it_spoke(before, after, timestamp):
    """RFC 3550 appendix A.1: other sequence numbers under the same SSRC, with the old timestamps again or with other ones."""
    first = [(0, 20 * i, rtp(before + i, 160_000 + 160 * i, payload(i))) for i in range(50)]
    again = [(0, 5000 + 20 * i, rtp(after + i, timestamp + 160 * i, payload(100 + i))) for i in range(50)]
    timeline = build(first + again + again[10:15])
    got = samples(timeline, 0)
    assert got[: 2 * 8000] == b"".join(g711.decode("PCMU", payload(i)) for i in range(50))
    assert got[2 * 8000 : 2 * 40000] == bytes(2 * 32000)
    assert got[2 * 40000 :] == b"".join(g711.decode("PCMU", payload(100 + i)) for i in range(50))
    assert (timeline.legs[0].packets, timeline.legs[0].duplicates) == (100, 5)


def test_the_same_numbers_again_are_no_copies():
    """A machine that plays one file over and over under one SSRC."""
    rounds = [
        (0, 80_000 * n + 20 * i, rtp(i, 160 * i, payload(i + n))) for n in range(3) for i in range(4000) if i % 400 < 5
    ]
    timeline = build(rounds)
    assert timeline.legs[0].packets == len(rounds) and timeline.legs[0].duplicates == 0
    got = samples(timeline, 0)
    for n in range(3):
        assert got[2 * 640_000 * n :][: 2 * 160] == g711.decode("PCMU", payload(n))


def test_a_copy_that_comes_seconds_late_is_recognised():
    """A number far back is no restart when the next packet does not follow it."""
    sent = [(0, 20 * i, rtp(1000 + i, 160 * i, payload(i))) for i in range(400)]
    copies = [(0, 20 * (at + 380) + 1, rtp(1000 + at, 160 * at, payload(at))) for at in (7, 9)]
    timeline = build(sorted(sent + copies, key=lambda packet: packet[1]))
    assert samples(timeline, 0) == b"".join(g711.decode("PCMU", payload(i)) for i in range(400))
    assert (timeline.legs[0].packets, timeline.legs[0].duplicates) == (400, 2)


def test_other_encodings_are_counted_not_played():
    packets = [(0, 20 * i, rtp(i, 160 * i, bytes(33), payload_type=3)) for i in range(5)]
    packets += [(0, 200 + 20 * i, rtp(5 + i, 1600, bytes(4), payload_type=101)) for i in range(5)]
    timeline = build(packets, {(0, 101): "telephone-event", (0, 3): "GSM"})
    assert (timeline.legs[0].undecodable, timeline.legs[0].packets, timeline.length) == (5, 0, 0)


def test_any_range_of_the_file_is_the_same_file():
    timeline = build([(leg, 20 * i, rtp(i, 160 * i, payload(i + leg))) for i in range(10) for leg in (0, 1)])
    whole = timeline.wav()
    assert len(whole) == timeline.wav_size()
    for start, end in ((0, 1), (10, 50), (43, 44), (44, 45), (45, 4001), (46, 47), (6400, 10**9)):
        assert timeline.wav(start, end) == whole[start:end]


def test_hostile_packets_are_dropped_and_counted():
    timeline = build([(0, 0, b"\x80"), (0, 0, b"\xbf" + bytes(20)), (0, 0, b"\x90" + bytes(11))])
    assert timeline.legs[0].malformed == 3 and timeline.length == 0


def test_a_packet_far_behind_the_end_fills_no_memory():
    """Only a hostile appliance says so: it would cost the listener's machine a gigabyte."""
    builder = TimelineBuilder({}, 60_000)
    builder.add(1, 1000, rtp(1, 0, payload(1)))
    builder.add(1, 20 * 3600 * 1000, rtp(1, 0, payload(2), ssrc=9))
    timeline = builder.build()
    assert timeline.legs[1].packets == 1 and timeline.legs[1].undecodable == 1
    assert timeline.duration_ms < 60_000
