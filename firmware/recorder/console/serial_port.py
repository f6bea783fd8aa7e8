"""Runs the serial link (docs/formats/serial.md) on the board's own port.

A chip's port buffers `ROOM` bytes that are not read yet, and takes `PACE` bytes at a time without making the caller wait.
Both are attributes of the port in the HAL. The peer gets the first from the protocol, the pump here observes the second.
"""

import asyncio
import gc

from testigo_wire.console.transport import OPEN, Endpoint

RECEIVE_BUFFER = 1024
SEND_BUFFER = 3072
BUSY_MS = 8  # PACE bytes leave a port of 115,200 baud in that time
IDLE_MS = 16  # ROOM bytes arrive in more than that
STAY_BUSY_MS = 200


class SerialPort:
    """endpoint: of the protocol, without I/O. unended: the session in which the peer has not ended its TLS stream yet."""

    def __init__(self, hal, primitives):
        self._hal = hal
        self._port = hal.serial
        epoch = int.from_bytes(primitives.random(4), "big") or 1
        self.endpoint = Endpoint(epoch, False, RECEIVE_BUFFER, self._port.ROOM, SEND_BUFFER)
        self.unended = None
        self.turns = 0  # of the pump, since it was last set to 0
        self.arrived = asyncio.Event()

    async def run(self, control):
        """Moves bytes between the port and the protocol until it is cancelled. control: serves channel 0."""
        server = asyncio.create_task(control.run(self))
        try:
            await self._pump()
        finally:
            server.cancel()

    async def _pump(self):
        hal, port, endpoint = self._hal, self._port, self.endpoint
        buffer = bytearray(128)
        frame = b""
        busy_until = 0
        while True:
            now = hal.ms()
            self.turns += 1
            try:
                n = port.read_into(buffer)
                while n:
                    busy_until = now + STAY_BUSY_MS
                    endpoint.receive(bytes(memoryview(buffer)[:n]), now)
                    self.arrived.set()
                    n = port.read_into(buffer) if n == len(buffer) else 0
                budget = port.PACE
                while budget > 0:
                    frame = frame or endpoint.data_to_send(now)
                    if not frame:
                        break
                    busy_until = now + STAY_BUSY_MS
                    n = port.write(frame, min(len(frame), budget))
                    if not n:
                        break
                    frame = frame[n:]
                    budget -= n
            except MemoryError:
                gc.collect()  # the lost part of a frame is sent again
            if now < busy_until:
                await asyncio.sleep_ms(BUSY_MS)
            else:
                await asyncio.sleep_ms(IDLE_MS)

    async def send(self, channel, data, limit_ms):
        """Sends all of `data` -> whether it was sent, False when the session ends or the time is over."""
        endpoint = self.endpoint
        session = endpoint.session
        end = self._hal.ms() + limit_ms
        data = memoryview(data)
        while len(data):
            data = data[endpoint.send(channel, data) :]
            if len(data):
                if endpoint.session != session or endpoint.state != OPEN or self._hal.ms() > end:
                    return False
                await asyncio.sleep_ms(BUSY_MS)
        return True

    async def flush(self, channel, limit_ms):
        """Waits until the peer has confirmed all that was sent, or the time is over."""
        end = self._hal.ms() + limit_ms
        while self.endpoint.unsent(channel) and self._hal.ms() < end:
            await asyncio.sleep_ms(BUSY_MS)
