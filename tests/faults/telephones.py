"""Telephones for the soak: both parties of many calls at once on plain sockets, each sending 50 packets of G.711 a second."""

import os
import random
import select
import socket
import struct
import time
from collections import Counter
from contextlib import suppress

from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

HOST = "127.0.0.1"
PACKET_S = 0.02
PAYLOAD = 160
BUFFER = 2048


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Party:
    """One end of one call. sent, received: packets."""

    def __init__(self, poll: select.poll, by_number: dict) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((HOST, 0))
        self.sock.setblocking(False)
        self.endpoint = sdp.Endpoint(HOST, self.sock.getsockname()[1], os.urandom)
        self.to: tuple[str, int] | None = None
        self.sent = self.received = 0
        self._poll, self._by_number = poll, by_number
        self._ssrc = random.getrandbits(32)
        self._payload = random.randbytes(PAYLOAD)
        poll.register(self.sock, select.POLLIN)
        by_number[self.sock.fileno()] = self

    def agree(self, agreed: sdp.Agreed) -> None:
        self.to = agreed.host, agreed.port

    def speak(self) -> None:
        if self.to is None:
            return
        self.sent += 1
        head = struct.pack(">BBHII", 0x80, 0, self.sent & 0xFFFF, self.sent * PAYLOAD & 0xFFFFFFFF, self._ssrc)
        with suppress(OSError):
            self.sock.sendto(head + self._payload, self.to)

    def hear(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            while True:
                self.sock.recv(BUFFER)
                self.received += 1

    def close(self) -> None:
        del self._by_number[self.sock.fileno()]
        self._poll.unregister(self.sock)
        self.sock.close()


class Side:
    """A SIP agent on one socket, for all calls of one side. ended: how many calls ended with each SIP status."""

    def __init__(self, port: int, poll: select.poll, by_number: dict) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((HOST, port))
        self.sock.setblocking(False)
        self.agent = sip_agent.Agent(HOST, port, os.urandom, max_calls=64)
        self.ended: Counter[int] = Counter()
        self.sent = self.received = 0  # packets of calls that are over
        self._poll, self._by_number = poll, by_number
        poll.register(self.sock, select.POLLIN)
        by_number[self.sock.fileno()] = self

    def hear(self) -> None:
        events = []
        with suppress(BlockingIOError, ConnectionError):
            while True:
                data, source = self.sock.recvfrom(BUFFER)
                events += self.agent.receive(data, source, now_ms())
        self._handle(events)

    def tick(self) -> None:
        self._handle(self.agent.tick(now_ms()))

    def _handle(self, events: list) -> None:
        for event in events:
            if event.kind == sip_event.INCOMING:
                party = Party(self._poll, self._by_number)
                body, agreed = party.endpoint.answer(event.body)
                party.agree(agreed)
                event.call.owner = party
                event.call.answer(body, now_ms())
            elif event.kind == sip_event.ANSWERED:
                event.call.owner.agree(event.call.owner.endpoint.accept(event.body))
            elif event.kind == sip_event.ENDED:
                self.ended[event.status] += 1
                if event.call.owner:
                    self.sent += event.call.owner.sent
                    self.received += event.call.owner.received
                    event.call.owner.close()
                    event.call.owner = None
        for data, target in self.agent.datagrams():
            with suppress(OSError):
                self.sock.sendto(data, target)

    def call(self, uri: str, target: tuple[str, int]) -> None:
        party = Party(self._poll, self._by_number)
        made = self.agent.invite(uri, f"sip:soak@{HOST}:{self.agent.port}", party.endpoint.offer(), target, now_ms())
        made.owner = party
        self.tick()

    def close(self) -> None:
        self.sock.close()


class Telephones:
    """Keeps `count` calls up: each is hung up after a random time, and another takes its place."""

    def __init__(self, far: int, near: int, sip: int, count: int, lengths_s: tuple[float, float], seed: int) -> None:
        self._poll = select.poll()
        self._by_number: dict = {}
        self.far = Side(far, self._poll, self._by_number)
        self.near = Side(near, self._poll, self._by_number)
        self._target = HOST, sip
        self._count = count
        self._lengths = lengths_s
        self._chance = random.Random(seed)
        self._until: dict = {}
        self._next_call = 0.0
        self.made = 0

    def _parties(self) -> list[Party]:
        return [end for end in self._by_number.values() if isinstance(end, Party)]

    @property
    def up(self) -> int:
        return len([call for call in self.far.agent.calls if call.state == sip_call.CONFIRMED])

    def run(self, until: float) -> None:
        """Until that time of time.monotonic()."""
        due = time.monotonic()
        while time.monotonic() < until:
            self._keep_up()
            for party in self._parties():
                party.speak()
            self.far.tick()
            self.near.tick()
            due = max(due + PACKET_S, time.monotonic() - 1)
            while (left := due - time.monotonic()) > 0:
                for number, _ in self._poll.poll(max(1, int(left * 1000))):
                    if number in self._by_number:
                        self._by_number[number].hear()

    def _keep_up(self) -> None:
        now = time.monotonic()
        for call in list(self.far.agent.calls):
            if call.owner and now > self._until.setdefault(id(call), now + self._chance.uniform(*self._lengths)):
                self._until.pop(id(call))
                call.hang_up(now_ms())
        calling = [call for call in self.far.agent.calls if call.owner]
        if len(calling) < self._count and now > self._next_call:
            self._next_call = now + 0.5
            self.made += 1
            self.far.call(f"sip:{100 + self.made % 800}@{HOST}:{self._target[1]}", self._target)

    def close(self) -> None:
        for party in self._parties():
            party.close()
        self.far.close()
        self.near.close()
