"""Sound is placed by RTP timestamps, exact to the sample, whatever the network did to its packets."""

import random
import tracemalloc
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


HOUR_MS = 3_600_000


def build(packets, encodings=None):
    """packets: (leg, arrival, raw), or (t_ms,) of an event that stands there."""
    builder = TimelineBuilder(encodings or {})
    for packet in packets:
        if len(packet) == 1:
            builder.event(*packet)
        else:
            builder.add(*packet)
    return builder.build()


def reasons(timeline):
    return [(one.why, one.leg, one.count, one.detail) for one in timeline.not_played]


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
    packets += [(0, 400 + 20 * i, rtp(10 + i, 3200 + 160 * i, bytes(9), payload_type=97)) for i in range(2)]
    timeline = build(packets, {(0, 101): "telephone-event", (0, 3): "GSM"})
    assert (timeline.legs[0].packets, timeline.length) == (0, 0)
    assert reasons(timeline) == [("encoding", 0, 7, "GSM, payload type 97")]


def test_comfort_noise_is_no_unknown_encoding():
    """RFC 3389: a telephone may send payload type 13 in its pauses, whatever was agreed."""
    packets = [(0, 20 * i, rtp(i, 160 * i, payload(i))) for i in range(5)]
    packets += [(0, 100, rtp(5, 800, b"\x40", payload_type=13))]
    packets += [(0, 200 + 20 * i, rtp(6 + i, 1600 + 160 * i, payload(i))) for i in range(5)]
    timeline = build(packets)
    assert reasons(timeline) == [] and timeline.legs[0].packets == 10
    assert samples(timeline, 0)[2 * 800 : 2 * 1600] == bytes(2 * 800)


def test_any_range_of_the_file_is_the_same_file():
    timeline = build([(leg, 20 * i, rtp(i, 160 * i, payload(i + leg))) for i in range(10) for leg in (0, 1)])
    whole = timeline.wav()
    assert len(whole) == timeline.wav_size()
    for start, end in ((0, 1), (10, 50), (43, 44), (44, 45), (45, 4001), (46, 47), (6400, 10**9)):
        assert timeline.wav(start, end) == whole[start:end]


def test_hostile_packets_are_dropped_and_counted():
    timeline = build([(0, 0, b"\x80"), (0, 0, b"\xbf" + bytes(20)), (0, 0, b"\x90" + bytes(11))])
    assert timeline.legs[0].malformed == 3 and timeline.length == 0


def test_a_packet_later_than_the_event_after_it_is_not_played():
    """Only a hostile appliance writes one: events are written after the packets before them arrived."""
    timeline = build(
        [
            (1, 1000, rtp(1, 0, payload(1))),
            (1, 20 * HOUR_MS, rtp(1, 0, payload(2), ssrc=9)),
            (5000,),
            (0, 6000, rtp(1, 0, payload(3))),
        ]
    )
    assert (timeline.legs[0].packets, timeline.legs[1].packets) == (1, 1)
    assert reasons(timeline) == [("later-event", 1, 1, "")]
    assert timeline.duration_ms < 10_000


def test_hours_of_silence_take_no_memory():
    """Without an event after it a packet is heard where it says. Its time alone must not cost the listener's machine
    gigabytes; only what a WAV file cannot hold is left out."""
    tracemalloc.start()
    packets = [(leg, hour * HOUR_MS, rtp(hour, 0, payload(hour), ssrc=hour)) for hour in range(60) for leg in (0, 1)]
    timeline = build(packets)
    pictures = timeline.peaks(500)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert memory < 3_000_000
    assert reasons(timeline) == [("wav-limit", 0, 22, ""), ("wav-limit", 1, 22, "")]
    assert timeline.duration_ms == 37 * HOUR_MS + 20
    at = 44 + 4 * 8 * 36 * HOUR_MS
    assert timeline.wav(at, at + 640)[0::4] == g711.decode("PCMU", payload(36))[0::2]
    assert timeline.wav(at - 640, at) == bytes(640)
    assert [len(lane) for lane in pictures] == [500, 500] and sum(1 for peak in pictures[0] if peak) == 38


def test_the_pieces_are_the_whole_file():
    timeline = build([(0, 20 * i, rtp(i, 160 * i, payload(i))) for i in range(3000)])
    assert b"".join(timeline.wav_pieces()) == timeline.wav()
