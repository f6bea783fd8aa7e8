"""Telephones that support it are notified of the state of recording (RFC 7866 section 6)."""

import asyncio

from support.device import stores  # noqa: F401 - first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import install_notice, line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
AWARE = (("supported", "record-aware"),)
PAUSE = {"keys": ["*1", "*2", "*7", "*8"], "pause_limit": 60000}
DEMAND = dict(PAUSE, mode="on-demand")


def record(body):
    """The a=record of a description."""
    marks = [one[9:] for one in bytes(body).decode().split("\r\n") if one.startswith("a=record:")]
    return marks[0] if marks else ""


def notified(phone):
    return [record(body) for body in phone.offers]


async def await_notified(phone, *states):
    await until(lambda: notified(phone) == list(states), lambda: "%s, not %s" % (states, notified(phone)))


async def test_both_telephones_are_notified_of_each_change():
    r = await rig("changes", line(**DEMAND))
    r.near.agent.more = r.far.agent.more = AWARE
    await r.talk(recorded=False)
    expected = []
    for action, state in (("start", "on"), ("pause", "paused"), ("resume", "on"), ("pause", "paused"), ("stop", "off")):
        assert r.gateway.control(action, 0)[1] == ""
        expected.append(state)
        await await_notified(r.near, *expected)
        await await_notified(r.far, *expected)
    await asyncio.sleep_ms(200)
    assert notified(r.near) == notified(r.far) == expected, "said once"
    await r.sealed()
    await r.close()


async def test_telephones_without_record_aware_get_no_offers():
    r = await rig("unaware", line(**PAUSE))
    r.far.agent.more = AWARE
    await r.talk()
    await await_notified(r.far, "on")
    assert r.gateway.control("pause", 0)[1] == ""
    await await_notified(r.far, "on", "paused")
    assert not r.near.offers
    await r.sealed()
    await r.close()


async def test_invite_after_the_notice_has_the_state():
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


async def test_offer_that_crosses_another_is_repeated():
    r = await rig("glare", line(**PAUSE))
    r.near.agent.more = r.far.agent.more = AWARE
    await r.talk()
    await await_notified(r.far, "on")
    r.near.glare = r.far.glare = 2
    assert r.gateway.control("pause", 0)[1] == ""
    await until(lambda: notified(r.near) == ["paused"], "the first")
    await asyncio.sleep_ms(1500)
    assert notified(r.near) == ["paused"], "the caller waits longer: RFC 3261 section 14.1"
    await until(
        lambda: len(r.near.offers) == 3 and len(r.far.offers) == 4, lambda: "the third: %s" % notified(r.near), 200
    )
    await asyncio.sleep_ms(300)
    assert notified(r.near) == ["paused"] * 3 and notified(r.far) == ["on"] + ["paused"] * 3, "until it was taken"
    await r.sealed()
    await r.close()


async def test_notification_waits_for_a_late_ack():
    r = await rig("late-ack", line())
    r.far.agent.more = AWARE
    r.far.acks_to_lose = lost = 1000
    await r.talk()
    await asyncio.sleep_ms(200)
    assert r.far.acks_to_lose < lost and not notified(r.far)
    r.far.acks_to_lose = 0
    await await_notified(r.far, "on")
    await r.sealed()
    await r.close()


async def test_repeated_offer_has_the_present_state():
    r = await rig("meantime", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.glare = 1000
    await r.talk()
    await until(lambda: notified(r.far), "the first")
    assert r.gateway.control("pause", 0)[1] == ""
    r.far.glare = 0
    await until(lambda: "paused" in notified(r.far), "the next", 200)
    await asyncio.sleep_ms(300)
    assert set(notified(r.far)[:-1]) == {"on"} and notified(r.far)[-1] == "paused", notified(r.far)
    await r.sealed()
    await r.close()


async def test_refused_notification_is_not_repeated():
    r = await rig("refusing", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.glare = 100
    r.far.refusal = 488
    await r.talk()
    await await_notified(r.far, "on")
    await asyncio.sleep_ms(2500)
    assert notified(r.far) == ["on"] and r.capture.on
    assert r.gateway.control("pause", 0)[1] == ""
    await await_notified(r.far, "on", "paused")
    await r.sealed()
    await r.close()


async def test_telephone_on_hold_is_notified_when_the_hold_ends():
    r = await rig("held", line(**PAUSE))
    r.far.agent.more = AWARE
    await r.talk()
    await await_notified(r.far, "on")
    r.far.events.clear()
    r.far.offer(direction="sendonly")
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert r.gateway.control("pause", 0)[1] == ""
    await asyncio.sleep_ms(250)
    assert notified(r.far) == ["on"], "an offer might end the hold"
    r.far.events.clear()
    r.far.offer()
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert record(r.far.call.body_received) == "paused"
    await asyncio.sleep_ms(150)
    assert notified(r.far) == ["on"], "the answer said it"
    await r.sealed()
    await r.close()


async def test_conference_that_answers_an_offer_is_not_a_new_one():
    r = await rig("focus", line(**PAUSE))
    r.far.agent.more = AWARE
    r.far.agent.parameters = ";isfocus"
    await r.talk()
    await await_notified(r.far, "on")
    await asyncio.sleep_ms(100)
    r.far.events.clear()
    r.far.offer()
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    assert r.capture.on
    assert not (await r.sealed()).all("joined")
    await r.close()


async def test_end_of_a_pause_during_a_notice_is_notified():
    r = await rig("resumed-early", line(**PAUSE))
    r.near.agent.more = AWARE
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    await await_notified(r.near, "paused")
    await install_notice(r.app, "hello", 16000, version=2)
    r.far.become(asserted="<sip:+34600333444@trunk>")
    r.far.offer()
    await until(lambda: r.control.notice.in_progress, "the notice")
    assert r.gateway.control("resume", 0)[1] == ""
    await await_notified(r.near, "paused", "off")
    assert r.control.notice.in_progress
    await await_notified(r.near, "paused", "off", "on")
    await r.sealed()
    await r.close()


async def test_storage_failure_is_notified():
    r = await rig("broken", line())
    r.far.agent.more = AWARE
    await r.talk()
    await await_notified(r.far, "on")
    r.call.recording._file = open("/dev/full", "wb")
    await await_notified(r.far, "on", "off")
    assert r.gateway.calls and r.near.heard[-1][0] == 2, "the call goes on"
    r.far.hang_up()
    await r.close()


async def test_storage_failure_ends_the_call_under_a_duty_to_record():
    r = await rig("broken-duty", line(impossible="refuse-call"))
    await r.talk()
    r.call.recording._file = open("/dev/full", "wb")
    await until(lambda: sip_event.ENDED in r.far.events and sip_event.ENDED in r.near.events, "the end")
    await r.close()


async def test_telephone_requests_recording_from_the_start():
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
    assert sealed.event_names == "call policy terms media media started notice consent worker audio", sealed.event_names
    assert sealed.all("started") == [["sdp"]]
    await r.close()
