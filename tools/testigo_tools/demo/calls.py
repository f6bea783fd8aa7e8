"""The four calls of the demonstration: agreed, refused, agreed and then objected to, and cut by a power failure."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from testigo_tools.demo.environment import DemoEnvironment
from testigo_tools.softphone.phone import PhoneCall, Softphone
from testigo_vault.notice import audio as notice_audio
from testigo_wire.rtp import g711

CALLER = (
    "Hello, this is Ana Prieto. I am calling about the order that I placed on Monday. I would like to change the address "
    "of delivery to twelve Mill Street, please, and to pay the rest on receipt."
)
WORKER = (
    "Good morning, you are speaking with Example, my name is Luis. Of course, I can change that for you. "
    "So that is twelve Mill Street, and you pay the rest when it arrives. Is there anything else?"
)
RATE = 16000  # bytes of 16-bit samples in a second
ANSWER_S = 20


@dataclass
class Spoken:
    """What the parties say, as samples; how long the notice is."""

    caller: bytes
    worker: bytes
    notice_s: float


@dataclass
class Happened:
    """What happened on the telephones; cut_ms: the time of the power cut (Unix time)."""

    title: str
    story: str
    cut_ms: int = 0


Tell = Callable[[str], None]


def speak(notice_ms: int) -> Spoken:
    def samples(text: str, voice: str) -> bytes:
        return g711.decode("PCMU", notice_audio.from_text(text, voice).pcmu)

    return Spoken(samples(CALLER, "en-gb"), samples(WORKER, "en-us"), notice_ms / 1000)


async def _connect(
    environment: DemoEnvironment, spoken: Spoken, caller: Softphone, worker: Softphone, key: str
) -> tuple:
    """A call up to the conversation: the caller hears the notice and presses key, the worker answers."""
    # The caller speaks once the worker is there: after the notice, the key and the ringing.
    audio = bytes(int((spoken.notice_s + 2.5) * RATE) & ~1) + spoken.caller
    call = await caller.call(
        f"sip:100@127.0.0.1:{environment.sip}", f"sip:+34910000001@127.0.0.1:{environment.far}", audio
    )
    await call.answered(ANSWER_S)
    await asyncio.sleep(spoken.notice_s + 0.7)
    await call.press(key)
    other = await worker.wait_call(ANSWER_S)
    other.ring()
    await asyncio.sleep(0.5)
    other.answer(spoken.worker)
    return call, other


async def _hang_up(call: PhoneCall, other: PhoneCall) -> None:
    call.hang_up()
    await other.ended(ANSWER_S)


async def agreed(
    environment: DemoEnvironment, spoken: Spoken, caller: Softphone, worker: Softphone, tell: Tell
) -> Happened:
    tell("the caller hears the notice and presses 1")
    call, other = await _connect(environment, spoken, caller, worker, "1")
    tell("they talk, and the caller hangs up")
    await asyncio.sleep(9)
    await _hang_up(call, other)
    return Happened("agrees", "hears the notice, presses 1, talks, hangs up")


async def refused(
    environment: DemoEnvironment, spoken: Spoken, caller: Softphone, worker: Softphone, tell: Tell
) -> Happened:
    tell("the caller hears the notice and presses 9")
    call, other = await _connect(environment, spoken, caller, worker, "9")
    tell("they talk all the same, unrecorded")
    await asyncio.sleep(4)
    await _hang_up(call, other)
    return Happened("objects", "hears the notice, presses 9, talks unrecorded")


async def withdrawn(
    environment: DemoEnvironment, spoken: Spoken, caller: Softphone, worker: Softphone, tell: Tell
) -> Happened:
    tell("the caller presses 1, and they talk")
    call, other = await _connect(environment, spoken, caller, worker, "1")
    await asyncio.sleep(5)
    tell("halfway the caller presses 9: what was recorded is destroyed, the call goes on")
    await call.press("9")
    await asyncio.sleep(3)
    await _hang_up(call, other)
    return Happened("objects halfway", "presses 1, talks, presses 9, talks on")


async def cut(
    environment: DemoEnvironment, spoken: Spoken, caller: Softphone, worker: Softphone, tell: Tell
) -> Happened:
    tell("the caller presses 1, and they talk")
    call, other = await _connect(environment, spoken, caller, worker, "1")
    await asyncio.sleep(6)
    tell("the appliance loses power in mid-call")
    environment.cut_power()
    cut_ms = time.time_ns() // 1_000_000
    await asyncio.sleep(1)
    call.hang_up()
    other.hang_up()
    await asyncio.to_thread(environment.power_on)
    tell("it boots again, and closes the recording that was open")
    await asyncio.to_thread(environment.wait_for_sip)
    return Happened("power cut", "presses 1, talks, the appliance loses power", cut_ms)


CALLS: tuple[Callable[[DemoEnvironment, Spoken, Softphone, Softphone, Tell], Awaitable[Happened]], ...] = (
    agreed,
    refused,
    withdrawn,
    cut,
)
