"""On MicroPython: what the measurements of a packet share: two parties' sockets, a bare loop, and the appliance's way."""

import socket
import struct
import time

from recorder.media import fast_path, relay_by_recv
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from support.device import stores
from testigo_wire.crypto import p256
from testigo_wire.recording import audio_frame

BASE_PORT = 43000
PACKET = 172  # G.711, 20 ms
PER_FRAME = 2 * (fast_path.FRAME_MS // 20 + 1)  # of both parties, as they come in a call
FRAMES_PER_ROUND = 64  # with one collection of garbage (recorder/hal_common.py)
PER_ROUND = FRAMES_PER_ROUND * PER_FRAME


def bound(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    sock.setblocking(False)
    return sock


def pair(port):
    """(outside, inside): two connected sockets, the peer's and ours."""
    outside, inside = bound(port), bound(port + 1)
    outside.connect(socket.getaddrinfo("127.0.0.1", port + 1)[0][-1])
    inside.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    return outside, inside


class Parties:
    """Both telephones of a call. Each method of the first group is one step: a packet of each party."""

    def __init__(self):
        self.near, self.near_in = pair(BASE_PORT)
        self.far, self.far_in = pair(BASE_PORT + 2)
        self.packet = bytearray(struct.pack(">BBHII", 0x80, 0, 0, 0, 0x01020304) + bytes(PACKET - 12))
        self.sequence = 0
        self.taken = bytearray(PACKET)

    def sender(self):
        """What a step does beside the work that is measured, and what `take` does."""
        self.send(self.near)
        self.hear()
        self.send(self.far)
        self.hear()
        self.take()

    def take(self):
        """Take away the packets that wait where the appliance would read them."""
        self.near_in.readinto(self.taken)
        self.far_in.readinto(self.taken)

    def send_both(self):
        """What `take` needs before it."""
        self.send(self.near)
        self.send(self.far)

    def bare(self):
        """The reference: each packet is received and sent."""
        packet = self.taken
        self.send(self.near)
        self.near_in.readinto(packet)
        self.far_in.write(packet)
        self.hear()
        self.send(self.far)
        self.far_in.readinto(packet)
        self.near_in.write(packet)
        self.hear()

    def send(self, sock):
        if sock is self.near:
            self.sequence += 1
        packet = self.packet
        packet[2] = self.sequence >> 8 & 255
        packet[3] = self.sequence & 255
        stamp = self.sequence * 160
        packet[5] = stamp >> 16 & 255
        packet[6] = stamp >> 8 & 255
        packet[7] = stamp & 255
        sock.write(packet)

    def hear(self):
        """Take away what waits at either end, so that no queue fills."""
        self.near.readinto(self.taken)
        self.far.readinto(self.taken)


class Bridged:
    """The appliance's relays between the two parties. With a folder the packets are recorded in it."""

    def __init__(self, parties, folder=None):
        self.parties = parties
        self.folder = folder
        self.flusher = None
        self.sequence = 0  # of its own: after a jump packets are not passed on at first (RFC 3550 appendix A.1)

    async def start(self):
        self.root = stores.fresh_root("bench") if self.folder is None else stores.fresh_root("bench", self.folder)
        stores.provision(self.root)
        device = stores.Appliance(self.root)
        await device.boot()
        await device.documents.accept(stores.policy())
        device.keypool.set_recipients(device.documents.recipients())
        await device.keypool.fill()
        self.tap = Tap(device.hal)
        parties = self.parties
        self.relays = [Relay(leg, self.tap, b"\x01\x02\x03\x04", None) for leg in (0, 1)]
        for source, sink in ((0, 1), (1, 0)):
            ours = parties.near_in, parties.far_in
            self.relays[source].set_source(ours[source], 0, None)
            self.relays[source].set_sink(ours[sink], None)
        for relay in self.relays:
            relay.set_forwarding(True)
        self.near_handler, self.far_handler = [relay.on_readable for relay in self.relays]
        if device.hal.recv:
            self.near_handler = relay_by_recv.handler(self.relays[0], parties.near_in, device.hal.recv)
            self.far_handler = relay_by_recv.handler(self.relays[1], parties.far_in, device.hal.recv)
        if self.folder is None:
            return
        recording = self.recording = p256.finish(device.recordings.open_steps(device.documents.policy))
        recording.event("call", "main", "in", "", "", "", "sip")
        recording.event("policy", 1, bytes(32), "all", "notify")
        recording.event("notice", 1, "en", "hello", bytes(32), 1, 1, True)
        recording.event("consent", "notify", True, "notice", "", "")
        self.tap.start(recording)
        self.flusher = recording.flusher
        # Here packets come faster than in a call: a frame is full when it holds what comes in its time.
        control = self.tap.control
        control[fast_path.LIMIT] = control[fast_path.FIRST] + PER_FRAME * (audio_frame.PACKET_HEAD + PACKET) - 1

    def step(self):
        """A packet of each party through the appliance."""
        parties = self.parties
        parties.send(parties.near)
        self.near_handler()
        parties.hear()
        parties.send(parties.far)
        self.far_handler()
        parties.hear()

    def wait_for_flush(self):
        """Flushes last longer than packets that come one after the other."""
        while self.flusher and self.flusher.runs():
            time.sleep_us(300)

    async def finish(self):
        """Raises RuntimeError where the appliance did not do what was measured."""
        for relay in self.relays:
            if relay.dropped or relay.quality()[:3] != (self.sequence, 0, 0):
                raise RuntimeError("not all packets were passed on", relay.quality())
        if self.folder is not None:
            self.tap.stop()
            frames = self.recording._frames
            if self.recording.failed or frames != 2 * self.sequence // PER_FRAME:
                raise RuntimeError("not all frames were recorded", self.recording.failed, frames)
            await self.recording.close("test")
        stores.remove_tree(self.root)
