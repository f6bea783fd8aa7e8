"""How much later a packet leaves the bridge than it came, with 1, 2, 4 and 8 recorded calls.

Both parties' telephones are here, on plain sockets: asyncio would add to the time that is measured.
"""

import os
import select
import socket
import struct
import tempfile
import time
from pathlib import Path

from report import Row

from testigo_tools.demo.environment import POLICY as DEMO_POLICY
from testigo_tools.demo.environment import DemoEnvironment
from testigo_wire.sip import agent as sip_agent
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

CALLS = (1, 2, 4, 8)
SECONDS = 4
WARM_UP = 25  # packets of each stream that do not count
POLICY = DEMO_POLICY.replace('"opt-in"', '"notify"')  # without keys
SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35)
HEADER = 12


class Party:
    """One telephone's end of one call."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.setblocking(False)
        self.endpoint = sdp.Endpoint("127.0.0.1", self.sock.getsockname()[1], os.urandom)
        self.to: tuple[str, int] | None = None

    def agree(self, agreed: sdp.Agreed) -> None:
        self.to = agreed.host, agreed.port


class Phones:
    """A SIP agent on one socket, for all calls of one side."""

    def __init__(self, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.agent = sip_agent.Agent("127.0.0.1", port, os.urandom, max_calls=16)
        self.parties: list[Party] = []

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
        for data, target in self.agent.datagrams():
            self.sock.sendto(data, target)

    def call(self, uri: str, target: tuple[str, int]) -> None:
        party = Party()
        now = time.monotonic_ns() // 1_000_000
        made = self.agent.invite(uri, f"sip:bench@127.0.0.1:{self.agent.port}", party.endpoint.offer(), target, now)
        made.owner = party
        self.parties.append(party)


def _streams(callers: Phones, workers: Phones) -> list[float]:
    """Sends 50 packets a second from every party, evenly spread; gives the latencies in microseconds."""
    parties = [party for pair in zip(callers.parties, workers.parties, strict=True) for party in pair]
    poll = select.poll()
    by_number = {}
    for party in parties:
        poll.register(party.sock, select.POLLIN)
        by_number[party.sock.fileno()] = party
    found: list[float] = []
    step = 0.020 / len(parties)
    began = time.monotonic()
    for index in range(SECONDS * 50 * len(parties)):
        sequence, place = divmod(index, len(parties))
        due = began + index * step
        while (left := due - time.monotonic()) > 0:
            _receive(poll, by_number, found, int(left * 1000))
        party = parties[place]
        head = struct.pack(">BBHII", 0x80, 0, sequence, sequence * 160, place + 1)
        party.sock.sendto(head + struct.pack(">Q", time.time_ns()) + bytes(152), party.to)
        if index % (10 * len(parties)) == 0:
            callers.pump()
            workers.pump()
    _receive(poll, by_number, found, 50)
    return found[WARM_UP * len(parties) :]


def _receive(poll: select.poll, parties: dict[int, Party], found: list[float], wait_ms: int) -> None:
    for number, _ in poll.poll(wait_ms):
        try:
            data, ancillary, _, _ = parties[number].sock.recvmsg(2048, 64)
        except OSError:
            continue
        stamps = [value for _, kind, value in ancillary if kind == SO_TIMESTAMPNS]
        if not stamps or len(data) != HEADER + 160:
            continue
        seconds, nanoseconds = struct.unpack("qq", stamps[0][:16])
        sent = struct.unpack_from(">Q", data, HEADER)[0]
        if sent > 1 << 60:  # a packet of the streams, not of the notice
            found.append((seconds * 10**9 + nanoseconds - sent) / 1000)


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def _bare_loop() -> list[float]:
    """The reference: the same measurement of two sockets without a bridge between them."""
    one, other = Party(), Party()
    poll = select.poll()
    poll.register(other.sock, select.POLLIN)
    found: list[float] = []
    for sequence in range(200):
        head = struct.pack(">BBHII", 0x80, 0, sequence, sequence * 160, 1)
        one.sock.sendto(head + struct.pack(">Q", time.time_ns()) + bytes(152), other.sock.getsockname())
        _receive(poll, {other.sock.fileno(): other}, found, 100)
        time.sleep(0.005)
    return found


def measure() -> list[Row]:
    rows = []
    reference = _bare_loop()
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as folder:
        environment = DemoEnvironment(Path(folder), lambda text: None, POLICY, "Recorded.", max(CALLS))
        try:
            environment.make()
            environment.wait_for_sip()
            for count in CALLS:
                found = _with_calls(environment, count)
                for name, part in (("p50", 0.5), ("p99", 0.99)):
                    what = f"{count} call{'s' if count > 1 else ''}, {name}"
                    rows.append(Row(what, _percentile(found, part), "µs", _percentile(reference, part)))
        finally:
            environment.close()
    return rows


def _with_calls(environment: DemoEnvironment, count: int) -> list[float]:
    callers, workers = Phones(environment.far), Phones(environment.near)
    for number in range(count):
        callers.call(f"sip:{100 + number}@127.0.0.1:{environment.sip}", ("127.0.0.1", environment.sip))
    end = time.monotonic() + 20
    while len(workers.parties) < count or time.monotonic() < end - 18:
        if time.monotonic() > end:
            raise RuntimeError(f"only {len(workers.parties)} of {count} calls came through")
        callers.pump()
        workers.pump()
        time.sleep(0.005)
    found = _streams(callers, workers)
    for call in list(callers.agent.calls):
        call.hang_up(time.monotonic_ns() // 1_000_000)
    end = time.monotonic() + 5
    while time.monotonic() < end and any(
        call.state != sip_call.TERMINATED for call in callers.agent.calls + workers.agent.calls
    ):
        callers.pump()
        workers.pump()
        time.sleep(0.01)
    for phones in (callers, workers):
        phones.sock.close()
        for party in phones.parties:
            party.sock.close()
    return found
