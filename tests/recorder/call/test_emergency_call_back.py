"""Calls that come in after an emergency call, also after a restart or a power cut."""

import asyncio

from recorder import files
from support.device import stores
from support.device.emergency_office import (
    hang_up,
    help_at_once,
    later,
    office,
    read_settings,
    settings_of,
    use_settings,
)
from support.device.two_phone_rig import HOST, Sealed, gateway_of, line, until
from testigo_wire.policy import documents
from testigo_wire.sip import events as sip_event

HEAP = "2m"


async def test_a_call_back_is_not_announced():
    r = await office("call-back", line(rule="notify"))
    await help_at_once(r)
    await hang_up(r)
    for minutes, announced in ((29, False), (0, False), (31, True)):
        later(r, minutes)
        if announced:
            assert not r.gateway.emergency.expects_call_back
        r.far.events.clear()
        r.near.heard.clear()
        r.far.heard.clear()
        r.far.invite(r.port, caller="sip:943000000@x")
        await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")
        r.near.speak(3)
        await asyncio.sleep_ms(100)
        assert (bytes((3,)) * 160 in r.far.heard) == (not announced), minutes
        await hang_up(r, r.far)
    assert [Sealed(r.app, n).all("unrecorded") for n in (2, 3)] == [[["emergency call-back"]]] * 2
    assert Sealed(r.app, 2).all("call")[0][:4] == ["main", "in", "sip:943000000@x", "sip:100@x"]
    await r.close()


async def test_a_policy_sets_the_time_for_a_call_back():
    r = await office("no-call-back", settings=[[], "", 0])
    await help_at_once(r)
    assert not r.gateway.emergency.expects_call_back
    await hang_up(r)
    await r.close()


async def test_a_new_policy_ends_the_time():
    r = await office("shorter")
    await help_at_once(r)
    await hang_up(r)
    assert r.gateway.emergency.expects_call_back
    body = documents.parse(files.read(r.app.root + "/policy.tsd")).body
    ok, why = await r.app.documents.accept(stores.sign("policy", 2, body + [[[], "", 0]]))
    assert ok, why
    assert not r.gateway.emergency.expects_call_back
    await r.close()


async def test_a_call_back_after_a_restart():
    r = await office("restart", line(rule="notify"))
    await help_at_once(r)
    await hang_up(r)
    r.gateway.close()
    r.tasks.pop(0).cancel()
    r.gateway = gateway_of(r.app, settings_of(r))
    r.tasks.append(asyncio.create_task(r.gateway.run()))
    assert r.gateway.emergency.expects_call_back
    r.app.hal.set_unix_ms(946684800000)  # a chip's clock falls back
    again = r.gateway.emergency.__class__(r.gateway, read_settings(r), HOST, r.app.log)
    assert again.expects_call_back and again.until - r.app.hal.ms() == 30 * 60000
    again.close()
    r.app.hal.set_unix_ms(4102444800000)
    again = r.gateway.emergency.__class__(r.gateway, read_settings(r), HOST, r.app.log)
    assert not again.expects_call_back
    again.close()
    await r.close()


async def test_a_power_cut_during_the_call():
    r = await office("cut")
    await help_at_once(r)
    await asyncio.sleep_ms(200)
    noted = files.read(r.app.root + "/emergency.cbor")
    await hang_up(r)
    files.replace(r.app.root + "/emergency.cbor", noted)
    await use_settings(r, settings_of(r))
    await until(lambda: r.app.spool.next_number == 3, r.log)
    await asyncio.sleep_ms(300)
    sealed = Sealed(r.app, 2)
    assert sealed.reason == "power-loss" and sealed.all("unrecorded") == [["emergency"]], sealed.events
    assert r.gateway.emergency.pending == []
    await r.close()
