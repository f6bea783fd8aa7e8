"""Datagram sockets in the event loop of MicroPython's asyncio, which has none.

asyncio waits through `core._io_queue`; this queue takes its place.  A datagram
socket stays registered once and its handler is called directly: waiting costs no
task switch and no allocation per packet.  Streams (TCP, TLS) go on as before.

In each turn of the event loop every readable socket's handler is called once: those of
media first, then those of messages, which must read a few datagrams only.  What is left
waits for the next turn, after the timers and tasks that are due.
"""

import select
from asyncio import core

SLICE_MS = 5  # how long streams may wait while datagrams are watched


class PacketQueue(core.IOQueue):
    def __init__(self, failed):
        """failed(exc): called with an exception that a handler raised."""
        super().__init__()
        self.packets = select.poll()
        self.handlers = {}  # of media
        self.messages = {}  # handlers that are called after those of media
        self.failed = failed
        self._failing = None  # the socket whose handler raised last
        self._byte = bytearray(1)

    def watch(self, sock, handler, media=True):
        """media: the handler comes before those of messages, and reads all that waits."""
        (self.handlers if media else self.messages)[sock] = handler
        self.packets.register(sock, select.POLLIN)

    def forget(self, sock):
        if self.handlers.pop(sock, None) or self.messages.pop(sock, None):
            self.packets.unregister(sock)

    def wait_io_event(self, dt):
        if self.map:
            super().wait_io_event(0)
            head = core._task_queue.peek()
            if head and core.ticks_diff(head.ph_key, core.ticks()) <= 0:
                dt = 0
            elif dt < 0 or dt > SLICE_MS:
                dt = SLICE_MS
        messages = False
        for sock, _ in self.packets.ipoll(dt):
            handler = self.handlers.get(sock)
            if handler:
                self._call(sock, handler)
            else:
                messages = True
        if messages:
            for sock in list(self.messages):
                handler = self.messages.get(sock)
                if handler:
                    self._call(sock, handler)

    def _call(self, sock, handler):
        try:
            handler()
            if self._failing is sock:
                self._failing = None
        except Exception as exc:  # noqa: BLE001 - one bad packet must not end the other calls
            if self._failing is sock:
                self._discard(sock)
            self._failing = sock
            self.failed(exc)

    def _discard(self, sock):
        """A handler that fails before it reads would be called for the same datagram for ever."""
        try:
            sock.readinto(self._byte)
        except OSError:
            pass  # it was read, or the socket is closed


def clear_peer_closed(sock):
    """Call it after a datagram without bytes. lwIP's socket on the ESP32 takes that for the end of a stream and returns
    nothing more until its state is reset. `listen` resets it, then fails because the socket is a datagram socket."""
    try:
        sock.listen(0)
    except OSError:
        pass


def install(failed):
    """Replaces asyncio's queue by a PacketQueue, before any task waits; returns it."""
    core._io_queue = PacketQueue(failed)
    return core._io_queue
