"""The appliance's serial cable: its port, the other end with a console program, and faults on the line between them.

Bytes go through memory. A fault belongs to the n-th frame (docs/formats/serial.md) of one direction.
"""

import asyncio

from testigo_wire.console.client import Client, RequestRefused
from testigo_wire.console.transport import CONTROL, OPEN, TLS, Endpoint

UP, DOWN = 0, 1  # from the appliance, to the appliance
CUT, DELAY, DOUBLE, CORRUPT = "cut", "delay", "double", "corrupt"
DELAY_MS = 2500
STEP_MS = 8
WAITING = 1 << 16  # bytes that the line holds


class Line:
    """Frames of one direction. A frame ends in a zero byte."""

    def __init__(self, hal):
        self._hal = hal
        self._part = b""
        self._ready = []  # (when, bytes)
        self.frames = 0
        self.fault = None  # (what, n, below)
        self.happened = False
        self.cut = False

    def put(self, data):
        self._part += data
        while True:
            end = self._part.find(b"\0")
            if end < 0:
                return
            frame = self._part[: end + 1]
            self._part = self._part[end + 1 :]
            if len(frame) > 1:
                self.frames += 1
                if self.fault and self.frames == self.fault[1]:
                    self.happened = True
                    self._deliver_faulty(frame)
                    continue
            self._deliver(frame)

    def _deliver(self, frame, after_ms=0):
        if not self.cut and sum([len(entry[1]) for entry in self._ready]) < WAITING:
            self._ready.append((self._hal.ms() + after_ms, frame))

    def _deliver_faulty(self, frame):
        what, _, below = self.fault
        if what == CUT:
            self.cut = True
        elif what == DELAY:
            self._deliver(frame, DELAY_MS)
        elif what == DOUBLE:
            self._deliver(frame)
            self._deliver(frame)
        else:
            at = below(len(frame))
            self._deliver(frame[:at] + bytes((frame[at] ^ 1 << below(8),)) + frame[at + 1 :])

    def take(self, limit):
        """-> up to `limit` bytes that have arrived."""
        out = b""
        while self._ready and len(out) < limit and self._ready[0][0] <= self._hal.ms():
            when, frame = self._ready.pop(0)
            room = limit - len(out)
            out += frame[:room]
            if len(frame) > room:
                self._ready.insert(0, (when, frame[room:]))
        return out


class Port:
    """The appliance's end, as the HAL wants it."""

    ROOM = 2048
    PACE = 4096

    def __init__(self, cable):
        self._cable = cable

    def read_into(self, buffer):
        data = self._cable.lines[DOWN].take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, buffer, n):
        self._cable.lines[UP].put(bytes(buffer[:n]))
        return n


class Console:
    """A program at the other end: requests of the console, and a vault on the channel of TLS."""

    def __init__(self, hal, epoch):
        self._hal = hal
        self.lines = (Line(hal), Line(hal))
        self.port = Port(self)
        self._epoch = epoch
        self._open()

    def reopen(self):
        """Another program opens the port."""
        self._open()

    def _open(self):
        self._unended = None
        self.endpoint = Endpoint(self._epoch, True, 4096, 4096, 4096)
        self._epoch += 1
        self._client = Client()

    async def run(self):
        """Moves bytes until it is cancelled."""
        while True:
            self.pump()
            await asyncio.sleep_ms(STEP_MS)

    def pump(self):
        now = self._hal.ms()
        data = self.lines[UP].take(4096)
        if data:
            self.endpoint.receive(data, now)
        frame = self.endpoint.data_to_send(now)
        while frame:
            self.lines[DOWN].put(frame)
            frame = self.endpoint.data_to_send(now)

    async def request(self, limit_ms, name, *arguments):
        """-> the value of the answer, or a text that begins with "no: "; None without an answer, and the port is opened again."""
        try:
            return await asyncio.wait_for_ms(self._request(name, arguments), limit_ms)
        except asyncio.TimeoutError:
            self.reopen()
            return None

    async def _request(self, name, arguments):
        while self.endpoint.state != OPEN:
            await asyncio.sleep_ms(STEP_MS)
        session = self.endpoint.session
        left = memoryview(self._client.request(name, *arguments))
        while left:
            left = left[self.endpoint.send(CONTROL, left) :]
            if left:
                await asyncio.sleep_ms(STEP_MS)
        while True:
            if self.endpoint.session != session:
                return await self._request(name, arguments)  # the line was lost, and is open again
            data = self.endpoint.read(CONTROL)
            if data:
                self._client.receive(data)
            try:
                answer = self._client.next()
            except RequestRefused as refusal:
                return "no: " + str(refusal)
            if answer and answer[0]:
                return answer[1]
            if not data:
                await asyncio.sleep_ms(STEP_MS)

    async def bridge(self, sock):
        """Carries the channel of TLS to a connected, non-blocking socket of a vault and back, until either side ends."""
        pending = b""
        endpoint = self.endpoint
        if self._unended == endpoint.session:  # what the appliance still sent in the stream before this one
            while endpoint.read(TLS):
                pass
        self._unended = endpoint.session
        session = endpoint.session
        while endpoint.session == session and endpoint.state == OPEN:
            moved = False
            data = endpoint.read(TLS)
            if data == b"":
                self._unended = None
                break
            if data:
                moved = True
                _send_all(sock, data)
            if not pending:
                pending = sock.read(4096)
                if pending == b"":
                    break
            if pending:
                taken = endpoint.send(TLS, pending)
                pending = pending[taken:]
                moved = moved or taken > 0
            if not moved:
                await asyncio.sleep_ms(STEP_MS)
        if endpoint.session == session:
            endpoint.send_end(TLS)


def _send_all(sock, data):
    while data:
        count = sock.write(data)
        data = data[count or 0 :]
