"""The relay by recv(): one datagram a call, and no exceptions."""

import gc
import socket

import ffi

from recorder.media import relay_by_recv
from support.device.relay_rig import Rig, address, check_continuous, packet

RECV = ffi.open(None).func("i", "recv", "iPii")


def rig_by_recv():
    rig = Rig()
    rig.relay.on_readable = relay_by_recv.handler(rig.relay, rig.inner, RECV)
    rig.relay.set_forwarding(True)
    return rig


def test_what_waits_is_passed_on_one_packet_a_call():
    rig = rig_by_recv()
    packets = [packet(number, 160 * number) for number in range(1, 7)]
    rig.send(*packets[:3])
    assert len(rig.heard()) == 1
    for _ in range(4):
        rig.relay.on_readable()  # the last two find nothing
    assert len(rig.heard()) == 2
    for data in packets[3:]:
        rig.send(data)
    heard = rig.heard()
    assert len(heard) == 3
    check_continuous(heard)
    assert rig.relay.quality()[:3] == (6, 0, 0)
    assert rig.tapped() == [(1, data) for data in packets]
    rig.close()


def test_longer_shorter_and_empty_datagrams_keep_their_ends():
    rig = rig_by_recv()
    sizes = (160, 240, 80, 160)
    packets = [packet(number, 160 * number, size=size) for number, size in enumerate(sizes, 1)]
    rig.send(packets[0], b"", packets[1], b"noise", packets[2], packets[3])
    for _ in range(5):
        rig.relay.on_readable()
    assert [len(data) - 12 for data in rig.heard()] == list(sizes)
    assert rig.relay.dropped == 1
    assert rig.tapped() == [(1, data) for data in packets]
    rig.close()


def test_events_go_the_slow_way():
    rig = rig_by_recv()
    rig.send(packet(1, 160))
    rig.send(packet(2, 160, payload_type=101, size=0) + bytes((4, 10, 0, 160)))
    assert rig.keys == [(1, "4")]
    assert [data[1] & 127 for data in rig.heard()] == [0, 96]
    rig.close()


def test_an_icmp_answer_is_not_an_error():
    rig = rig_by_recv()
    rig.sender.close()
    rig.inner.send(b"to a port that is closed now")
    rig.relay.on_readable()
    rig.relay.on_readable()
    again = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    again.bind(socket.getaddrinfo("127.0.0.1", rig.port)[0][-1])
    again.connect(address(rig.port + 1))
    rig.sender = again
    rig.send(packet(1, 160))
    assert len(rig.heard()) == 1
    rig.close()


def test_packets_that_cannot_be_sent_are_counted():
    rig = rig_by_recv()
    rig.outer.close()
    rig.send(packet(1, 160))
    rig.send(packet(2, 320))
    assert rig.relay.dropped == 2
    assert len(rig.tapped()) == 2
    rig.close()


def test_no_packet_allocates():
    rig = rig_by_recv()
    rig.send(packet(1, 0))
    raw, heard = bytearray(packet(2, 160)), bytearray(172)
    pump = rig.relay.on_readable
    rig.listener.readinto(heard)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for sequence in range(2, 22):
        raw[3] = sequence
        rig.sender.write(raw)
        pump()
        rig.listener.readinto(heard)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0, used
    assert rig.relay.quality()[0] == 21
    rig.close()
