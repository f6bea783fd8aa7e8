"""Flows over real sockets: what goes in comes out, renumbered, complete, tapped as it came, without an allocation."""

import gc
import socket
import struct
import sys
import time

from recorder.media import fast_path
from recorder.media.relay import Flow
from recorder.media.tap import Tap

BASE_PORT = 41000
SSRC = b"\x11\x22\x33\x44"
OUT = b"\xaa\x00\xcc\xdd"


class Stream:
    start = 24

    def __init__(self):
        self.buffer = bytearray(24 + 6144 + 10)
        self.capacity = 6144


class Sealed:
    """Stands where a recording stands: keeps the plaintext of every frame."""

    def __init__(self):
        self.stream = Stream()
        self.frames = []

    def start_audio(self):
        return self.stream

    def write_audio(self, n):
        self.frames.append(bytes(self.stream.buffer[24 : 24 + n]))
        return True


class Quiet:
    def collect(self):
        pass


def address(port):
    return socket.getaddrinfo("127.0.0.1", port)[0][-1]


def bound(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(address(port))
    sock.setblocking(False)
    return sock


def packet(sequence, timestamp, payload_type=0, ssrc=SSRC, size=160, fill=None):
    body = bytes((sequence * 7 + i if fill is None else fill) & 255 for i in range(size))
    return struct.pack(">BBHI", 0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF) + ssrc + body


class Rig:
    """A sender, the appliance's two sockets with a flow between them, and a listener."""

    made = 0

    def __init__(self, recorded=True):
        port = BASE_PORT + 4 * Rig.made  # a failed test leaves its sockets open
        Rig.made += 1
        self.keys = []
        self.sender = bound(port)
        self.inner = bound(port + 1)
        self.outer = bound(port + 2)
        self.listener = bound(port + 3)
        self.sender.connect(address(port + 1))
        self.inner.connect(address(port))
        self.outer.connect(address(port + 3))
        self.listener.connect(address(port + 2))
        self.recording = Sealed()
        self.tap = Tap(Quiet())
        self.flow = Flow(1, self.tap, OUT, lambda leg, digit: self.keys.append((leg, digit)))
        self.flow.take_from(self.inner, 0, 101)
        self.flow.give_to(self.outer, 96)
        if recorded:
            self.tap.start(self.recording, fast_path.ticks())

    def close(self):
        for sock in (self.sender, self.inner, self.outer, self.listener):
            sock.close()

    def send(self, *packets):
        """All of them wait at the socket before the flow looks."""
        for data in packets:
            self.sender.send(data)
        self.flow.pump()

    def heard(self):
        got = []
        while True:
            try:
                got.append(self.listener.recv(2000))
            except OSError:
                return got

    def tapped(self):
        self.tap.flush()
        packets = []
        for frame in self.recording.frames:
            at = 5
            while at < len(frame):
                leg, age, length = struct.unpack_from(">BHH", frame, at)
                packets.append((leg, frame[at + 5 : at + 5 + length]))
                at += 5 + length
        return packets


def fields(data):
    return struct.unpack(">BBHI", data[:8]) + (data[8:12], data[12:])


def check_continuous(heard, step=160):
    for before, after in zip(heard, heard[1:]):
        a, b = fields(before), fields(after)
        assert b[2] == (a[2] + 1) & 0xFFFF, (a[2], b[2])
        assert b[3] == (a[3] + step) & 0xFFFFFFFF, (a[3], b[3])
        assert b[4] == OUT


def test_copies_that_wait_together_stay_packets():
    rig = Rig()
    rig.flow.forward(True)
    rig.send(packet(1, 160))
    rig.send(packet(2, 320), packet(2, 320), packet(3, 480), packet(3, 480))
    heard = rig.heard()
    assert [len(p) for p in heard] == [172] * 5, [len(p) for p in heard]
    assert [len(p) for _, p in rig.tapped()] == [172] * 5
    assert rig.flow.quality()[:3] == (5, 0, 2), rig.flow.quality()
    rig.close()


def test_one_by_one():
    rig = Rig()
    rig.flow.forward(True)
    sent = [packet(65530 + i, 0xFFFFFF00 + 160 * i) for i in range(20)]
    heard = []
    for data in sent:
        rig.send(data)
        heard += rig.heard()
    assert len(heard) == 20
    assert [fields(p)[5] for p in heard] == [fields(p)[5] for p in sent]
    assert fields(heard[0])[1] == 128, "the first packet carries the marker"
    assert fields(heard[1])[1] == 0
    check_continuous(heard)
    assert rig.tapped() == [(1, p) for p in sent], "the tap holds the packets as they came"
    assert rig.flow.quality()[:3] == (20, 0, 0)
    rig.close()


def test_many_at_once():
    """MicroPython's readinto joins waiting datagrams: none may be lost, none merged, events among them."""
    rig = Rig()
    rig.flow.forward(True)
    sent = [packet(100 + i, 160 * i) for i in range(9)]
    event = struct.pack(">BBHI", 0x80, 101, 109, 1440) + SSRC + bytes((5, 10, 0, 160))
    rig.send(*(sent[:3] + [event] + sent[3:]))
    heard = rig.heard()
    assert len(heard) == 10
    assert [fields(p)[5] for p in heard if fields(p)[1] & 127 == 0] == [fields(p)[5] for p in sent]
    assert rig.keys == [(1, "5")]
    assert [fields(p)[1] & 127 for p in heard].count(96) == 1, "the event has the other leg's payload type"
    assert [p for leg, p in rig.tapped()] == sent[:3] + [event] + sent[3:]
    rig.close()


def test_a_packet_that_the_buffer_cuts_is_lost_whole():
    rig = Rig()
    rig.flow.forward(True)
    rig.send(packet(1, 0, size=80))
    sent = [packet(2 + i, 80 + 80 * i, size=80) for i in range(30)]  # 92 bytes each do not fill 2,064 evenly
    rig.send(*sent)
    heard = rig.heard()
    assert len(heard) == 1 + 2064 // 92
    assert {len(p) for p in heard} == {92}
    assert rig.flow.dropped == 1
    rig.close()


def test_payload_that_looks_like_a_header():
    rig = Rig()
    rig.flow.forward(True)
    evil = bytearray(packet(200, 0))
    evil[40:44] = SSRC  # the SSRC alone is no header: version and sequence number do not fit
    rig.send(bytes(evil))
    assert len(rig.heard()) == 1
    rig.close()


def test_source_begins_anew():
    rig = Rig()
    rig.flow.forward(True)
    heard = []
    for i in range(5):
        rig.send(packet(10 + i, 160 * i))
        heard += rig.heard()
    for i in range(5):
        rig.send(packet(40000 + i, 90000 + 160 * i, ssrc=b"\x01\x02\x03\x04"))
        heard += rig.heard()
    assert len(heard) == 10
    check_continuous(heard)
    assert rig.flow.restarts == 1
    assert rig.flow.quality()[:3] == (10, 0, 0)
    rig.close()


def test_loss_and_reordering_are_counted():
    rig = Rig()
    rig.flow.forward(True)
    for sequence in (1, 2, 4, 3, 3, 7):
        rig.send(packet(sequence, 160 * sequence))
    received, lost, late, _, _ = rig.flow.quality()
    # expected 7; 6 came, two of them late (one a duplicate)
    assert (received, late) == (6, 2)
    assert lost == 7 - 4
    rig.close()


def test_notice_then_bridge_is_one_stream():
    rig = Rig(recorded=False)
    own = bytearray(172)
    for _ in range(3):
        fast_path.stamp(own, rig.flow.state, 0, 160, time.ticks_ms())
        rig.outer.write(own)
    rig.send(packet(9000, 5))  # nobody hears this: the notice is on
    rig.flow.forward(True)
    for i in range(3):
        rig.send(packet(9001 + i, 165 + 160 * i))
    heard = rig.heard()
    assert len(heard) == 6
    check_continuous(heard)
    assert [fields(p)[1] for p in heard] == [128, 0, 0, 128, 0, 0]
    assert rig.tapped() == []
    rig.close()


def test_rubbish_is_dropped():
    rig = Rig()
    rig.flow.forward(True)
    rig.send(packet(1, 0))
    for data in (b"", b"\x80", b"x" * 11, b"\x00" * 172, packet(5, 0, payload_type=99), bytes(500)):
        rig.send(data)
    assert len(rig.heard()) == 1
    rig.send(packet(2, 160))
    assert len(rig.heard()) == 1
    rig.close()


def test_a_machine_that_is_up_for_months():
    """Where ticks have more than 32 bits they must not be compared with what a word kept of them."""
    if sys.maxsize < 1 << 40:
        return  # ticks have 30 bits there

    class LongUp:
        @staticmethod
        def ticks_ms():
            return time.ticks_ms() + (1 << 40)

    fast_path.time = LongUp
    try:
        test_one_by_one()
        rig = Rig(recorded=False)
        own = bytearray(172)
        rig.flow.begin_talk(fast_path.ticks())
        fast_path.stamp(own, rig.flow.state, 0, 160, fast_path.ticks())
        rig.outer.write(own)
        rig.flow.begin_talk(fast_path.ticks())
        rig.flow.forward(True)
        rig.tap.start(rig.recording, fast_path.ticks())
        rig.send(packet(1, 0))
        heard = rig.heard()
        check_continuous(heard)
        rig.tap.flush()
        assert struct.unpack(">I", rig.recording.frames[0][1:5])[0] < 1000
    finally:
        fast_path.time = time
    rig.close()


def test_no_packet_allocates():
    rig = Rig()
    rig.flow.forward(True)
    data = packet(1, 0)
    heard = bytearray(172)
    rig.send(data)
    pump = rig.flow.pump
    control = rig.tap.control
    raw = bytearray(data)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for sequence in range(2, 202):
        raw[3] = sequence & 255
        raw[2] = sequence >> 8
        rig.sender.write(raw)
        pump()
        rig.listener.readinto(heard)
        control[fast_path.POSITION] = control[fast_path.FIRST]  # this test seals nothing
    used = gc.mem_alloc() - before
    gc.enable()
    # the loop's own numbers and the control word may be boxed on 32 bits, packets may not
    assert used < 200 * 16, used
    assert rig.flow.quality()[0] == 201
    rig.close()
