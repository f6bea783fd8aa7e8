"""Datagram sockets in the event loop of MicroPython's asyncio, which has none.

asyncio waits through `core._io_queue`; this queue takes its place.  A datagram
socket stays registered once and its handler is called directly: waiting costs no
task switch and no allocation per packet.  Streams (TCP, TLS) go on as before.
"""

import select
from asyncio import core

SLICE_MS = 5  # how long streams may wait while datagrams are watched


class PacketQueue(core.IOQueue):
    def __init__(self, failed):
        """failed(exc): told of an exception that a handler let travel."""
        super().__init__()
        self.packets = select.poll()
        self.handlers = {}
        self.failed = failed

    def watch(self, sock, handler):
        self.handlers[sock] = handler
        self.packets.register(sock, select.POLLIN)

    def forget(self, sock):
        if self.handlers.pop(sock, None):
            self.packets.unregister(sock)

    def wait_io_event(self, dt):
        if self.map:
            super().wait_io_event(0)
            head = core._task_queue.peek()
            if head and core.ticks_diff(head.ph_key, core.ticks()) <= 0:
                dt = 0
            elif dt < 0 or dt > SLICE_MS:
                dt = SLICE_MS
        for sock, _ in self.packets.ipoll(dt):
            handler = self.handlers.get(sock)
            if handler:
                try:
                    handler()
                except Exception as exc:  # noqa: BLE001 - one bad packet must not end the other calls
                    self.failed(exc)


def revive(sock):
    """After a datagram without bytes. The ESP32's socket takes it for the end of a stream and gives nothing more until
    its state is set anew, which `listen` does before it finds that datagram sockets cannot."""
    try:
        sock.listen(0)
    except OSError:
        pass


def install(failed):
    """Puts a PacketQueue in asyncio's place, before anything waits; returns it."""
    core._io_queue = PacketQueue(failed)
    return core._io_queue
