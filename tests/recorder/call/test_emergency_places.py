"""Emergency calls when places, ports or memory are taken, and whose calls they may be."""

import asyncio
import sys

from recorder.media.leg import FAR
from support.device.emergency_office import hang_up, help_at_once, office, settings_of, use_settings
from support.device.two_phone_rig import Phone, Sealed, line, side, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"


def no_more_sockets(r):
    def udp(host, port):
        raise OSError(23)

    held, r.app.hal.udp = r.app.hal.udp, udp
    return held


async def on_a_small_heap(name, *lines):
    r = await office(name, *lines)
    r.app.hal.heap_small = True
    await use_settings(r, settings_of(r))
    await asyncio.sleep_ms(100)
    return r


def loaded():
    return "recorder.call.emergency_calls" in sys.modules


async def test_all_places_taken():
    """Two calls are all that the settings allow: both go on, with their recordings."""
    r = await office("places", line(rule="notify"))
    await use_settings(r, settings_of(r))
    other = Phone(r.app.hal, r.port + 15)
    for number in ("sip:943000001@x", "sip:943000002@x"):
        other.events.clear()
        other.invite(r.port, uri=number)
        await until(lambda: sip_event.ANSWERED in other.events, lambda: "the answer: " + r.log())
    await until(lambda: len([1 for call in r.gateway.calls if call._control.capture.on]) == 2, "two recordings")
    r.near.invite(r.port, uri="sip:943000003@x")
    await until(lambda: sip_event.ENDED in r.near.events, "486")
    await help_at_once(r)
    assert len(r.gateway.calls) == 3 and len([1 for call in r.gateway.calls if call._control.consent_given]) == 2
    assert not [1 for call in r.gateway.calls if call.ended]
    r.near.hang_up()
    for call in list(r.gateway.calls):
        call.end(None, 480, "the test is over")
    await until(lambda: not r.gateway.calls, "the end")
    other.close()
    await r.close()


async def test_an_ordinary_call_gives_way():
    """The call that was kept back is in use and there are no ports: the youngest ordinary call ends, after a tone."""
    r = await office("way", line(rule="notify"))
    await r.talk()
    first = r.call
    third, fourth = Phone(r.app.hal, r.port + 15), Phone(r.app.hal, r.port + 11)
    udp = no_more_sockets(r)
    await help_at_once(r, phone=third, others=True)
    heard = len(r.near.heard)
    fourth.invite(r.port, uri="sip:061@x")
    await until(lambda: first.ended, "the ordinary call to give way")
    tone = [payload for payload in r.near.heard[heard:] if payload != bytes((2,)) * 160]
    assert len(tone) == 20 and len(set(tone)) == 1 and len(set(tone[0])) > 5, len(tone)
    r.app.hal.udp = udp
    await until(lambda: sip_event.ANSWERED in fourth.events, "the second emergency call")
    fourth.speak(9)
    await until(lambda: bytes((9,)) * 160 in r.far.heard, "its first word")
    await until(lambda: first not in r.gateway.calls, "the record of the first call")
    sealed = Sealed(r.app, 1)
    assert sealed.all("unrecorded") == [["gave way to an emergency call"]], sealed.event_names
    assert sealed.all("hang_up") == [[FAR, 503, "gave way to an emergency call"]] and sealed.packets
    third.hang_up()
    fourth.hang_up()
    await until(lambda: not r.gateway.calls, "the end")
    third.close()
    fourth.close()
    await r.close()


async def test_what_is_kept_back_comes_again():
    r = await office("refill")
    taken = r.gateway.emergency.calls()._kept_back
    assert taken
    await help_at_once(r)
    assert r.gateway.emergency.calls()._kept_back is not taken
    await until(lambda: r.gateway.emergency.calls()._kept_back, "another one")
    await hang_up(r)
    await r.close()


async def test_a_busy_line_is_made_free():
    r = await office("busy", line(rule="notify"))
    await r.talk()
    first = r.call
    third = Phone(r.app.hal, r.port + 15)
    r.far.statuses = [486]
    await help_at_once(r, phone=third, limit=2000, others=True)
    assert first.ended and r.far.dialled == ["sip:112", "sip:112"], r.far.dialled
    await hang_up(r, third)
    third.close()
    await r.close()


async def test_no_memory_to_read_the_invite():
    r = await office("no-memory")
    receive = r.gateway._agent.receive
    failures = [1, 1]

    def starved(data, source, now):
        if failures:
            failures.pop()
            raise MemoryError
        return receive(data, source, now)

    r.gateway._agent.receive = starved
    r.near.invite(r.port, uri="sip:943000001@x")
    await asyncio.sleep_ms(200)
    assert failures == [1] and r.gateway.emergency.calls().ballast, "an ordinary call does not get the memory kept back"
    await help_at_once(r)
    await until(lambda: r.gateway.emergency.calls().ballast, "the memory kept back")
    await hang_up(r)
    await r.close(clean=False)


async def test_a_small_heap_loads_the_code_for_a_call():
    r = await on_a_small_heap("small", line(rule="notify"))
    assert r.gateway.emergency._calls is None
    for name in ("recorder.call.emergency_calls", "testigo_wire.policy.emergency"):
        sys.modules.pop(name, None)
    await r.talk()
    assert not loaded()
    third = Phone(r.app.hal, r.port + 15)
    await help_at_once(r, phone=third, others=True)
    assert loaded()
    r.near.hang_up()
    await until(lambda: len(r.gateway.calls) == 1, "the end of the ordinary call")
    assert loaded()
    await hang_up(r, third)
    await until(lambda: not loaded(), "the code to be removed")
    assert r.gateway.emergency.expects_call_back
    await help_at_once(r)
    await hang_up(r)
    third.close()
    await r.close()


async def test_no_memory_for_the_code():
    """The youngest ordinary call gives way, until there is enough."""
    r = await on_a_small_heap("no-code", line(rule="notify"))
    await r.talk()
    first = r.call
    watch = r.gateway.emergency
    calls = watch.calls

    def starved():
        if not first.bridge.closed:
            raise MemoryError
        return calls()

    watch.calls = starved
    third = Phone(r.app.hal, r.port + 15)
    third.invite(r.port, uri="sip:112@x")
    await until(lambda: first.bridge.closed, "the ordinary call to give way")
    assert first.gives_way and sip_event.ANSWERED not in third.events
    await asyncio.sleep_ms(600)
    third.agent.tick(r.app.hal.ms())  # its INVITE again, as it had no answer
    third.flush()
    await until(lambda: sip_event.ANSWERED in third.events, "the answer")
    third.hang_up()
    await until(lambda: not r.gateway.calls, "the end")
    third.close()
    await r.close()


async def test_a_telephone_that_has_not_registered_yet():
    """No password is asked for, but a stranger's call ends no other one."""
    r = await office("unregistered")
    await use_settings(r, settings_of(r, near=["registrar", "", 5060, "desk", "desk", "secret", "main"]))
    r.gateway._sides = (r.gateway._sides[0], side(r.port + 2, host="127.0.0.1"))
    stranger = Phone(r.app.hal, r.port + 15)
    stranger.invite(r.port, uri="sip:600111222@x")
    await until(lambda: sip_event.ENDED in stranger.events, "401 or 403")
    r.gateway.side_of = lambda source: FAR if source[1] == r.port + 2 else None
    await help_at_once(r, phone=stranger)
    assert not r.gateway.calls[0].known and r.gateway.emergency.calls().choose(False) is None
    assert r.gateway.emergency.calls().choose(True) is r.gateway.calls[0]
    await hang_up(r, stranger)
    stranger.close()
    await r.close()


async def test_a_stranger_cannot_call_where_the_telephone_has_a_fixed_address():
    r = await office("stranger")
    r.gateway.side_of = lambda source: None
    r.gateway._agent.source_filter = r.gateway.side_of
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: sip_event.ENDED in r.near.events, "403")
    assert not r.gateway.calls
    await r.close()


async def test_one_call_of_an_unknown_source_at_a_time():
    r = await office("strangers")
    await use_settings(r, settings_of(r, near=["registrar", "", 5060, "desk", "desk", "secret", "main"]))
    r.gateway.side_of = lambda source: FAR if source[1] == r.port + 2 else None
    first, second = Phone(r.app.hal, r.port + 15), Phone(r.app.hal, r.port + 11)
    await help_at_once(r, phone=first)
    for _ in range(5):
        second.invite(r.port, uri="sip:112@x")
    await until(lambda: second.events.count(sip_event.ENDED) == 5, "401")
    assert len(r.gateway.calls) == 1 and r.far.dialled == ["sip:112"]
    await hang_up(r, first)
    first.close()
    second.close()
    await r.close()


async def test_a_flood_of_ordinary_calls():
    """Forty INVITEs that wait for an answer, and one to 112 behind them."""
    r = await office("flood", line(rule="notify"))
    other = Phone(r.app.hal, r.port + 15)
    r.far.rings = True
    for i in range(40):
        other.invite(r.port, uri="sip:9430000%02d@x" % i)
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: sip_event.PROGRESS in r.near.events, lambda: "ringing: " + r.log(), 4)
    assert [call for call in r.gateway.calls if not call.recorded]
    r.near.hang_up()
    for call in list(r.gateway.calls):
        call.end(None, 480, "the test is over")
    await until(lambda: not r.gateway.calls, "the end")
    other.close()
    await r.close()
