"""The queue of datagram sockets: media first, messages bounded, timers in between, and a handler that fails ends nothing."""

import asyncio

from recorder.hal_unix import Hal
from support.device import stores
from support.device.two_phone_rig import HOST, Board, ports

HEAP = "400k"


class Ends:
    """A HAL with a socket of media and one of messages, and a third one that sends to both."""

    def __init__(self, name):
        self.root = stores.fresh_root(name)
        self.hal = hal = Hal(Board, {"root": self.root, "console": "no"})
        port = ports()
        self.media, self.messages, self.sender = [hal.udp(HOST, port + i) for i in range(3)]
        self.to = [hal.address(HOST, port + i) for i in range(2)]
        self.failures = []
        hal._queue.failed = self.failures.append

    def send(self, which, count=1):
        for _ in range(count):
            self.sender.sendto(b"datagram", self.to[which])

    def close(self):
        for sock in (self.media, self.messages, self.sender):
            self.hal.forget(sock)
            sock.close()
        stores.remove_tree(self.root)


async def test_media_is_read_before_messages():
    ends = Ends("order")
    order = []

    def read(sock, name):
        sock.recvfrom(100)
        order.append(name)

    ends.hal.on_readable(ends.messages, lambda: read(ends.messages, "message"), False)
    ends.hal.on_readable(ends.media, lambda: read(ends.media, "media"))
    ends.send(1, 3)
    ends.send(0, 3)
    await asyncio.sleep_ms(20)
    assert order == ["media", "message"] * 3, order
    ends.close()


async def test_timers_run_while_messages_come_without_end():
    ends = Ends("timers")
    read = []

    def endless():
        ends.messages.recvfrom(100)
        read.append(1)
        ends.send(1)

    ends.hal.on_readable(ends.messages, endless, False)
    ends.send(1)
    for _ in range(5):
        await asyncio.sleep_ms(10)
    assert len(read) > 5
    ends.close()


async def test_a_handler_that_never_reads_does_not_spin():
    ends = Ends("spin")
    calls = []

    def broken():
        calls.append(1)
        raise ValueError("before it reads")

    ends.hal.on_readable(ends.messages, broken, False)
    ends.send(1, 5)
    await asyncio.sleep_ms(50)
    assert len(calls) == len(ends.failures) == 6, calls
    await asyncio.sleep_ms(1000)
    assert len(calls) == 6
    ends.close()


async def test_one_failure_loses_no_other_datagram():
    ends = Ends("once")
    read = []

    def fails_once():
        ends.messages.recvfrom(100)
        read.append(1)
        if len(read) == 2:
            raise ValueError("of this datagram")

    ends.hal.on_readable(ends.messages, fails_once, False)
    ends.send(1, 5)
    await asyncio.sleep_ms(50)
    assert len(read) == 5 and len(ends.failures) == 1
    ends.close()


async def test_a_socket_that_is_forgotten_by_another_handler_is_not_read():
    ends = Ends("forgotten")
    ends.hal.on_readable(ends.media, lambda: (ends.media.recvfrom(100), ends.hal.forget(ends.messages)))
    ends.hal.on_readable(ends.messages, lambda: ends.failures.append("read"), False)
    ends.send(1)
    ends.send(0)
    await asyncio.sleep_ms(20)
    assert not ends.failures
    ends.close()
