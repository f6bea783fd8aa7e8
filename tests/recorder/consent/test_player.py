"""A notice is complete only when the network took its packets: a telephone with a closed port has heard nothing."""

import os
import time

from recorder.consent.player import Player
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from recorder.storage.primitives import DEVICE
from support.device import stores
from support.device.two_phone_rig import HOST, ports


class Stored:
    """A notice of half a second. digest: that was signed."""

    name = "hello"
    language = "en"

    def __init__(self, root):
        self.path = root + "/audio"
        self.audio = os.urandom(4000)
        self.signed = DEVICE.sha256(self.audio)
        with open(self.path, "wb") as file:
            file.write(self.audio)

    def open(self, encoding):
        return open(self.path, "rb")

    def length(self, encoding):
        return 4000

    def digest(self, encoding):
        return self.signed


async def played(open_from, signed=True):
    """-> (Player, packets that came, when each was sent in ms). open_from: the packet before which the telephone opens its
    port; None: never."""
    root = stores.fresh_root("player")
    a = stores.Appliance(root)
    await a.boot(fill=False)
    notice = Stored(root)
    if not signed:
        notice.signed = bytes(32)
    port = ports()
    sink = a.hal.udp(HOST, port)
    sink.connect(a.hal.address(HOST, port + 2))
    relay = Relay(0, Tap(a.hal), bytes(4), lambda leg, digit: None)
    came = []
    sent_ms = []
    phone = []

    class Sink:
        sent = 0

        def write(self, packet):
            if Sink.sent == open_from:
                phone.append(a.hal.udp(HOST, port + 2))
            Sink.sent += 1
            sent_ms.append(time.ticks_ms())
            return sink.write(packet)

    relay.set_sink(Sink(), None)
    player = Player(DEVICE, notice, "PCMU", (relay,))
    await player.run()
    for sock in phone:
        while True:
            try:
                came.append(sock.recv(400))
            except OSError:
                break
        sock.close()
    sink.close()
    stores.remove_tree(root)
    return player, came, sent_ms


async def test_complete_when_every_packet_was_sent():
    player, came, _ = await played(0)
    assert player.completed and player.played_ms == 500 and len(came) == 25 and not player.refused


async def test_packets_leave_20_ms_apart():
    """By the time of the appliance: a machine that is late sends what is owed at once, and keeps the pace of the whole."""
    _, came, sent_ms = await played(0)
    assert len(came) == 25
    late = [time.ticks_diff(at, sent_ms[0]) - 20 * number for number, at in enumerate(sent_ms)]
    assert min(late) >= -1 and late[-1] <= 20, late


async def test_complete_when_a_port_opens_a_moment_late():
    player, came, _ = await played(2)
    assert player.completed and len(came) >= 22


async def test_incomplete_when_the_port_is_closed():
    player, _, _ = await played(None)
    assert not player.completed and player.refused > 5


async def test_incomplete_when_the_audio_is_not_the_signed_one():
    player, _, _ = await played(0, signed=False)
    assert not player.completed
