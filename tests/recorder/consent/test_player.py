"""A notice is complete only when the network took it: a telephone whose port is closed heard nothing."""

import os

from recorder.consent.player import Player
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from recorder.storage.primitives import DEVICE
from support.device import stores as appliance
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
    """-> (Player, packets that came). open_from: the packet before which the telephone opens its port; None: never."""
    root = appliance.fresh_root("player")
    a = appliance.Appliance(root)
    await a.boot(fill=False)
    notice = Stored(root)
    if not signed:
        notice.signed = bytes(32)
    port = ports()
    sink = a.hal.udp(HOST, port)
    sink.connect(a.hal.address(HOST, port + 2))
    flow = Relay(0, Tap(a.hal), bytes(4), lambda leg, digit: None)
    came = []
    phone = []

    class Sink:
        sent = 0

        def write(self, packet):
            if Sink.sent == open_from:
                phone.append(a.hal.udp(HOST, port + 2))
            Sink.sent += 1
            return sink.write(packet)

    flow.set_sink(Sink(), None)
    player = Player(DEVICE, notice, "PCMU", (flow,))
    await player.run()
    for sock in phone:
        while True:
            try:
                came.append(sock.recv(400))
            except OSError:
                break
        sock.close()
    sink.close()
    appliance.remove_tree(root)
    return player, came


async def test_all_of_it_was_taken():
    player, came = await played(0)
    assert player.completed and player.played_ms == 500 and len(came) == 25 and not player.refused


async def test_a_port_that_opens_a_moment_late_has_heard_enough():
    player, came = await played(2)
    assert player.completed and len(came) >= 22


async def test_nobody_was_there():
    player, _ = await played(None)
    assert not player.completed and player.refused > 5


async def test_another_than_was_signed():
    player, _ = await played(0, signed=False)
    assert not player.completed
