"""The telephones of the latency measurement, on plain sockets: asyncio would add to the time that is measured."""

import os
import select
import socket
import struct
import time

from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35)
HEADER = 12
PAYLOAD = 160
OF_THE_STREAMS = 1 << 60  # nanoseconds of the clock; the payloads of a notice are other numbers


class Party:
    """One telephone's end of one call."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.setblocking(False)
        self.endpoint = sdp.Endpoint("127.0.0.1", self.sock.getsockname()[1], os.urandom)
        self.to: tuple[str, int] | None = None
        self.sent = 0
        self.latencies: list[float] = []  # of what was heard, in microseconds

    def agree(self, agreed: sdp.Agreed) -> None:
        self.to = agreed.host, agreed.port

    def send(self) -> None:
        self.sent += 1
        head = struct.pack(">BBHII", 0x80, 0, self.sent & 0xFFFF, self.sent * 160, self.sock.fileno())
        self.sock.sendto(head + struct.pack(">Q", time.time_ns()) + bytes(PAYLOAD - 8), self.to)  # type: ignore[arg-type]

    def receive(self) -> None:
        try:
            data, ancillary, _, _ = self.sock.recvmsg(2048, 64)
        except OSError:
            return
        stamps = [value for _, kind, value in ancillary if kind == SO_TIMESTAMPNS]
        if stamps and len(data) == HEADER + PAYLOAD:
            seconds, nanoseconds = struct.unpack("qq", stamps[0][:16])
            sent = struct.unpack_from(">Q", data, HEADER)[0]
            if sent > OF_THE_STREAMS:
                self.latencies.append((seconds * 10**9 + nanoseconds - sent) / 1000)


class Phones:
    """A SIP agent on one socket, for all calls of one side."""

    def __init__(self, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.agent = sip_agent.Agent("127.0.0.1", port, os.urandom, max_calls=32)
        self.parties: list[Party] = []
        self.refused: list[str] = []

    def pump(self) -> None:
        now = time.monotonic_ns() // 1_000_000
        events = []
        while True:
            try:
                data, source = self.sock.recvfrom(4096)
            except BlockingIOError:
                break
            events += self.agent.receive(data, source, now)
        events += self.agent.tick(now)
        for event in events:
            if event.kind == sip_event.INCOMING:
                party = Party()
                body, agreed = party.endpoint.answer(event.body)
                party.agree(agreed)
                event.call.owner = party
                event.call.answer(body, now)
                self.parties.append(party)
            elif event.kind == sip_event.ANSWERED:
                event.call.owner.agree(event.call.owner.endpoint.accept(event.body))
            elif event.kind == sip_event.ENDED and event.status != 200:
                self.refused.append(f"{event.status} {event.reason}")
        for data, target in self.agent.datagrams():
            self.sock.sendto(data, target)

    def call(self, uri: str, target: tuple[str, int]) -> None:
        party = Party()
        now = time.monotonic_ns() // 1_000_000
        made = self.agent.invite(uri, f"sip:bench@127.0.0.1:{self.agent.port}", party.endpoint.offer(), target, now)
        made.owner = party
        self.parties.append(party)

    def close(self) -> None:
        self.sock.close()
        for party in self.parties:
            party.sock.close()


def speak(groups: list[list[Party]], seconds: float, between: list[Phones]) -> None:
    """Every party of every group sends 50 packets a second; the groups take turns, packet by packet.

    between: whose messages are handled now and then.
    """
    poll = select.poll()
    by_number = {party.sock.fileno(): party for group in groups for party in group}
    for number in by_number:
        poll.register(number, select.POLLIN)
    turns = max(len(group) for group in groups)
    step = 0.020 / (turns * len(groups))
    began = time.monotonic()
    for index in range(int(seconds * 50) * turns * len(groups)):
        turn, which = divmod(index, len(groups))
        due = began + index * step
        while (left := due - time.monotonic()) > 0:
            _receive(poll, by_number, int(left * 1000))
        group = groups[which]
        if turn % turns < len(group):
            group[turn % turns].send()
        if index % (20 * len(by_number)) == 0:
            for phones in between:
                phones.pump()
    _receive(poll, by_number, 50)


def _receive(poll: select.poll, parties: dict[int, Party], wait_ms: int) -> None:
    for number, _ in poll.poll(wait_ms):
        parties[number].receive()
