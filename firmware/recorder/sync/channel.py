"""What TLS runs over: a stream of the serial link, or a TCP socket.

Both look like a non-blocking stream of MicroPython's: `readinto` and `write` give None when they would have to wait.
"""

import asyncio
import io
import select

from testigo_wire.console.transport import OPEN, TLS

_EIO = 5
_CLOSE = 4  # MP_STREAM_CLOSE of ioctl
_POLL = 3
_STEP_MS = 10


class ChannelError(Exception):
    """No stream to the vault; the text says why."""


class SerialChannel(io.IOBase):
    """Channel 1 of the serial port, for one TLS session."""

    def __init__(self, port):
        self._port = port
        self._endpoint = port.endpoint
        self._session = port.endpoint.session
        self._ended = self._closed = False

    def _lost(self):
        return self._endpoint.session != self._session or self._endpoint.state != OPEN

    def readinto(self, buffer):
        if self._ended or self._lost():
            return 0
        data = self._endpoint.read(TLS, len(buffer))
        if data is None:
            return None
        if not data:
            self._ended = True
            self._port.unended = None
        buffer[: len(data)] = data
        return len(data)

    def write(self, buffer):
        if self._lost():
            return -_EIO
        return self._endpoint.send(TLS, buffer) or None

    def ioctl(self, request, argument):
        if request == _POLL:
            return argument  # the caller tries, and waits a little when it was too early
        if request == _CLOSE and not self._closed:
            self._closed = True
            if not self._lost():
                self._endpoint.send_end(TLS)
        return 0

    def close(self):
        self.ioctl(_CLOSE, 0)


async def open_serial(port, limit_ms):
    """A fresh stream; what the peer still sends on the last one is passed over."""
    endpoint = port.endpoint
    if endpoint.state != OPEN:
        raise ChannelError("no program on the serial port has opened a session")
    while port.unended == endpoint.session:
        piece = endpoint.read(TLS)
        if piece == b"":
            break
        if piece is None:
            limit_ms -= _STEP_MS
            if limit_ms < 0:
                raise ChannelError("the last stream on the serial port has no end")
            await asyncio.sleep_ms(_STEP_MS)
    port.unended = endpoint.session
    return SerialChannel(port)


async def open_tcp(hal, host, port, limit_ms):
    """A connected socket."""
    try:
        sock = hal.tcp(host, port)
    except OSError as error:
        raise ChannelError("%s: %s" % (host, error))
    poll = select.poll()
    poll.register(
        sock, select.POLLOUT | select.POLLERR | select.POLLHUP
    )  # a chip reports only the events that are registered
    while True:
        for _, event in poll.ipoll(0):
            if event & (select.POLLERR | select.POLLHUP):
                sock.close()
                raise ChannelError("%s port %d: no connection" % (host, port))
            return sock
        limit_ms -= _STEP_MS
        if limit_ms < 0:
            sock.close()
            raise ChannelError("%s port %d does not answer" % (host, port))
        await asyncio.sleep_ms(_STEP_MS)
