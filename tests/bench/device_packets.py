"""On MicroPython: processor time per packet bridged, tapped, sealed and spooled, against a bare loop.

The bare loop polls nothing and keeps nothing: it receives each packet and sends it.
Both are charged only for their own work: the time of the sending side of the bench,
measured alone in the same round, is taken off.  Prints one JSON object.
"""

import asyncio
import json
import socket
import struct
import sys
import time

from recorder.media import fast_path
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from support.device import stores
from testigo_wire.recording import audio_frame

PACKETS = 4000
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
BASE_PORT = 43000


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


class Source:
    """Both parties of a call: packets of one sequence number and timestamp, first that of the near one."""

    def __init__(self):
        self.near, self.near_in = pair(BASE_PORT)
        self.far, self.far_in = pair(BASE_PORT + 2)
        self.packet = bytearray(struct.pack(">BBHII", 0x80, 0, 0, 0, 0x01020304) + bytes(160))
        self.sequence = 0
        self.heard = bytearray(172)

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
        self.near.readinto(self.heard)
        self.far.readinto(self.heard)


def timed(step):
    start = time.clock()
    for _ in range(PACKETS // 2):
        step()
    return (time.clock() - start) * 1e6 / PACKETS


def median(values):
    return sorted(values)[len(values) // 2]


async def main():
    root = stores.fresh_root("bench")
    stores.provision(root)
    device = stores.Appliance(root)
    await device.boot()
    await device.documents.accept(stores.policy())
    device.keypool.set_recipients(device.documents.recipients())
    await device.keypool.fill()
    recording = device.recordings.open(device.documents.policy)
    recording.event("call", "main", "in", "", "", "", "sip")
    recording.event("policy", 1, bytes(32), "all", "notify")
    recording.event("notice", 1, "en", "hello", bytes(32), 1, 1, True)
    recording.event("consent", "notify", True, "notice", "", "")
    tap = Tap(device.hal)
    source = Source()
    relays = [Relay(leg, tap, b"\x01\x02\x03\x04", None) for leg in (0, 1)]
    relays[0].set_source(source.near_in, 0, None)
    relays[0].set_sink(source.far_in, None)
    relays[1].set_source(source.far_in, 0, None)
    relays[1].set_sink(source.near_in, None)
    for relay in relays:
        relay.set_forwarding(True)
    tap.start(recording)
    full = tap.control[fast_path.FIRST] + 23 * (audio_frame.PACKET_HEAD + 172)
    packet = bytearray(172)
    drain = bytearray(172)

    def sender_alone():
        source.send(source.near)
        source.near.readinto(drain)
        source.far.readinto(drain)
        source.send(source.far)
        source.near.readinto(drain)
        source.far.readinto(drain)
        source.near_in.readinto(packet)
        source.far_in.readinto(packet)

    def taking():
        source.near_in.readinto(packet)
        source.far_in.readinto(packet)

    def bare():
        source.send(source.near)
        source.near_in.readinto(packet)
        source.far_in.write(packet)
        source.hear()
        source.send(source.far)
        source.far_in.readinto(packet)
        source.near_in.write(packet)
        source.hear()

    def ours():
        source.send(source.near)
        relays[0].on_readable()
        source.hear()
        source.send(source.far)
        relays[1].on_readable()
        source.hear()
        # 50 packets a second of each leg: without this a frame would hold what a minute brings
        if tap.control[fast_path.POSITION] > full:
            tap.flush()

    def bridged_only():
        source.send(source.near)
        relays[0].on_readable()
        source.hear()
        source.send(source.far)
        relays[1].on_readable()
        source.hear()

    def timed_relays(step):
        """With sequence numbers that go on: after a jump packets are not passed on at first (RFC 3550 appendix A.1)."""
        other, source.sequence = source.sequence, passed[0]
        us = timed(step)
        passed[0], source.sequence = source.sequence, other
        return us

    passed = [0]
    floor, product, alone = [], [], []
    for _ in range(ROUNDS):
        alone.append(timed(sender_alone) - timed(taking))
        floor.append(timed(bare))
        product.append(timed_relays(ours))
    tap.stop()
    bridged = [timed_relays(bridged_only) for _ in range(ROUNDS)]
    for relay in relays:
        if relay.dropped or relay.quality()[:3] != (passed[0], 0, 0):
            raise RuntimeError("not all packets were passed on", relay.quality())
    await recording.close("test")
    base = median(alone)
    print(
        json.dumps(
            {
                "floor_us": median(floor) - base,
                "product_us": median(product) - base,
                "bridged_us": median(bridged) - base,
                "sender_us": base,
            }
        )
    )
    stores.remove_tree(root)


asyncio.run(main())
