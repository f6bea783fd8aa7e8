"""One call's audio at the softphone: paced sending (RFC 3550, RFC 4733), and what came, measured and kept."""

import asyncio
import os
import random
from collections import Counter, deque

from testigo_tools.softphone.audio import Timeline
from testigo_wire.rtp import g711, rtp, telephone_event
from testigo_wire.sip import sdp

FRAME = 160
PTIME_S = 0.020


class Media(asyncio.DatagramProtocol):
    """The socket, the stream that goes out and the one that comes in."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.port = 0
        self.endpoint: sdp.Endpoint | None = None
        self.agreed: sdp.Agreed | None = None
        self.timeline = Timeline()
        self.statistics = rtp.Statistics()
        self.ssrcs: list[int] = []
        self.payload_types: Counter[int] = Counter()
        self.digits: list[str] = []
        self.timestamp_jumps = 0
        self.sequence_jumps = 0
        self.foreign = 0
        self.sent = 0
        self.sent_payload = bytearray()  # G.711 as sent, without keys
        self.started_ms: int | None = None
        self.played = asyncio.Event()
        self._audio = b""
        self._position = 0
        self._keys: deque[tuple[bool, bytes, asyncio.Event | None]] = deque()
        self._decoder = telephone_event.Decoder()
        self._last: rtp.Packet | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, port))
        self.port = self._transport.get_extra_info("sockname")[1]
        self.endpoint = sdp.Endpoint(self.host, self.port, os.urandom)

    def close(self) -> None:
        if self._task:
            self._task.cancel()
        for _, _, done in self._keys:
            if done:
                done.set()  # the call is over: do not wait for its keys
        self._keys.clear()
        if self._transport:
            self._transport.close()

    def start(self, agreed: sdp.Agreed) -> None:
        """Send by what was agreed; a second time it changes what is sent, not the stream's numbers."""
        self.agreed = agreed
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send())

    def play(self, samples: bytes) -> None:
        """Send samples from now on; silence before and after."""
        self._audio = samples
        self._position = 0
        self.played.clear()

    async def press(self, digit: str, duration_ms: int = 160) -> None:
        """Send a key and wait until it is out."""
        made = telephone_event.packets(digit, duration_ms)
        done = asyncio.Event()
        self._keys.extend((marker, payload, None) for marker, payload in made[:-1])
        self._keys.append((*made[-1], done))
        await done.wait()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        sequence, timestamp = random.getrandbits(16), random.getrandbits(32)
        ssrc = random.getrandbits(32)
        event_timestamp = timestamp
        first = True
        due = loop.time()
        while True:
            agreed = self.agreed
            if agreed and self._transport and agreed.direction in ("sendrecv", "sendonly") and agreed.port:
                done = None
                if self._keys and agreed.event_type is not None:
                    marker, payload, done = self._keys.popleft()
                    payload_type = agreed.event_type
                    event_timestamp = timestamp if marker else event_timestamp
                    stamp = event_timestamp
                else:
                    marker, payload, payload_type, stamp = first, self._frame(agreed), agreed.payload_type, timestamp
                    first = False
                packet = rtp.build(payload_type, marker, sequence, stamp, ssrc, payload)
                self._transport.sendto(packet, (agreed.host, agreed.port))
                self.sent += 1
                sequence += 1
                if done:
                    done.set()
            timestamp += FRAME
            due += PTIME_S
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _frame(self, agreed: sdp.Agreed) -> bytes:
        samples = self._audio[self._position : self._position + 2 * FRAME]
        self._position += len(samples)
        if len(samples) < 2 * FRAME:
            self.played.set()
            samples += bytes(2 * FRAME - len(samples))
        payload = g711.encode(agreed.encoding, samples)
        self.sent_payload += payload
        return payload

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = int(asyncio.get_running_loop().time() * 1000)
        try:
            packet = rtp.parse(data)
        except rtp.RtpError:
            self.foreign += 1
            return
        self.payload_types[packet.payload_type] += 1
        if self.started_ms is None:
            self.started_ms = now
        if packet.ssrc not in self.ssrcs:
            self.ssrcs.append(packet.ssrc)
        self._continuity(packet)
        if self.statistics.receive(packet, now) is None:
            return  # a stray, or the first packet after a restart: the next one shows it
        agreed = self.agreed
        if agreed and packet.payload_type == agreed.event_type:
            digit = self._decoder.receive(packet.timestamp, packet.payload)
            if digit:
                self.digits.append(digit)
            return
        encoding = sdp.STATIC.get(packet.payload_type) or (agreed.encoding if agreed else "")
        if encoding:
            self.timeline.put(encoding, self.statistics.restarts, packet.timestamp, packet.payload, now)

    def _continuity(self, packet: rtp.Packet) -> None:
        # The listener must not be able to tell the notice from the bridge by the stream's numbers.
        last, self._last = self._last, packet
        if last is None or last.ssrc != packet.ssrc:
            return
        event_type = self.agreed.event_type if self.agreed else None
        elapsed = packet.timestamp - last.timestamp & 0xFFFFFFFF
        if packet.sequence_number - last.sequence_number & 0xFFFF != 1:
            self.sequence_jumps += 1
        elif elapsed >= 0x80000000 or (
            event_type not in (packet.payload_type, last.payload_type) and elapsed != len(last.payload)
        ):
            self.timestamp_jumps += 1

    def report(self) -> dict[str, object]:
        statistics = self.statistics
        return {
            "codec": self.agreed.encoding if self.agreed else None,
            "sent": self.sent,
            "received": statistics.received,
            "lost": statistics.lost,
            "duplicates": statistics.duplicates,
            "jitter_ms": round(statistics.jitter_ms, 2),
            "sources": len(self.ssrcs),
            "sequence_jumps": self.sequence_jumps,
            "timestamp_jumps": self.timestamp_jumps,
            "not_rtp": self.foreign,
            "keys_heard": "".join(self.digits),
        }
