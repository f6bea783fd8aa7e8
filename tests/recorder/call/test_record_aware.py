"""Telephones that understand it are told whether the call is recorded (RFC 7866 section 6), whatever comes in between."""

import asyncio

from support.device import stores as appliance  # noqa: F401 - first: from within branch_office its imports would be too deep for the stack
from support.device.two_phone_rig import line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
AWARE = (("supported", "record-aware"),)
PAUSE = {"keys": ["*1", "*2", "*7", "*8"], "pause_limit": 60000}
DEMAND = dict(PAUSE, mode="on-demand")


def record(body):
    """The a=record of a description."""
    marks = [one[9:] for one in bytes(body).decode().split("\r\n") if one.startswith("a=record:")]
    return marks[0] if marks else ""


def told(phone):
    return [record(body) for body in phone.offers]


async def is_told(phone, *states):
    await until(lambda: told(phone) == list(states), lambda: "%s, not %s" % (states, told(phone)))


async def test_both_are_told_of_each_change():
    r = await rig("changes", line(**DEMAND))
    r.near.agent.more = r.far.agent.more = AWARE
    await r.talk(recorded=False)
    expected = []
    for action, state in (("start", "on"), ("pause", "paused"), ("resume", "on"), ("pause", "paused"), ("stop", "off")):
        assert r.gateway.control(action, 0)[1] == ""
        expected.append(state)
        await is_told(r.near, *expected)
        await is_told(r.far, *expected)
    await asyncio.sleep_ms(200)
    assert told(r.near) == told(r.far) == expected, "said once"
    await r.sealed()
    await r.close()


async def test_others_get_no_offers():
    r = await rig("unaware", line(**PAUSE))
    r.far.agent.more = AWARE
    await r.talk()
    await is_told(r.far, "on")
    assert r.gateway.control("pause", 0)[1] == ""
    await is_told(r.far, "on", "paused")
    assert not r.near.offers
    await r.sealed()
    await r.close()


async def test_who_is_called_after_the_notice_is_told_in_the_first_offer():
    r = await rig("first-offer", line(**PAUSE))
    r.near.agent.more = AWARE
    await r.talk()
    await asyncio.sleep_ms(200)
    assert record(r.near.call.request.body) == "on" and not r.near.offers
    for phone, expected in ((r.near, "on"), (r.far, "on")):  # a session refreshed is told too
        phone.events.clear()
        phone.offer()
        await until(lambda: sip_event.ACCEPTED in phone.events, "the answer")  # noqa: B023
        assert record(phone.call.body_received) == expected
    await r.sealed()
    await r.close()


async def test_an_offer_that_meets_another_is_made_again():
    r = await rig("glare", line(**PAUSE))
    r.near.agent.more = r.far.agent.more = AWARE
    await r.talk()
    await is_told(r.far, "on")
    r.near.glare = r.far.glare = 2
    assert r.gateway.control("pause", 0)[1] == ""
    await until(lambda: told(r.near) == ["paused"], "the first")
    await asyncio.sleep_ms(1500)
    assert told(r.near) == ["paused"], "the caller waits longer: RFC 3261 section 14.1"
    await until(lambda: len(r.near.offers) == 3 and len(r.far.offers) == 4, lambda: "the third: %s" % told(r.near), 200)
    await asyncio.sleep_ms(300)
    assert told(r.near) == ["paused"] * 3 and told(r.far) == ["on"] + ["paused"] * 3, "until it was taken"
    await r.sealed()
    await r.close()


async def test_a_telephone_whose_ack_is_late_is_told_then():
    r = await rig("late-ack", line())
    r.far.agent.more = AWARE
    r.far.acks_to_lose = 1
    await r.talk()
    assert not r.far.acks_to_lose and not told(r.far)
    await is_told(r.far, "on")
    await r.sealed()
    await r.close()


async def test_a_repeated_offer_has_the_state_of_that_moment():
    r = await rig("meantime", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.glare = 1000
    await r.talk()
    await until(lambda: told(r.far), "the first")
    assert r.gateway.control("pause", 0)[1] == ""
    r.far.glare = 0
    await until(lambda: "paused" in told(r.far), "the next", 200)
    await asyncio.sleep_ms(300)
    assert set(told(r.far)[:-1]) == {"on"} and told(r.far)[-1] == "paused", told(r.far)
    await r.sealed()
    await r.close()


async def test_a_telephone_that_refuses_is_left_alone():
    r = await rig("refusing", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.glare = 100
    r.far.refusal = 488
    await r.talk()
    await is_told(r.far, "on")
    await asyncio.sleep_ms(2500)
    assert told(r.far) == ["on"] and r.capture.on
    assert r.gateway.control("pause", 0)[1] == ""
    await is_told(r.far, "on", "paused")
    await r.sealed()
    await r.close()


async def test_who_is_on_hold_is_told_afterwards():
    r = await rig("held", line(**PAUSE))
    r.far.agent.more = AWARE
    await r.talk()
    await is_told(r.far, "on")
    r.far.events.clear()
    r.far.offer(direction="sendonly")
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert r.gateway.control("pause", 0)[1] == ""
    await asyncio.sleep_ms(250)
    assert told(r.far) == ["on"], "an offer might end the hold"
    r.far.events.clear()
    r.far.offer()
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert record(r.far.call.body_received) == "paused"
    await asyncio.sleep_ms(150)
    assert told(r.far) == ["on"], "the answer said it"
    await r.sealed()
    await r.close()


async def test_a_conference_that_answers_is_no_new_one():
    r = await rig("focus", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.agent.parameters = ";isfocus"
    await r.talk()
    await is_told(r.far, "on")
    await asyncio.sleep_ms(100)
    r.far.events.clear()
    r.far.offer()
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert r.capture.on
    assert not (await r.sealed()).all("joined")
    await r.close()


async def test_a_store_that_breaks_is_told():
    r = await rig("broken", line())
    r.far.agent.more = AWARE
    await r.talk()
    await is_told(r.far, "on")
    r.call.recording._file = open("/dev/full", "wb")
    await is_told(r.far, "on", "off")
    assert r.gateway.calls and r.near.heard[-1][0] == 2, "the call goes on"
    r.far.hang_up()
    await r.close()


async def test_a_store_that_breaks_ends_a_call_whose_recording_is_a_duty():
    r = await rig("broken-duty", line(impossible="refuse-call"))
    await r.talk()
    r.call.recording._file = open("/dev/full", "wb")
    await until(lambda: sip_event.ENDED in r.far.events and sip_event.ENDED in r.near.events, "the end")
    await r.close()


async def test_a_telephone_that_wants_it_recorded_from_the_start():
    r = await rig("wanted", line(**DEMAND))
    r.near.extra = b"a=recordpref:on\r\n"
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.call.bridge.up, "the conversation")
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    r.far.speak(2)
    await asyncio.sleep_ms(150)
    for _ in range(2):  # a session that is refreshed says it again
        r.near.events.clear()
        r.near.offer()
        await until(lambda: sip_event.ACCEPTED in r.near.events, "the answer")
    sealed = await r.sealed()
    assert sealed.story == "call policy terms media media started notice consent worker audio", sealed.story
    assert sealed.all("started") == [["sdp"]]
    await r.close()
