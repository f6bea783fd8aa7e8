"""What is recorded of a call and what is not: pauses, parts on demand, the longest time, a full or broken storage."""

import asyncio

from recorder.media.leg import FAR, NEAR
from support.device import stores  # noqa: F401 - first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
SPEECH_SSRC = 0x05060708
KEYS = ["*1", "*2", "*7", "*8"]
PAUSE = {"keys": KEYS, "pause_limit": 60000}
DEMAND = {"mode": "on-demand", "keys": KEYS, "pause_limit": 60000}
TOLD = "call policy terms media notice consent media worker audio"
from testigo_wire.sip.dtmf_sender import send_key


def event_codes(sealed):
    """Of the telephone events (RFC 4733) among the packets."""
    return [payload[0] for _, _, payload in sealed.packets if len(payload) == 4]


async def say_and_type_card_number(r):
    """What must not be kept: said and typed while paused."""
    r.near.speak(11)
    r.far.speak(12)
    await r.far.press("4929")
    await r.near.press("55")
    for phone in (r.near, r.far):
        for digit in "49":
            send_key(phone.call, digit, phone.hal.ms())
        phone.flush()
    await asyncio.sleep_ms(150)
    assert r.near.heard[-1][0] == 12 and r.far.heard[-1][0] == 11, "the conversation goes on"
    r.near.speak(3)
    r.far.speak(3)
    await asyncio.sleep_ms(60)


async def speak_after_pause(r):
    await until(lambda: r.capture.on, "the end of the pause")
    r.near.speak(21)
    r.far.speak(22)
    await asyncio.sleep_ms(300)


def check_pause(sealed, paused_by, resumed_by):
    """The recording has both sides of the pause and nothing of what lies between."""
    assert sealed.all("pause") == [[paused_by]] and sealed.all("resume") == [[resumed_by]]
    pause, resume = [event for event in sealed.events if event[0] in ("pause", "resume")]
    for leg, said in ((NEAR, (1, 11, 21)), (FAR, (2, 12, 22))):
        spoken = sealed.spoken(leg)
        assert said[0] in spoken and said[2] in spoken and said[1] not in spoken, (leg, spoken)
    gaps = sealed.all("gap")
    assert [gap[0] for gap in gaps] == [NEAR, FAR] and gaps[0][3] == "paused"
    for _, count, ms, _ in gaps:
        assert abs(ms - (resume[1] - pause[1])) <= 100 and 0 < count <= ms // 20 + 12, gaps
    assert not [ms for _, ms, _ in sealed.packets if pause[1] + 20 < ms < resume[1] - 20]
    assert not set("4259") & {digit for _, digit, _ in sealed.all("dtmf")} and not sealed.all("objection")
    assert sealed.reason == "hang-up"


async def test_pause_by_keys_keeps_neither_audio_nor_digits():
    r = await rig("paused", line(**PAUSE))
    await r.talk()
    await r.near.press("*7")
    await until(lambda: r.state.paused, "the pause")
    await say_and_type_card_number(r)
    await r.near.press("*8")
    await speak_after_pause(r)
    sealed = await r.sealed()
    check_pause(sealed, "key", "key")
    assert sealed.event_names == TOLD + " pause gap gap resume audio", sealed.event_names
    assert [digit for _, digit, _ in sealed.all("dtmf")] == ["*", "7"]
    assert not set(event_codes(sealed)) - {7, 8, 10}, event_codes(sealed)
    await r.close()


async def test_what_waits_at_the_end_of_a_pause_is_not_recorded():
    """A card number and its keys, said in the pause and still in the sockets when it ends, after a long turn."""
    r = await rig("waiting", line(**PAUSE))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    await asyncio.sleep_ms(100)
    for phone, said in ((r.near, 51), (r.far, 52)):
        for _ in range(5):
            phone.say(said)
        phone.key(
            9, phone.event_type, phone._time, SPEECH_SSRC
        )  # another source would be read as part of the last packet
    assert r.gateway.control("resume", 0)[1] == ""
    await speak_after_pause(r)
    passed_on = r.far.heard.count(bytes([51]) * 160), r.near.heard.count(bytes([52]) * 160)
    assert passed_on == (5, 5), passed_on
    sealed = await r.sealed()
    for leg, said in ((NEAR, (51, 21)), (FAR, (52, 22))):
        assert said[0] not in sealed.spoken(leg) and said[1] in sealed.spoken(leg), (leg, sealed.spoken(leg))
    assert not [digit for _, digit, channel in sealed.all("dtmf") if channel == "rfc4733"] and not sealed.all(
        "objection"
    )
    await r.close()


async def test_only_the_workers_side_can_pause():
    r = await rig("far-keys", line(**PAUSE))
    await r.talk()
    await r.far.press("*7")
    r.far.extra = b"a=recordpref:pause\r\n"
    r.far.offer()
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the answer")
    await asyncio.sleep_ms(50)
    assert r.capture.on and not r.state.paused
    sealed = await r.sealed()
    assert not sealed.all("pause") and not sealed.all("gap")
    await r.close()


async def test_host_pauses_and_gets_reasons_for_refusals():
    r = await rig("host", line(**PAUSE))
    control = r.gateway.control
    assert control("pause", 0) == (0, "no such call is up")
    await r.talk()
    number = r.call.recording.number
    assert control("resume", 0) == (number, "not paused")
    assert control("pause", number + 1) == (0, "no such call is up")
    assert control("wipe", 0) == (number, "start, stop, pause or resume")
    for action in ("start", "stop"):
        assert control(action, 0) == (number, "the line is not recorded on demand")
    assert control("pause", number) == (number, "")
    assert control("pause", 0) == (number, "paused already")
    await say_and_type_card_number(r)
    assert control("resume", number) == (number, "")
    await speak_after_pause(r)
    check_pause(await r.sealed(), "host", "host")
    await r.close()


async def test_telephone_pauses_by_recordpref():
    r = await rig("recordpref", line(**PAUSE))
    await r.talk()
    near = r.near
    near.extra = b"a=recordpref:pause\r\n"
    near.offer()
    await until(lambda: r.state.paused, "the pause")
    await say_and_type_card_number(r)
    near.events.clear()
    near.offer()  # a session refreshed says it again
    await until(lambda: sip_event.ACCEPTED in near.events, "the answer")
    assert r.state.paused
    near.extra = b"a=recordpref:on\r\n"
    near.offer()
    await speak_after_pause(r)
    near.extra = b"a=recordpref:off\r\n"  # what the line does not have
    near.events.clear()
    near.offer()
    await until(lambda: sip_event.ACCEPTED in near.events, "the answer")
    assert r.capture.on
    check_pause(await r.sealed(), "sdp", "sdp")
    await r.close()


async def test_storage_that_fills_up_in_a_pause_leaves_the_pause_as_it_is():
    """The digits of a card are still not recorded and not answers, until the pause ends; then nothing is recorded."""
    r = await rig("full-in-a-pause", line(mode="on-demand", **PAUSE))
    await r.talk(recorded=False)
    assert r.gateway.control("start", 0)[1] == ""
    await until(lambda: r.capture.on, "the recording")
    assert r.gateway.control("pause", 0)[1] == ""
    r.call.recording.full = True  # as the last frame before the pause leaves it
    await until(lambda: r.state.over, "the end of the recording")
    await r.far.press("9")
    assert r.call.state() == "paused" and r.gateway.control("pause", 0)[1] == "paused already"
    assert r.gateway.control("start", 0)[1] == "nothing can be stored" == r.gateway.control("resume", 0)[1]
    assert r.call.state() == "off" and not r.capture.on
    assert r.gateway.control("pause", 0)[1] == "nothing is being recorded"
    sealed = await r.sealed()
    assert not sealed.all("objection") and not sealed.all("dtmf") and len(sealed.all("gap")) == 2, sealed.event_names
    assert sealed.all("pause") == sealed.all("resume") == [["host"]] and sealed.reason == "hang-up"
    await r.close()


async def test_pause_ends_at_its_limit():
    r = await rig("limit-of-pause", line(keys=KEYS, pause_limit=700))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    await say_and_type_card_number(r)
    await speak_after_pause(r)
    sealed = await r.sealed()
    check_pause(sealed, "host", "limit")
    assert 700 <= sealed.all("gap")[0][2] <= 800
    await r.close()


async def test_line_without_pauses_refuses_them():
    r = await rig("no-pause", line(keys=["", "", "", ""], pause_limit=0))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == "the policy has no pauses on this line"
    sealed = await r.sealed()
    assert not sealed.all("pause") and 2 in sealed.spoken(FAR)
    await r.close()


async def test_hang_up_in_a_pause_keeps_the_audio_before_it():
    r = await rig("hang-up", line(**PAUSE))
    await r.talk()
    await r.near.press("*7")
    await until(lambda: r.state.paused, "the pause")
    await say_and_type_card_number(r)
    sealed = await r.sealed(r.near)
    assert sealed.event_names == TOLD + " pause gap gap", sealed.event_names
    assert 11 not in sealed.spoken(NEAR) and 12 not in sealed.spoken(FAR) and sealed.reason == "hang-up"
    await r.close()


async def test_each_part_on_demand_has_its_notice():
    r = await rig("parts", line(**DEMAND))
    await r.talk(recorded=False)
    notice = r.notices["hello"]["PCMU"][:160]
    assert notice not in r.far.heard, "nothing is said as long as nobody wants it recorded"
    for part in (1, 2):
        r.near.speak(30 + part)
        r.far.speak(40 + part)
        await asyncio.sleep_ms(100)
        r.near.speak(3)
        r.far.speak(3)
        await r.near.press("*1")
        await until(lambda: r.capture.on, "recording")
        assert r.far.heard.count(notice) == part
        r.near.speak(50 + part)
        r.far.speak(60 + part)
        await asyncio.sleep_ms(200)
        await r.near.press("*2")
        await until(lambda: not r.capture.on, "the end of the part")
    sealed = await r.sealed()
    part = " started notice consent"
    expected = "call policy terms media media" + part + " worker audio stopped" + part + " audio stopped"
    assert sealed.event_names == expected, sealed.event_names
    for fill in (51, 52):
        assert fill in sealed.spoken(NEAR) and fill + 10 in sealed.spoken(FAR)
    for fill in (31, 32):
        assert fill not in sealed.spoken(NEAR) and fill + 10 not in sealed.spoken(FAR)
    assert sealed.all("started") == [["key"]] * 2 == sealed.all("stopped") and sealed.reason == "hang-up"
    await r.close()


async def test_part_stopped_in_a_pause():
    r = await rig("stop-paused", line(**DEMAND))
    control = r.gateway.control
    await r.talk(recorded=False)
    assert control("stop", 0)[1] == "nothing is being recorded" == control("pause", 0)[1]
    assert control("start", 0)[1] == ""
    assert control("start", 0)[1] == "asked already, or objected to"
    await until(lambda: r.capture.on, "recording")
    assert control("start", 0)[1] == "recorded already"
    await asyncio.sleep_ms(100)
    assert control("pause", 0)[1] == "" == control("stop", 0)[1]
    assert control("resume", 0)[1] == "not paused"
    r.near.speak(11)
    r.far.speak(12)
    await asyncio.sleep_ms(100)
    r.near.speak(3)
    r.far.speak(3)
    assert control("start", 0)[1] == ""
    await until(lambda: r.capture.on, "recording")
    await asyncio.sleep_ms(100)
    sealed = await r.sealed()
    assert sealed.event_names == (
        "call policy terms media media started notice consent worker audio pause gap gap stopped"
        " started notice consent audio"
    ), sealed.event_names  # fmt: skip
    assert sealed.spoken(NEAR) == [1, 3] and sealed.spoken(FAR) == [2, 3]
    await r.close()


async def test_line_on_demand_without_a_request():
    r = await rig("unwanted", line(**DEMAND))
    await r.talk(recorded=False)
    sealed = await r.sealed()
    assert sealed.reason == "unrecorded" and not sealed.packets
    assert sealed.all("unrecorded") == [["on demand, and nobody wanted it"]]
    await r.close()


async def test_no_recording_after_an_objection():
    r = await rig("objected", line(**DEMAND))
    await r.talk(recorded=False)
    await r.near.press("*1")
    await until(lambda: r.control.notice.in_progress, "the notice")
    await r.far.press("9")
    await until(lambda: r.control.notice.refused, "the objection")
    await asyncio.sleep_ms(100)
    assert r.gateway.control("start", 0)[1] == "asked already, or objected to"
    assert r.far.heard[-1][0] == 1, "they go on talking"
    sealed = await r.sealed()
    assert sealed.reason == "refused" and not sealed.packets and sealed.all("objection") == [[FAR, "9", "rfc4733"]]
    await r.close()


async def test_objection_between_two_parts_erases_the_first():
    r = await rig("between", line(**DEMAND))
    await r.talk(recorded=False)
    for action, on in (("start", True), ("stop", False)):
        assert r.gateway.control(action, 0)[1] == ""
        await until(lambda: r.capture.on == on, action)  # noqa: B023
        await asyncio.sleep_ms(200)
    await r.far.press("9")
    await until(lambda: r.control.notice.refused, "the objection")
    assert r.gateway.control("start", 0)[1] == "asked already, or objected to"
    sealed = await r.sealed()
    assert sealed.reason == "objection" and not sealed.packets and sealed.all("erased") == [[sealed.gone]] != [[0]]
    await r.close()


async def test_tone_stops_in_a_pause_and_resumes_with_the_recording():
    r = await rig("tone", line(tone=[[1400, 100, 1000, 10]], **PAUSE))
    await r.talk()
    assert r.gateway.control("pause", 0)[1] == ""
    r.near.speak(11)
    r.far.speak(12)
    await asyncio.sleep_ms(200)
    before = len(r.near.heard)
    await asyncio.sleep_ms(1100)
    assert set(r.near.heard[before:]) == {bytes((12,)) * 160}, "no tone, for nothing is recorded"
    before = len(r.near.heard)
    assert r.gateway.control("resume", 0)[1] == ""
    await asyncio.sleep_ms(250)
    tones = [one for one in r.near.heard[before:] if one != bytes((12,)) * 160]
    assert 5 <= len(tones) <= 6, "at once"
    sealed = await r.sealed()
    assert len(sealed.all("tone")) == 1
    assert not [one for one in tones if one not in [payload for leg, _, payload in sealed.packets if leg == FAR]]
    await r.close()


async def test_longest_time_is_that_of_all_parts():
    r = await rig("longest", line(max_ms=1200, **DEMAND))
    await r.talk(recorded=False)
    assert r.gateway.control("start", 0)[1] == ""
    await until(lambda: r.limit_reached, "the longest time")
    r.far.speak(12)
    assert r.gateway.control("pause", 0)[1] == "nothing is being recorded"
    assert r.gateway.control("stop", 0)[1] == ""
    assert r.gateway.control("start", 0)[1] == "the longest time is over"
    await asyncio.sleep_ms(200)
    assert r.near.heard[-1][0] == 12, "they go on talking"
    sealed = await r.sealed()
    assert sealed.reason == "limit" and sealed.all("unrecorded") == [["limit"]] and 12 not in sealed.spoken(FAR)
    assert max(ms for _, ms, _ in sealed.packets) < 1200 + 150
    await r.close()
