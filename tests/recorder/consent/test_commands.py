"""Somebody joins a call: recording stops, the notice is played to them, and recording goes on or does not."""

import asyncio

from recorder.media.leg import FAR, NEAR
from support.device import stores, two_phone_rig  # noqa: F401 - stores first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
TOLD = "call policy terms media notice consent media worker audio"
AGAIN = " joined notice consent audio"
ANA = "<sip:+34600111222@trunk>"
BEA = "<sip:+34600333444@trunk>"
NUMBERS = ["*1", "*2", "*7", "*8"]


async def join_and_speak(r, phone, fill=12, **who):
    """Somebody else is on that telephone: nothing is taken any more, whatever they say."""
    phone.become(**who)
    phone.offer()
    await until(lambda: not r.capture.on, lambda: "silence: " + r.log())
    assert not r.call.recording._consented or phone is r.near
    phone.speak(fill)
    await asyncio.sleep_ms(80)
    phone.speak(3)


async def on_again(r):
    await until(lambda: r.capture.on, lambda: "recording again: " + r.log())
    r.near.speak(3)
    r.far.speak(3)
    await asyncio.sleep_ms(60)
    r.near.speak(21)
    r.far.speak(22)
    await asyncio.sleep_ms(150)


def first_packet(r, notice="hello"):
    return r.notices[notice]["PCMU"][:160]


async def answered(phone, **more):
    phone.events.clear()
    phone.offer(**more)
    await until(lambda: sip_event.ACCEPTED in phone.events, "the answer")


async def test_participant_who_joins_is_not_recorded_before_the_notice():
    r = await rig("joins", line())
    await r.talk()
    await answered(r.far, direction="sendonly")
    await answered(r.far)
    assert r.capture.on and r.far.heard.count(first_packet(r)) == 1, "hold and resume are nobody new"
    await join_and_speak(r, r.far, session=True)
    await on_again(r)
    assert r.far.heard.count(first_packet(r)) == 2
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + AGAIN, sealed.event_names
    assert sealed.all("joined") == [[FAR, "200", "session"]] and sealed.reason == "hang-up"
    spoken = sealed.spoken(FAR)
    assert 2 in spoken and 22 in spoken and 12 not in spoken, spoken
    joined, _, consent = [event[1] for event in sealed.events if event[0] in ("joined", "notice", "consent")][2:]
    assert not [ms for _, ms, _ in sealed.packets if joined + 20 < ms < consent - 20]
    await r.close()


async def test_each_signal_that_somebody_joined_and_participants_who_come_back():
    r = await rig("ways", line(unrecorded_numbers="last-3"))
    r.far.agent.more = (("p-asserted-identity", ANA),)
    await r.talk()
    ways = (
        ({"asserted": BEA}, "*444", "identity"),
        ({"name": "sip:600555666@trunk"}, "*666", "identity"),
        ({"session": True}, "*666", "session"),
    )
    for told, (who, _, _) in enumerate(ways):
        if "asserted" not in who:
            r.far.agent.more = ()
        await join_and_speak(r, r.far, **who)
        await on_again(r)
        assert r.far.heard.count(first_packet(r)) == told + 2
    r.far.agent.more = (("remote-party-id", '"Carl" <sip:0034600777888@pbx>;party=calling'),)
    await join_and_speak(r, r.far)
    await on_again(r)
    r.far.agent.parameters = ";isfocus"
    await join_and_speak(r, r.far)
    await on_again(r)
    r.far.agent.parameters = ""
    for known in ("tel:+34-600-111-222", BEA):
        r.far.become(asserted=known)
        await answered(r.far)
        assert r.capture.on, "who heard it does not hear it again"
    assert r.far.heard.count(first_packet(r)) == 6
    sealed = await r.sealed()
    assert sealed.event_names == TOLD.replace("audio", "parties audio") + AGAIN * 5, sealed.event_names
    expected = [[FAR, who, how] for _, who, how in ways] + [[FAR, "*888", "identity"], [FAR, "*888", "conference"]]
    assert sealed.all("joined") == expected, sealed.all("joined")
    await r.close()


async def test_malformed_identity_does_not_hide_a_join():
    r = await rig("garbled", line())
    await r.talk()
    r.far.agent.more = (("p-asserted-identity", '"Ana <sip:1@x'), ("remote-party-id", "<<>>,,"))
    await join_and_speak(r, r.far, session=True)
    await on_again(r)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + AGAIN and 12 not in sealed.spoken(FAR)
    await r.close()


async def test_objection_of_a_new_participant_erases_all_audio():
    for key, channel in (("9", "rfc4733"), ("", "sdp")):
        r = await rig("objects", line())
        await r.talk()
        await join_and_speak(r, r.far, session=True)
        await until(lambda: r.control.notice.in_progress, "the notice")  # noqa: B023
        if key:
            await r.far.press(key)
        else:
            r.far.extra = b"a=recordpref:off\r\n"
            r.far.offer()
        await until(lambda: r.control.notice.refused, "the objection")  # noqa: B023
        await asyncio.sleep_ms(200)
        assert not r.capture.on and r.near.heard[-1][0] == 3, "they go on talking"
        sealed = await r.sealed()
        assert not sealed.packets and sealed.reason == "objection"
        assert sealed.all("objection") == [[FAR, key, channel]] and sealed.all("erased") == [[sealed.gone]] != [[0]]
        await r.close()


async def test_new_participant_who_does_not_accept_is_not_recorded():
    r = await rig("silent", line(rule="opt-in", accept_key="1", key_timeout=300, repeats=0))
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.control.notice and r.control.notice.in_progress, "the notice")
    await r.far.press("1")
    await until(lambda: r.capture.on, "recording")
    r.near.speak(1)
    r.far.speak(2)
    await asyncio.sleep_ms(200)
    await join_and_speak(r, r.far, session=True)
    await until(lambda: r.control.notice.refused, "the end of the time to accept")
    await asyncio.sleep_ms(150)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + " joined notice consent", sealed.event_names
    assert 2 in sealed.spoken(FAR) and 12 not in sealed.spoken(FAR) and sealed.reason == "hang-up"
    assert [one[1] for one in sealed.all("consent")] == [True, False]
    await r.close()


async def test_another_worker_hears_the_workers_notice():
    r = await rig("worker", line(worker="notice", worker_reference="staff"), notices=("hello", "staff"))
    await r.talk()
    told = first_packet(r, "staff")
    assert r.near.heard.count(told) == 1 and told not in r.far.heard
    before = len(r.far.heard)
    await join_and_speak(r, r.near, fill=11, session=True)
    await until(lambda: r.near.heard.count(told) == 2, "the worker's notice")
    await on_again(r)
    assert first_packet(r) not in r.far.heard[before:], "the other party was told already"
    sealed = await r.sealed()
    start = "call policy terms media notice consent media notice worker audio"
    assert sealed.event_names == start + " joined notice worker audio", sealed.event_names
    assert sealed.all("joined") == [[NEAR, "100", "session"]]
    assert [(one[0], one[2], one[6]) for one in sealed.all("notice")] == [
        (FAR, "hello", True),
        (NEAR, "staff", True),
        (NEAR, "staff", True),
    ]
    spoken = sealed.spoken(NEAR)
    assert 1 in spoken and 21 in spoken and 11 not in spoken, spoken
    await r.close()


async def test_another_worker_with_an_acknowledgement_on_file():
    r = await rig("on-file", line())
    await r.talk()
    r.near.become(session=True)
    await answered(r.near)
    assert r.capture.on, "nothing is interrupted"
    await asyncio.sleep_ms(100)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + " joined worker audio", sealed.event_names
    await r.close()


async def test_join_does_not_end_a_pause():
    r = await rig("pause", line(keys=NUMBERS, pause_limit=60000))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    r.near.speak(11)
    r.far.become(session=True)
    r.far.offer()
    r.far.speak(12)
    await until(lambda: r.far.heard.count(first_packet(r)) == 2, "the notice")
    await until(lambda: r.control.consent_given, "consent")
    await r.near.press("55")
    await asyncio.sleep_ms(150)
    assert r.state.paused and not r.capture.on
    r.near.speak(3)
    r.far.speak(3)
    await asyncio.sleep_ms(60)
    assert r.gateway.control("resume", 0)[1] == ""
    await on_again(r)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + " pause joined notice consent gap gap resume audio", sealed.event_names
    assert 11 not in sealed.spoken(NEAR) and 12 not in sealed.spoken(FAR) and not sealed.all("dtmf")
    await r.close()


async def test_pause_ends_while_the_notice_is_played():
    r = await rig("resumed", line(keys=NUMBERS, pause_limit=60000))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    r.far.become(session=True)
    r.far.offer()
    await until(lambda: r.far.heard.count(first_packet(r)) == 2, "the notice")
    r.far.speak(12)
    assert r.gateway.control("resume", 0)[1] == ""
    assert not r.capture.on, "not before the notice is over"
    await on_again(r)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + " pause joined gap gap resume notice consent audio", sealed.event_names
    await r.close()


async def test_reinvite_without_an_offer_answered_in_the_ack():
    r = await rig("ack", line())
    await r.talk()
    r.far.offer_late(delay_ms=300, session=True)
    await asyncio.sleep_ms(150)
    assert r.capture.on, "who it is will be known from the answer"
    await until(lambda: not r.capture.on, "the answer in the ACK")
    r.far.speak(12)
    await asyncio.sleep_ms(80)
    r.far.speak(3)
    await on_again(r)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + AGAIN and 12 not in sealed.spoken(FAR), sealed.event_names
    assert sealed.all("joined") == [[FAR, "200", "session"]]
    await r.close()


async def test_new_identity_counts_before_the_sdp_answer():
    r = await rig("no-ack", line())
    await r.talk()
    r.far.offer_late(delay_ms=1500, asserted=BEA)
    await until(lambda: not r.capture.on, "silence before the ACK", 20)
    r.far.speak(12)
    await asyncio.sleep_ms(80)
    r.far.speak(3)
    await on_again(r)
    await until(lambda: r.far.acknowledged, "the ACK")
    await asyncio.sleep_ms(100)
    sealed = await r.sealed()
    assert sealed.event_names == TOLD + AGAIN and 12 not in sealed.spoken(FAR), sealed.event_names
    assert sealed.all("joined") == [[FAR, "+34600333444", "identity"]]
    await r.close()


async def test_no_notice_after_the_longest_time():
    r = await rig("over", line(max_ms=1800, worker="notice", worker_reference="staff"), notices=("hello", "staff"))
    await r.talk()
    await until(lambda: r.limit_reached, "the longest time")
    for phone in (r.far, r.near):
        phone.become(session=True)
        await answered(phone)
        await asyncio.sleep_ms(400)
    assert not r.capture.on and r.far.heard.count(first_packet(r)) == 1 == r.near.heard.count(first_packet(r, "staff"))
    sealed = await r.sealed()
    assert sealed.all("unrecorded") == [["limit"]] and sealed.reason == "limit"
    assert max(ms for _, ms, _ in sealed.packets) < 1950
    await r.close()


async def test_early_key_is_recorded_as_the_key_of_the_rule():
    opt_in = {"rule": "opt-in", "accept_key": "1", "key_timeout": 300, "repeats": 0}
    r = await rig("early", line(worker="notice", worker_reference="staff", **opt_in), notices=("hello",))
    await two_phone_rig.install_notice(r.app, "staff", 8000)
    r.far.invite(r.port)
    await until(lambda: r.far.heard, "the notice")
    await r.far.press("1")
    await until(lambda: r.near.heard, "the worker's notice")
    r.far.become(session=True)
    await answered(r.far)
    await r.far.press("1")
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    sealed = await r.sealed()
    assert sealed.all("consent") == [["opt-in", True, "key", "1", "rfc4733"]] * 2
    assert [one[6] for one in sealed.all("notice")] == [True] * 3
    await r.close()


async def test_objection_while_the_other_leg_rings():
    for objection in ("connect", "end-call"):
        r = await rig("ringing", line(objection=objection))
        r.near.rings = True
        r.far.invite(r.port)
        await until(lambda: sip_event.INCOMING in r.near.events, "ringing")  # noqa: B023
        await r.far.press("9")
        if objection == "connect":
            await until(lambda: r.control.notice.refused, "the objection")  # noqa: B023
            r.near.pick_up()
            await until(lambda: r.call.bridge.up, "the conversation")  # noqa: B023
            r.far.speak(2)
            await asyncio.sleep_ms(150)
            assert not r.capture.on
        else:
            await until(lambda: sip_event.ENDED in r.far.events and sip_event.ENDED in r.near.events, "the end")  # noqa: B023
        sealed = await r.sealed()
        assert not sealed.packets and sealed.reason == "refused" and sealed.all("objection") == [[FAR, "9", "rfc4733"]]
        await r.close()
