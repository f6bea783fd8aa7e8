"""The warning tone: its samples, what it changes in packets and what not, and what a silent party's listener gets."""

import math
import struct
from array import array

from recorder.media import fast_path
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from recorder.media.tone import SAMPLES, Tone, ToneMixer, mix, period
from support.device.relay_rig import NoCollection, PlainFrames, address, bound_sockets
from testigo_wire.recording import audio_frame_reader
from testigo_wire.rtp import g711, rtp

HEAP = "1m"
RATE = 8000
TONE = [1400, 200, 15000, 20]
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}


def clip(value):
    return max(-32768, min(32767, value))


def added(encoding, code, tone):
    """What a code becomes under one sample of the tone, by the clear form of G.711."""
    return g711.code(encoding, clip(g711.sample(encoding, code) + tone))


def expected(encoding, payload, samples, at=0):
    return bytes(added(encoding, code, samples[(at + i) % len(samples)]) for i, code in enumerate(payload))


def rms(samples):
    return math.sqrt(sum(value * value for value in samples) / len(samples))


# a digital milliwatt in PCMU, ITU-T G.711 table 5: 0 dBm0
MILLIWATT = bytes((0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E))


def test_every_code_under_many_tones():
    tones = [-32768, -32767, -32636, -32635, -8031, -133, -132, -17, -16, -1, 0, 1, 15, 16, 131, 132, 32635, 32767]
    tones += list(range(-32000, 32768, 997))
    codes = bytes(range(256))
    for a_law, encoding in enumerate(("PCMU", "PCMA")):
        for tone in tones:
            packet = bytearray(codes)
            assert mix(packet, 0, 256, array("h", [tone]), 1, 0, a_law) == 0
            assert packet == expected(encoding, codes, [tone]), (encoding, tone)


def test_only_the_samples_named_are_changed():
    samples = array("h", [100, -200, 3000, -4000, 5000])
    before = bytes(i * 7 & 255 for i in range(64))
    for a_law, encoding in enumerate(("PCMU", "PCMA")):
        for start, n, at in ((0, 64, 0), (13, 20, 3), (63, 1, 4), (30, 0, 2)):
            packet = bytearray(before)
            assert mix(packet, start, n, samples, 5, at, a_law) == (at + n) % 5
            assert packet[:start] == before[:start] and packet[start + n :] == before[start + n :]
            assert packet[start : start + n] == expected(encoding, before[start : start + n], samples, at)


def test_a_tone_has_its_frequency_and_its_level():
    milliwatt = rms([g711.sample("PCMU", code) for code in MILLIWATT])
    for hertz in (300, 420, 1000, 1400, 2000, 2460, 3400):
        for level in (0, 10, 20, 35, 50):  # below, a step of 16 bits is a quarter of a decibel
            samples = period(hertz, level)
            cycles = len(samples) * hertz / RATE
            assert cycles == int(cycles) and len(samples) <= 400, (hertz, len(samples))
            steps = [(samples[i - 1], samples[i]) for i in range(len(samples))]
            rising = sum(1 for before, after in steps if before < 0 <= after)
            assert rising == cycles, (hertz, level, rising)
            measured = 20 * math.log(rms(samples) / milliwatt) / math.log(10)
            assert abs(measured + level) < 0.2, (hertz, level, measured)


class Talk:
    """Both directions of a recorded call. send(leg, ...): packets of a party; heard(leg): packets that reach the other."""

    def __init__(self, encoding="PCMU", description=None):
        self.encoding = encoding
        self.recording = PlainFrames()
        self.tap = Tap(NoCollection())
        self.relays = []
        self.ends = []
        self.keys = []
        for leg in (0, 1):
            (sender, inner, outer, listener), port = bound_sockets(4)
            sender.connect(address(port + 1))
            inner.connect(address(port))
            outer.connect(address(port + 3))
            relay = Relay(leg, self.tap, bytes((0xA0, leg, 1, 2)), lambda leg, digit: self.keys.append(digit))
            relay.set_source(inner, PAYLOAD_TYPES[encoding], 101)
            relay.set_sink(outer, 101)
            relay.set_forwarding(True)
            self.relays.append(relay)
            self.ends.append((sender, inner, outer, listener))
        self.tap.start(self.recording)
        self.tone = Tone(description or TONE, self.tap, self.relays, (encoding, encoding))
        self.now = fast_path.ticks()

    def send(self, leg, *packets):
        for packet in packets:
            self.ends[leg][0].send(packet)
            self.relays[leg].on_readable()

    def heard(self, leg):
        got = []
        while True:
            try:
                got.append(self.ends[leg][3].recv(2000))
            except OSError:
                return got

    def tapped(self):
        self.tap.flush()
        return [packet for frame in self.recording.frames for packet in audio_frame_reader.parse(frame)]

    def tick(self, ms=50):
        self.now = (self.now + ms) & fast_path.TICKS_MASK
        self.tone.tick(self.now)

    def close(self):
        for end in self.ends:
            for sock in end:
                sock.close()


def packet(sequence, encoding="PCMU", head=b"", flags=0x80, size=SAMPLES, payload_type=None):
    """A packet that is all different codes; head: CSRCs and extension, flags: the first byte."""
    kind = PAYLOAD_TYPES[encoding] if payload_type is None else payload_type
    fixed = struct.pack(">BBHII", flags, kind, sequence, sequence * 160, 0x0A0B0C0D)
    return fixed + head + bytes((sequence * 31 + i) & 255 for i in range(size))


def test_a_tone_runs_through_packets_and_ends_after_its_length():
    for encoding in ("PCMU", "PCMA"):
        talk = Talk(encoding)
        talk.tone.begin(talk.now)
        sent = [packet(i, encoding) for i in range(14)]
        talk.send(0, *sent)
        heard = talk.heard(0)
        spoken = b"".join([data[12:] for data in sent])
        length = TONE[1] * 8
        clear = expected(encoding, spoken[:length], talk.tone.samples) + spoken[length:]
        assert b"".join([data[12:] for data in heard]) == clear
        assert [data[12:] for _, _, data in talk.tapped()] == [data[12:] for data in heard], "recorded as heard"
        assert talk.relays[0].state[fast_path.FORWARD] == 1, "the short way again"
        assert talk.relays[1].state[fast_path.FORWARD] == 2, "the other party's is still owed"
        talk.close()


def test_a_length_that_is_no_multiple_of_a_packet():
    talk = Talk(description=[1000, 25, 1000, 6])
    talk.tone.begin(talk.now)
    talk.send(0, packet(1), packet(2), packet(3))
    first, second, third = [data[12:] for data in talk.heard(0)]
    samples = talk.tone.samples
    assert first == expected("PCMU", packet(1)[12:], samples)
    assert second == expected("PCMU", packet(2)[12:52], samples, 160) + packet(2)[52:]
    assert third == packet(3)[12:]
    talk.close()


def test_headers_padding_and_keys_are_left_as_they_are():
    talk = Talk()
    samples = talk.tone.samples
    csrc = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    extension = b"\xbe\xde\x00\x02" + bytes(range(8))
    padding = b"\x00\x00\x00\x04"
    for flags, head, tail in (
        (0x82, csrc, b""),
        (0x90, extension, b""),
        (0x92, csrc + extension, b""),
        (0xA0, b"", padding),
        (0xB2, csrc + extension, padding),
    ):
        talk.tone.begin(talk.now)
        before = packet(9, head=head, flags=flags) + tail
        talk.send(0, before)
        (after,) = talk.heard(0)
        start = 12 + len(head)
        assert after[start : start + SAMPLES] == expected("PCMU", before[start : start + SAMPLES], samples), hex(flags)
        assert after[0] == flags and after[12:start] == head and after[start + SAMPLES :] == tail, hex(flags)
    talk.tone.begin(talk.now)
    key = struct.pack(">BBHII", 0x80, 101, 10, 1600, 0x0A0B0C0D) + bytes((7, 10, 0, 160))
    talk.send(0, key)
    (after,) = talk.heard(0)
    assert after[12:] == key[12:] and talk.keys == ["7"]
    talk.close()


def test_packets_with_false_header_lengths_break_nothing():
    talk = Talk()
    for flags, tail in ((0x9F, b""), (0x90, b"\xbe\xde\xff\xff"), (0xA0, b"\xff"), (0x8F, bytes(8)), (0xBF, b"\x00")):
        talk.tone.begin(talk.now)
        short = packet(5, flags=flags, size=0) + tail
        talk.send(0, short)
        (after,) = talk.heard(0)
        assert after[12:] == tail, hex(flags)
    for i in range(172):  # all wait at once: they fill the buffer to its end
        talk.ends[0][0].send(packet(i, flags=0x9F, size=0))
    talk.relays[0].on_readable()
    talk.send(0, packet(200))
    assert len(talk.heard(0)[-1]) == 172
    talk.close()


def test_a_silent_partys_listener_gets_the_tone_too():
    for encoding in ("PCMU", "PCMA"):
        talk = Talk(encoding)
        talk.tone.begin(talk.now)
        talk.send(1, packet(1, encoding))
        for _ in range(8):
            talk.tick()
        heard = [rtp.parse(data) for data in talk.heard(0)]
        length = TONE[1] * 8
        silence = bytes((g711.silence(encoding),)) * length
        assert b"".join([one.payload for one in heard]) == expected(encoding, silence, talk.tone.samples)
        assert {one.payload_type for one in heard} == {PAYLOAD_TYPES[encoding]}
        assert len({one.ssrc for one in heard}) == 1
        numbers = [one.sequence_number for one in heard]
        times = [one.timestamp for one in heard]
        assert numbers == list(range(numbers[0], numbers[0] + 10))
        assert times == list(range(times[0], times[0] + length, SAMPLES))
        assert [one.marker for one in heard] == [1] + [0] * 9
        taken = [data for leg, _, data in talk.tapped() if leg == 0]
        assert [rtp.parse(data).payload for data in taken] == [one.payload for one in heard], "recorded as heard"
        talk.close()


def test_speech_during_the_tone_follows_it_without_overlap():
    talk = Talk()
    talk.send(0, packet(1), packet(2))
    talk.tone.begin(talk.now)
    for _ in range(3):
        talk.tick()
    own = [rtp.parse(data) for data in talk.heard(0)][2:]
    assert own and len(own) < 10, "only what was due by now"
    talk.send(0, packet(3), packet(4))
    talk.send(0, *[packet(i) for i in range(5, 20)])
    heard = [rtp.parse(data) for data in talk.heard(0)]
    after = own + heard
    for one, other in zip(after, after[1:]):
        assert other.sequence_number == one.sequence_number + 1 & 0xFFFF
        assert other.timestamp - one.timestamp & 0xFFFFFFFF >= SAMPLES
    mixed = b"".join([one.payload for one in heard])
    left = TONE[1] * 8 - SAMPLES * len(own)
    spoken = b"".join([packet(i)[12:] for i in range(3, 20)])
    at = SAMPLES * len(own)
    assert mixed == expected("PCMU", spoken[:left], talk.tone.samples, at) + spoken[left:], "the tone goes on in it"
    talk.close()


def test_the_appliances_own_packets_have_the_timestamps_of_their_time():
    talk = Talk()
    talk.send(0, packet(1))
    (last,) = [rtp.parse(data) for data in talk.heard(0)]
    quiet_ms = 5000
    talk.relays[0].state[fast_path.SENT_MS] = (talk.now - quiet_ms) & fast_path.TICKS_MASK  # that long ago
    talk.tone.begin(talk.now)
    for _ in range(8):
        talk.tick()
    heard = [rtp.parse(data) for data in talk.heard(0)]
    step = heard[0].timestamp - last.timestamp & 0xFFFFFFFF
    assert step == quiet_ms * 8, "its timestamps tell of the pause before it (RFC 3550 section 5.1)"
    assert heard[0].marker and len(heard) == 10
    assert [two.timestamp - one.timestamp for one, two in zip(heard, heard[1:])] == [SAMPLES] * 9
    talk.close()


def test_the_tone_comes_again_at_its_interval_and_ends_when_told():
    talk = Talk(description=[1400, 100, 1000, 20])
    talk.tone.begin(talk.now)
    began = []
    for tick in range(64):
        talk.tick()
        heard = [rtp.parse(data) for data in talk.heard(0)]
        if heard and heard[0].marker:
            began.append((tick, heard[0].timestamp))
        talk.heard(1)
    assert [tick for tick, _ in began[1:]] == [20, 40, 60] and began[0][0] in (0, 1), began
    assert [b[1] - a[1] & 0xFFFFFFFF for a, b in zip(began, began[1:])] == [8000] * 3, "no second is longer"
    talk.tone.begin(talk.now)
    talk.send(0, packet(1))
    assert talk.heard(0)[0][12:] != packet(1)[12:]
    talk.tone.end()
    talk.send(0, packet(2), packet(3))
    assert [data[12:] for data in talk.heard(0)] == [packet(2)[12:], packet(3)[12:]]
    for _ in range(10):
        talk.tick()
    assert not talk.heard(0) and not talk.heard(1)
    talk.close()


def test_a_tone_is_not_kept_while_nothing_is_recorded():
    talk = Talk()
    talk.tap.stop()
    mixer = ToneMixer(talk.tone, talk.relays[0], "PCMU")
    mixer.begin(SAMPLES)
    mixer.send_packet(talk.tap, bytearray(12 + SAMPLES), talk.now, talk.now)
    assert len(talk.heard(0)) == 1 and not talk.recording.frames and not mixer.left
    talk.close()
