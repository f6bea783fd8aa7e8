"""A recording says how the media of each leg was confirmed: by a packet, by a key, or not at all."""

import asyncio

from support.device import stores  # noqa: F401 - first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import line, rig, until

HEAP = "2m"
NEAR, FAR = 0, 1


async def test_packets_of_both_legs():
    r = await rig("packets", line())
    await r.talk()
    await asyncio.sleep_ms(300)
    sealed = await r.sealed()
    assert sorted(sealed.all("confirmed")) == [[NEAR, "rtp"], [FAR, "rtp"]]
    first = min([ms for _, ms, _ in sealed.packets])
    assert max([event[1] for event in sealed.events if event[0] == "confirmed"]) < first + 300
    await r.close()


async def connected(name, **changes):
    """A conversation in which nobody has said anything yet."""
    r = await rig(name, line(**changes))
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.call.bridge.up, "the conversation")
    return r


async def test_a_key_before_the_first_packet():
    r = await connected("key")
    await r.far.press("5")
    await asyncio.sleep_ms(100)
    r.far.speak(2)
    await asyncio.sleep_ms(300)
    sealed = await r.sealed()
    assert sealed.all("confirmed") == [[FAR, "key"], [NEAR, "none"]]
    await r.close()


async def test_legs_that_send_nothing():
    r = await connected("silent")
    await asyncio.sleep_ms(300)
    sealed = await r.sealed()
    assert sorted(sealed.all("confirmed")) == [[NEAR, "none"], [FAR, "none"]]
    await r.close()


async def test_a_call_without_a_session_owes_nothing():
    r = await rig("nobody", line(order="answer-first"))
    r.near.rings = True
    r.far.invite(r.port)
    await until(lambda: r.near.events, "the call")
    sealed = await r.sealed()
    assert sealed.all("media") == [] and sealed.all("confirmed") == []
    await r.close()
