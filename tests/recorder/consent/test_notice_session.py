"""Notices before recording: languages, the worker, a duty to record, the list of objections, holds."""

import asyncio

from recorder.media.leg import FAR, NEAR
from support.device import stores
from support.device.two_phone_rig import line, rig, until
from testigo_wire.policy import objections
from testigo_wire.rtp import g711
from testigo_wire.sip import events as sip_event

HEAP = "2m"
START = "call policy terms media notice consent media"
VOICES = [["en", "hello", "", []], ["es", "hola", "5", ["+34900"]]]
CALLER = "sip:600111222@trunk"
NUMBER = "600111222"


def packets(audio):
    return [audio[at : at + 160] for at in range(0, len(audio), 160)]


def notices(sealed):
    """(leg, name, completed) of each."""
    return [(leg, name, completed) for leg, _, name, _, _, _, completed in sealed.all("notice")]


async def give_list(r, *listed):
    key = bytes(range(32))
    blob = objections.blob([objections.digest(stores.DEVICE, key, number) for number in listed])
    body = [key, len(listed), stores.DEVICE.sha256(blob)]
    assert await r.app.documents.accept(stores.sign("objections", 1, body)) == (True, "")
    r.app.documents.blob(objections.BLOB, 0, blob, True)


async def notice_in_progress(r):
    await until(lambda: r.gateway.calls and r.control.notice and r.control.notice.in_progress, "the notice")


async def test_key_restarts_the_notice_in_another_language():
    r = await rig("language", line(voices=VOICES), notices=("hello", "hola"))
    r.far.invite(r.port)
    await until(lambda: len(r.far.heard) > 2, "the notice")
    await r.far.press("5")
    await until(lambda: r.gateway.calls[0].bridge.up and r.capture.on, "recording")
    assert not [one for one in packets(r.notices["hola"]["PCMU"]) if one not in r.far.heard], "to its end"
    assert packets(r.notices["hello"]["PCMU"])[-1] not in r.far.heard
    sealed = await r.sealed()
    assert notices(sealed) == [(FAR, "hello", False), (FAR, "hola", True)]
    assert sealed.all("consent") == [["notify", True, "notice", "", ""]]
    await r.close()


async def test_language_is_chosen_while_the_answer_is_awaited():
    r = await rig("awaited", line(rule="opt-out", key_timeout=400, voices=VOICES), notices=("hello", "hola"))
    r.far.invite(r.port)
    await notice_in_progress(r)
    await asyncio.sleep_ms(350)
    await r.far.press("5")
    await until(lambda: r.gateway.calls[0].bridge.up and r.capture.on, "recording")
    sealed = await r.sealed()
    assert notices(sealed) == [(FAR, "hello", True), (FAR, "hola", True)]
    assert sealed.all("consent") == [["opt-out", True, "timeout", "", ""]]
    assert [digit for _, digit, _ in sealed.all("dtmf")] == ["5"]
    await r.close()


async def test_called_number_selects_the_language():
    r = await rig("called", line(voices=VOICES), notices=("hello", "hola"))
    r.far.invite(r.port, uri="sip:900100200@pbx")
    await until(lambda: r.gateway.calls and r.call.bridge.up and r.capture.on, "recording")
    assert notices(await r.sealed()) == [(FAR, "hola", True)]
    await r.close()


async def test_workers_notice_comes_before_the_recording():
    r = await rig("staff", line(worker="notice", worker_reference="staff"), notices=("hello", "staff"))
    r.far.invite(r.port)
    await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")
    r.far.speak(2)
    await until(lambda: r.gateway.calls[0].bridge.up and r.capture.on, "recording")
    await asyncio.sleep_ms(200)
    told = packets(r.notices["staff"]["PCMU"])
    assert r.near.heard[: len(told)] == told, "to its end, and nothing before it"
    assert r.near.heard[-1][0] == 2
    sealed = await r.sealed()
    assert sealed.event_names == START + " notice worker audio" and sealed.all("worker") == [["notice", "staff"]]
    assert notices(sealed) == [(FAR, "hello", True), (NEAR, "staff", True)]
    await r.close()


async def test_one_notice_for_both_legs():
    r = await rig("both", line(notice_legs="both", order="answer-first", worker="notice", worker_reference="hello"))
    await r.talk()
    for phone in (r.near, r.far):
        assert phone.heard[:10] == packets(r.notices["hello"]["PCMU"])
    sealed = await r.sealed()
    assert sealed.event_names == "call policy terms media media notice notice consent worker audio", sealed.event_names
    assert notices(sealed) == [(FAR, "hello", True), (NEAR, "hello", True)]
    await r.close()


async def test_worker_is_informed_by_the_warning_tone():
    tone = [1400, 100, 1000, 10]
    r = await rig("tone", line(worker="tone", worker_reference="", tone=[tone]))
    await r.talk()
    r.near.be_silent()
    r.far.speak(2)
    await asyncio.sleep_ms(1100)
    sealed = await r.sealed()
    assert sealed.event_names == START + " worker tone audio" and sealed.all("tone") == [tone], sealed.event_names
    notice = packets(r.notices["hello"]["PCMU"])
    beeps = [[], []]  # heard by each side: two of 100 ms
    for side, phone in enumerate((r.near, r.far)):
        clear = bytes((2 - side,)) * 160
        beeps[side] = [one for one in phone.heard if len(one) == 160 and one != clear and one not in notice]
        assert 8 <= len(beeps[side]) <= 12, len(beeps[side])
    taken = {leg: [payload for one, _, payload in sealed.packets if one == leg] for leg in (NEAR, FAR)}
    for side, phone in enumerate((r.near, r.far)):
        heard = taken[1 - side]
        assert not [one for one in beeps[side] if one not in heard], "recorded as heard"
        assert not [one for one in heard if one not in phone.heard], "and nothing else"
    assert [one for one in beeps[FAR] if g711.silence("PCMU") in one], "where nobody spoke too"
    await r.close()


async def test_missing_notice_ends_the_call_under_a_duty_to_record():
    for changes, given in (
        ({}, ()),
        ({"order": "answer-first"}, ()),
        ({"worker": "notice", "worker_reference": "staff"}, ("hello",)),
    ):
        r = await rig("duty", line(impossible="refuse-call", **changes), notices=given)
        r.far.invite(r.port)
        await until(lambda: sip_event.ENDED in r.far.events, lambda: "the end: " + r.log())  # noqa: B023
        assert changes or not r.near.events, "nobody was called"
        sealed = await r.sealed()
        assert not sealed.packets and sealed.all("hang_up")[0][1:] == [503, "recording impossible"]
        assert sealed.all("unrecorded")[0][0].startswith("notice ") and sealed.reason in ("failed", "unrecorded")
        await r.close()


async def test_missing_notice_leaves_the_call_unrecorded():
    for changes, given in (({}, ()), ({"worker": "notice", "worker_reference": "staff"}, ("hello",))):
        r = await rig("missing", line(**changes), notices=given)
        await r.talk(recorded=False)
        assert r.near.heard[-1][0] == 2 and not r.capture.on
        assert r.gateway.control("pause", 0)[1] == "nothing is being recorded"
        sealed = await r.sealed()
        assert sealed.reason == "unrecorded" and not sealed.packets and sealed.all("unrecorded")
        await r.close()


async def test_early_objection_ends_the_call_under_a_duty_to_record():
    r = await rig("duty-before", line(objection="end-call", impossible="refuse-call"))
    r.far.invite(r.port)
    await notice_in_progress(r)
    await r.far.press("9")
    await until(lambda: sip_event.ENDED in r.far.events, "the end")
    sealed = await r.sealed()
    assert not r.near.events, "nobody was called"
    assert sealed.reason == "refused" and sealed.all("objection") == [[FAR, "9", "rfc4733"]]
    assert sealed.all("hang_up") == [[FAR, 603, "objection: recording is a duty"]]
    await r.close()


async def test_late_objection_ends_the_call_and_keeps_the_audio_under_a_duty_to_record():
    r = await rig("duty-after", line(objection="end-call", impossible="refuse-call"))
    await r.talk()
    await r.far.press("9")
    await until(lambda: sip_event.ENDED in r.far.events and sip_event.ENDED in r.near.events, "the end")
    sealed = await r.sealed()
    assert sealed.all("hang_up") == [[FAR, 603, "key to end the call: recording is a duty"]]
    assert 2 in sealed.spoken(FAR) and not sealed.all("objection") and not sealed.gone
    assert [digit for _, digit, _ in sealed.all("dtmf")] == ["9"]
    await r.close()


async def test_telephone_objects_by_recordpref():
    r = await rig("preference", line())
    await r.talk()
    r.far.extra = b"a=recordpref:off\r\n"
    r.far.offer()
    await until(lambda: not r.capture.on, "the objection")
    sealed = await r.sealed()
    assert sealed.reason == "objection" and not sealed.packets and sealed.all("objection") == [[FAR, "", "sdp"]]
    await r.close()
    r = await rig("preferred", line())
    r.far.extra = b"a=recordpref:off\r\n"
    await r.talk(recorded=False)
    sealed = await r.sealed()
    assert sealed.reason == "refused" and not notices(sealed), "nobody who objects has to hear it"
    await r.close()


async def test_numbers_kept_of_an_unrecorded_call():
    for kept, expected in (("full", CALLER), ("last-3", "*222"), ("none", "")):
        r = await rig("kept", line(mode="on-demand", unrecorded_numbers=kept))
        r.far.invite(r.port, caller=CALLER)
        await until(lambda: r.gateway.calls and r.call.bridge.up, "the conversation")  # noqa: B023
        sealed = await r.sealed()
        assert sealed.all("call")[0][2:4] == [expected, "sip:100@x"], sealed.all("call")
        assert (NUMBER in repr(sealed.events)) == (kept == "full"), sealed.events
        await r.close()


async def test_recorded_call_keeps_full_numbers():
    r = await rig("in-full", line(unrecorded_numbers="none"))
    r.far.invite(r.port, caller=CALLER)
    await until(lambda: r.gateway.calls and r.call.bridge.up and r.capture.on, "recording")
    sealed = await r.sealed()
    assert sealed.all("call")[0][2] == "" and sealed.all("parties") == [[CALLER, "sip:100@x"]]
    assert sealed.event_names == START + " worker parties audio" or sealed.event_names == START + " worker parties"
    await r.close()


async def test_number_on_the_objection_list_is_not_recorded_in_any_spelling():
    r = await rig("listed", line(unrecorded_numbers="none"))
    await give_list(r, "+34" + NUMBER, "+34910000000")
    far, near = r.far, r.near
    trunk = "sip:+34700000000@trunk"
    for phone, uri, caller, asserted in (
        (far, "sip:100@x", CALLER, ""),
        (far, "sip:100@x", "sip:0034600111222@trunk", ""),
        (far, "sip:100@x", trunk, '"Ana" <sip:ana@x>, <tel:+34-600-111-222>'),
        (far, "sip:910000000@pbx", trunk, ""),
        (near, "sip:600111222@trunk", "sip:100@x", ""),
    ):
        phone.agent.more = (("p-asserted-identity", asserted),) if asserted else ()
        phone.invite(r.port, uri=uri, caller=caller)
        await until(lambda: r.gateway.calls and r.call.bridge.up, "the conversation")
        assert r.gateway.control("start", 0)[1] == "objection list"
        sealed = await r.sealed(phone)
        assert sealed.reason == "unrecorded" and not notices(sealed) and not sealed.packets
        assert sealed.all("unrecorded") == [["objection list"]] and NUMBER not in repr(sealed.events)
        phone.events.clear()
    far.agent.more = ()
    await r.talk()
    assert 2 in (await r.sealed()).spoken(FAR), "others are"
    await r.close()


async def hold(phone, held=True):
    phone.events.clear()
    phone.offer(direction="inactive" if held else "sendrecv")
    await until(lambda: sip_event.ACCEPTED in phone.events, "the answer")


async def test_notice_waits_for_the_end_of_an_initial_hold():
    r = await rig("held", line())
    r.far.invite(r.port, direction="inactive")
    await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")
    await asyncio.sleep_ms(400)
    assert not r.far.heard and not r.near.events, "who is on hold hears no notice"
    await hold(r.far, False)
    await until(lambda: r.call.bridge.up and r.capture.on, "recording")
    sealed = await r.sealed()
    assert r.far.heard[:10] == packets(r.notices["hello"]["PCMU"]) and notices(sealed) == [(FAR, "hello", True)]
    await r.close()


async def test_hold_restarts_the_notice():
    for changes, before_ms, first in (({}, 100, False), ({"rule": "opt-out", "key_timeout": 500}, 400, True)):
        r = await rig("held-amid", line(**changes))
        r.far.invite(r.port)
        await until(lambda: r.far.heard, "the notice")  # noqa: B023
        await asyncio.sleep_ms(before_ms)
        await hold(r.far)
        heard = len(r.far.heard)
        await asyncio.sleep_ms(600)
        assert not r.control.consent_given and len(r.far.heard) <= heard + 1, "the time to answer stands still"
        await hold(r.far, False)
        await until(lambda: r.call.bridge.up and r.capture.on, "recording")  # noqa: B023
        sealed = await r.sealed()
        assert notices(sealed) == [(FAR, "hello", first), (FAR, "hello", True)]
        assert len(sealed.all("consent")) == 1
        await r.close()


async def test_worker_who_holds_does_not_shorten_the_time_to_object():
    r = await rig("held-near", line(rule="opt-out", key_timeout=2000, order="answer-first"))
    r.far.invite(r.port)
    await until(lambda: packets(r.notices["hello"]["PCMU"])[-1] in r.far.heard, "the notice")
    await asyncio.sleep_ms(300)
    await hold(r.near)
    await asyncio.sleep_ms(500)
    assert r.control.notice.in_progress and not r.control.consent_given, "the other party may still object"
    await r.far.press("9")
    await until(lambda: r.control.notice.refused, "the objection")
    await hold(r.near, False)
    sealed = await r.sealed()
    assert sealed.all("consent") == [["opt-out", False, "key", "9", "rfc4733"]] and not sealed.spoken(FAR)
    await r.close()


async def test_participant_who_joins_on_hold_hears_the_notice_after_it():
    r = await rig("held-join", line())
    await r.talk()
    r.far.become(session=True)
    await hold(r.far)
    r.near.speak(11)
    r.far.speak(12)
    await asyncio.sleep_ms(500)
    assert not r.capture.on and r.far.heard.count(packets(r.notices["hello"]["PCMU"])[0]) == 1
    assert r.near.heard[-1][0] == 12, "music, as it may be"
    r.far.speak(3)
    r.near.speak(3)
    await hold(r.far, False)
    await until(lambda: r.capture.on, "recording")
    await asyncio.sleep_ms(100)
    sealed = await r.sealed()
    assert sealed.event_names == START + " worker audio joined notice consent audio", sealed.event_names
    assert 12 not in sealed.spoken(FAR) and 11 not in sealed.spoken(NEAR)
    assert r.far.heard.count(packets(r.notices["hello"]["PCMU"])[0]) == 2
    await r.close()


async def test_worker_on_hold_hears_the_notice_after_it():
    r = await rig("held-worker", line(worker="notice", worker_reference="staff"), notices=("hello", "staff"))
    r.far.invite(r.port)
    told = packets(r.notices["staff"]["PCMU"])
    await until(lambda: told[0] in r.near.heard, "the worker's notice")
    await hold(r.near)
    await asyncio.sleep_ms(400)
    assert not r.capture.on and told[-1] not in r.near.heard
    await hold(r.near, False)
    await until(lambda: r.capture.on, "recording")
    sealed = await r.sealed()
    assert notices(sealed) == [(FAR, "hello", True), (NEAR, "staff", False), (NEAR, "staff", True)]
    await r.close()


async def test_hang_up_on_hold_keeps_no_resources():
    for joins in (False, True):
        r = await rig("held-end", line())
        if joins:
            await r.talk()
            r.far.become(session=True)
            await hold(r.far)
        else:
            r.far.invite(r.port, direction="inactive")
            await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")  # noqa: B023
        await asyncio.sleep_ms(100)
        sealed = await r.sealed()
        assert sealed.reason == ("hang-up" if joins else "cancelled") and bool(sealed.packets) == joins
        await r.close()


async def test_number_on_the_objection_list_that_joins_ends_the_recording():
    """Neither one who joins, nor one who answers for the number that was called, nor what follows when they are gone."""
    listed = "<tel:+34-%s>" % NUMBER
    for side, told in ((FAR, True), (NEAR, True), (FAR, False)):
        r = await rig("listed-later", line(impossible="refuse-call"))
        await give_list(r, "+34" + NUMBER)
        phone = (r.near, r.far)[side]
        if told:
            await r.talk()
            phone.become(asserted=listed)
            await hold(phone, False)
        else:
            phone.agent.more = (("p-asserted-identity", listed),)
            await r.talk(caller=r.near, recorded=False)
        assert not r.capture.on
        r.near.speak(11)
        r.far.speak(12)
        await asyncio.sleep_ms(300)
        phone.become(asserted="<sip:+34699999999@x>")
        await hold(phone, False)
        await asyncio.sleep_ms(300)
        assert not r.capture.on and r.near.heard[-1][0] == 12
        assert r.gateway.control("start", 0)[1] == "the line is not recorded on demand"
        sealed = await r.sealed()
        assert sealed.all("unrecorded") == [["objection list"]] and len(notices(sealed)) == told
        assert 11 not in sealed.spoken(NEAR) and 12 not in sealed.spoken(FAR) and bool(sealed.packets) == told
        assert sealed.reason == ("hang-up" if told else "unrecorded"), sealed.reason
        await r.close()
