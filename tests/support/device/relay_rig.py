"""A relay between real sockets: a sender, the appliance's two sockets, a listener, and what the tap keeps."""

import os
import socket
import struct

from recorder.media.relay import Relay
from recorder.media.tap import Tap
from testigo_wire.recording import audio_frame_reader
from testigo_wire.recording.stream import START, buffer_size

PORTS = (40000, 49000)
SSRC = b"\x11\x22\x33\x44"
OUT = b"\xaa\x00\xcc\xdd"


class Stream:
    """The buffer of an audio stream, as testigo_wire.recording.stream has it."""

    start = START
    capacity = 6144

    def __init__(self):
        self.buffer = bytearray(buffer_size(self.capacity))


class PlainFrames:
    """In the place of a recording: keeps the plaintext of every frame."""

    def __init__(self):
        self.stream = Stream()
        self.frames = []

    def elapsed_ms(self):
        return 0

    def start_audio(self):
        return self.stream

    def write_audio(self, n):
        self.frames.append(bytes(self.stream.buffer[START : START + n]))
        return True


class NoCollection:
    """In the place of the HAL."""

    unaligned_words = False

    def collect(self):
        pass


def address(port):
    return socket.getaddrinfo("127.0.0.1", port)[0][-1]


def bound(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(address(port))
    sock.setblocking(False)
    return sock


def bound_sockets(count):
    """Sockets at free ports, one after the other; and the first port."""
    while True:
        first = PORTS[0] + int.from_bytes(os.urandom(2), "big") % (PORTS[1] - PORTS[0])
        made = []
        try:
            for port in range(first, first + count):
                made.append(bound(port))
            return made, first
        except OSError:
            for sock in made:
                sock.close()


def packet(sequence, timestamp, payload_type=0, ssrc=SSRC, size=160, fill=None):
    body = bytes((sequence * 7 + i if fill is None else fill) & 255 for i in range(size))
    return struct.pack(">BBHI", 0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF) + ssrc + body


class Rig:
    """A sender, the appliance's two sockets with a relay between them, and a listener."""

    def __init__(self, recorded=True):
        self.keys = []
        (self.sender, self.inner, self.outer, self.listener), self.port = bound_sockets(4)
        port = self.port
        self.sender.connect(address(port + 1))
        self.inner.connect(address(port))
        self.outer.connect(address(port + 3))
        self.listener.connect(address(port + 2))
        self.recording = PlainFrames()
        self.tap = Tap(NoCollection())
        self.relay = Relay(1, self.tap, OUT, lambda leg, digit: self.keys.append((leg, digit)))
        self.relay.set_source(self.inner, 0, 101)
        self.relay.set_sink(self.outer, 96)
        if recorded:
            self.tap.start(self.recording)

    def close(self):
        for sock in (self.sender, self.inner, self.outer, self.listener):
            sock.close()

    def send(self, *packets):
        """All of them wait at the socket before the relay looks."""
        for data in packets:
            self.sender.send(data)
        self.relay.on_readable()

    def heard(self):
        got = []
        while True:
            try:
                got.append(self.listener.recv(2000))
            except OSError:
                return got

    def tapped(self):
        self.tap.flush()
        frames = [audio_frame_reader.parse(frame) for frame in self.recording.frames]
        return [(leg, data) for frame in frames for leg, _, data in frame]


def fields(data):
    return struct.unpack(">BBHI", data[:8]) + (data[8:12], data[12:])


def check_continuous(heard, step=160):
    for before, after in zip(heard, heard[1:]):
        a, b = fields(before), fields(after)
        assert b[2] == (a[2] + 1) & 0xFFFF, (a[2], b[2])
        assert b[3] == (a[3] + step) & 0xFFFFFFFF, (a[3], b[3])
        assert b[4] == OUT
