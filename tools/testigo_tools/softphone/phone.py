"""A softphone for tests, demonstrations and technicians, on asyncio and the project's own SIP without I/O.

async with Softphone("127.0.0.1") as phone:
    call = await phone.call("sip:line@127.0.0.1:5060", audio=samples)
    await call.answered(10)
    await call.press("1")
    await call.ended(60)
    print(call.report())
"""

import asyncio
import os
import socket
from collections.abc import Iterable

from testigo_tools.softphone.keys import Press
from testigo_tools.softphone.media import Media
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp
from testigo_wire.sip.agent import Agent
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.call import Call
from testigo_wire.sip.dtmf_sender import send_key
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import uri
from testigo_wire.sip.register import Registration, register

Address = tuple[str, int]


class CallFailed(Exception):
    """A call was not answered: `status` and `reason` of the peer, 408 when nothing came."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}".strip())
        self.status = status
        self.reason = reason


def resolve(text: str) -> Address:
    """Where a SIP URI leads (without DNS SRV: a telephone on the branch's own network)."""
    _, _, host, port, _ = uri(text)
    found = socket.getaddrinfo(host, port or 5060, socket.AF_INET, socket.SOCK_DGRAM)
    return str(found[0][4][0]), int(found[0][4][1])


def own_host(target: Address) -> str:
    """The address of this machine that a target sees."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        return probe.getsockname()[0]


class PhoneCall:
    """One call of the softphone, made or taken."""

    def __init__(self, phone: "Softphone", call: Call | None, media: Media) -> None:
        self.phone = phone
        self.sip = call
        self.media = media
        self.audio = b""
        self.encodings: tuple[str, ...] = sdp.ENCODINGS
        self.status = 0
        self.reason = ""
        self.local: bool | None = None
        self.keys_info: list[str] = []
        self.holds: list[bool] = []
        self.progress: list[int] = []
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()

    async def answered(self, timeout: float | None = 40) -> None:
        """Wait for the answer; CallFailed when the call ended without one, TimeoutError."""
        async with asyncio.timeout(timeout):
            waits = [asyncio.ensure_future(event.wait()) for event in (self._answered, self._ended)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        if self.answered_at is None:
            raise CallFailed(self.status, self.reason)

    async def ended(self, timeout: float | None = None) -> None:
        """Wait until the call is over; TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._ended.wait()

    @property
    def over(self) -> bool:
        return self._ended.is_set()

    def ring(self) -> None:
        self._call().ring(self.phone.now())
        self.phone.pump()

    def answer(self, audio: bytes = b"") -> None:
        """Take an incoming call; CallFailed when no codec is in common (it is refused with 488)."""
        self.audio = audio or self.audio
        call, endpoint = self._call(), self._endpoint()
        try:
            if call.body_received:
                body, agreed = endpoint.answer(call.body_received, self.encodings)
            else:
                body, agreed = endpoint.offer(self.encodings), None
        except sdp.SdpError as error:
            self.reject(488)
            raise CallFailed(488, str(error)) from error
        call.answer(body, self.phone.now())
        if agreed:
            self._begin(agreed)
        self.phone.pump()

    def reject(self, status: int = 486) -> None:
        self._call().reject(status, self.phone.now())
        self.phone.pump()

    def hang_up(self) -> None:
        self._call().hang_up(self.phone.now())
        self.phone.pump()

    def hold(self, direction: str = "sendonly") -> None:
        """Send a re-INVITE with another direction; "sendrecv" resumes."""
        self._call().offer(self._endpoint().offer(self.encodings, direction=direction), self.phone.now())
        self.phone.pump()

    async def press(self, digit: str, duration_ms: int = 160, info: bool = False) -> None:
        """Press a key: in the audio (RFC 4733) where the peer takes that, else or if wished by SIP INFO."""
        agreed = self.media.agreed
        if info or agreed is None or agreed.event_type is None:
            send_key(self._call(), digit, self.phone.now(), duration_ms)
            self.phone.pump()
        else:
            await self.media.press(digit, duration_ms)

    async def follow(self, plan: Iterable[Press], info: bool = False) -> None:
        """Press keys by a plan, counted from the answer; stops when the call is over."""
        await self.answered(None)
        began = asyncio.get_running_loop().time() if self.answered_at is None else self.answered_at
        for press in plan:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, began + press.at - now) if press.at is not None else press.wait)
            if self.over:
                return
            await self.press(press.digit, info=info)

    def report(self) -> dict[str, object]:
        """Outcome and measurements, as plain values."""
        seconds = 0.0
        if self.answered_at is not None:
            seconds = (self.ended_at or asyncio.get_event_loop().time()) - self.answered_at
        report = {
            "outcome": self.outcome(),
            "status": self.status,
            "reason": self.reason,
            "ended_by": {True: "us", False: "peer", None: None}[self.local],
            "seconds": round(seconds, 3),
        }
        report.update(self.media.report())
        report["keys_heard"] = str(report["keys_heard"]) + "".join(self.keys_info)
        return report

    def outcome(self) -> str:
        if self.answered_at is not None:
            return "answered"
        if self.status in (486, 600):
            return "busy"
        if self.status in (0, 408, 480, 487):
            return "no-answer"
        return "refused"

    def on_event(self, event: Event) -> None:
        kind = event.kind
        call = self._call()
        if kind == sip_event.PROGRESS:
            self.progress.append(event.status)
            if event.body:
                self._agree(event.body, sending=False)
        elif kind == sip_event.ANSWERED:
            self._agree(event.body or call.body_received, sending=True)
        elif kind == sip_event.CONFIRMED and event.body:
            self._agree(event.body, sending=True)
        elif kind == sip_event.ACCEPTED:
            if event.body:
                self._agree(event.body, sending=True)
        elif kind == sip_event.OFFER:
            self._take_offer(event)
        elif kind == sip_event.KEY:
            self.keys_info.append(event.digit)
        elif kind == sip_event.ENDED:
            self.status, self.reason, self.local = event.status, event.reason, event.local
            self.ended_at = asyncio.get_running_loop().time()
            self.media.close()
            self._ended.set()

    def _take_offer(self, event: Event) -> None:
        call = self._call()
        if event.body is None:
            call.accept(self._endpoint().offer(self.encodings), self.phone.now())
            return
        try:
            body, agreed = self._endpoint().answer(event.body, self.encodings)
        except sdp.SdpError:
            call.refuse(488, self.phone.now())
            return
        call.accept(body, self.phone.now())
        self.holds.append(agreed.held)
        self.media.start(agreed)

    def _agree(self, body: bytes | None, sending: bool) -> None:
        try:
            agreed = self._endpoint().accept(body or b"")
        except sdp.SdpError:
            if sending:
                self.hang_up()
            return
        if sending:
            self._begin(agreed)
        else:
            self.media.agreed = agreed

    def _begin(self, agreed: sdp.Agreed) -> None:
        if self.answered_at is None:
            self.answered_at = asyncio.get_running_loop().time()
            self.media.play(self.audio)
            self._answered.set()
        self.media.start(agreed)

    def _call(self) -> Call:
        if self.sip is None:
            raise CallFailed(0, "not called yet")
        return self.sip

    def _endpoint(self) -> sdp.Endpoint:
        if self.media.endpoint is None:
            raise CallFailed(0, "no audio socket")
        return self.media.endpoint


class Softphone(asyncio.DatagramProtocol):
    """A telephone at one address. `incoming` holds calls that came and were answered with 100 so far."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, user: str = "softphone") -> None:
        self.host = host
        self.port = port
        self.user = user
        self.agent: Agent
        self.incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self.registered = asyncio.Event()
        self.registration: Registration | None = None
        self.registration_status = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "Softphone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        self.agent = Agent(self.host, self.port, os.urandom, "Testigo softphone")
        return self

    async def __aexit__(self, *error: object) -> None:
        for call in list(self.agent.calls):
            call.hang_up(self.now())
        self.pump()
        await asyncio.sleep(0.05)  # the farewells leave the socket
        if self._timer:
            self._timer.cancel()
        for call in list(self.agent.calls):
            if call.owner:
                call.owner.media.close()
        if self._transport:
            self._transport.close()

    def now(self) -> int:
        return int(asyncio.get_running_loop().time() * 1000)

    async def call(
        self,
        to: str,
        caller: str = "",
        audio: bytes = b"",
        target: Address | None = None,
        credentials: Credentials | None = None,
        encodings: tuple[str, ...] = sdp.ENCODINGS,
        headers: Iterable[tuple[str, str]] = (),
    ) -> PhoneCall:
        """Call a URI; returns when the INVITE is out. `audio` is played from the answer on."""
        media = Media(self.host)
        await media.open()
        made = PhoneCall(self, None, media)
        made.audio = audio
        made.encodings = encodings
        caller = caller or f"sip:{self.user}@{self.host}:{self.port}"
        body = made._endpoint().offer(encodings)
        made.sip = self.agent.invite(to, caller, body, target or resolve(to), self.now(), credentials, headers)
        made.sip.owner = made
        self.pump()
        return made

    async def wait_call(self, timeout: float | None = None) -> PhoneCall:
        """The next incoming call, with its audio socket open; TimeoutError."""
        async with asyncio.timeout(timeout):
            call = await self.incoming.get()
        await call.media.open()
        return call

    async def register(
        self,
        aor: str,
        credentials: Credentials,
        target: Address | None = None,
        expires: int = 3600,
        timeout: float = 10,
    ) -> None:
        """Register and stay so; CallFailed when refused."""
        self.registration_status = 0
        self.registered.clear()
        self.registration = register(self.agent, aor, target or resolve(aor), credentials, self.now(), expires)
        self.pump()
        async with asyncio.timeout(timeout):
            await self.registered.wait()
        if self.registration_status != 200:
            raise CallFailed(self.registration_status, "not registered")

    def unregister(self) -> None:
        if self.registration:
            self.registration.unregister(self.now())
            self.pump()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._dispatch(self.agent.receive(data, addr, self.now()))
        self.pump()

    def pump(self) -> None:
        """Send what waits and set the timer; to be called after each action of a call."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while True:
            for data, target in self.agent.datagrams():
                if self._transport and not self._transport.is_closing():
                    self._transport.sendto(data, target)
            at = self.agent.deadline()
            if at is None or at > self.now():
                break
            self._dispatch(self.agent.tick(self.now()))
        if at is not None:
            # One millisecond more, so that a rounded clock has surely come to it.
            self._timer = asyncio.get_running_loop().call_later((at - self.now() + 1) / 1000, self.pump)

    def _dispatch(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == sip_event.INCOMING:
                event.call.owner = PhoneCall(self, event.call, Media(self.host))
                self.incoming.put_nowait(event.call.owner)
            elif event.kind in (sip_event.REGISTERED, sip_event.UNREGISTERED):
                self.registration_status = event.status
                self.registered.set()
            elif isinstance(event.call, Call) and event.call.owner:
                event.call.owner.on_event(event)
