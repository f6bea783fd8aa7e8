"""Emergency calls between real agents: connected at once whatever the appliance has or lacks, and accounted for."""

import asyncio

from recorder import files
from recorder.media.leg import NEAR
from support.device import stores
from support.device.emergency_office import bare, hang_up, help_at_once, later, office, settings_of, use_settings
from support.device.two_phone_rig import Sealed, line, policy, until
from testigo_wire.crypto import p256
from testigo_wire.sip import events as sip_event

HEAP = "2m"


async def test_no_notice_no_recording_and_a_record_of_it():
    r = await office("help")
    await help_at_once(r, dialled="112")
    r.far.speak(8)
    await asyncio.sleep_ms(2000)
    assert bytes((8,)) * 160 in r.near.heard
    assert not r.app.recordings.active, "nothing is written while the parties talk"
    await hang_up(r)
    sealed = Sealed(r.app, 1)
    assert sealed.event_names == "call policy unrecorded" and sealed.reason == "unrecorded" and not sealed.packets
    assert sealed.all("unrecorded") == [["emergency"]]
    assert sealed.all("call")[0][:4] == ["main", "out", "sip:200@x", "*"]
    assert sealed.all("hang_up") == [[NEAR, 200, ""]]
    assert [event[1] for event in sealed.events][:3] == [0, 0, 0] and sealed.events[3][1] > 2000
    await r.close()


async def test_every_form_of_the_number_reaches_the_far_side():
    r = await office("forms", settings=[["5555"], "8", 0])
    for uri, dialled in (
        ("sip:0112@x", "0112"),
        ("sip:+34112@x;user=phone", "+34112"),
        ("sips:112@x", "112"),
        ("tel:112;phone-context=+34", "112"),
        ("sip:%31%31%32@x", "112"),
        ("sip:*31#112@x", "112"),
        ("urn:service:sos", "112"),
        ("urn:service:sos.ambulance", "112"),
        ("sip:016@x", "016"),
        ("sip:5555@x", "5555"),
        ("sip:8112@x", "8112"),
    ):
        await help_at_once(r, uri, dialled=dialled)
        await hang_up(r)
    numbers = r.app.spool.numbers()
    assert len(numbers) == 11 and all([Sealed(r.app, n).all("unrecorded") == [["emergency"]] for n in numbers])
    await r.close()


async def test_an_ordinary_call_of_the_worker_hears_the_notice_as_before():
    r = await office("ordinary")
    r.near.invite(r.port, uri="sip:943112112@x")
    await until(lambda: sip_event.ANSWERED in r.near.events, "the answer")
    await until(lambda: len(r.near.heard) + len(r.far.heard) > 5, "the notice")
    assert r.gateway.calls and r.call.recording
    r.near.hang_up()
    await r.close()


async def test_without_identity_policy_keys_clock_or_storage():
    def provisioned(root):
        stores.provision(root)

    def damaged_policy(root):
        stores.provision(root)
        files.replace(root + "/policy.tsd", policy(line())[:-9] + bytes(9))

    def damaged_list(root):
        stores.provision(root)
        files.replace(root + "/policy.tsd", policy(line()))
        files.replace(root + "/objections.tsd", b"damaged")
        files.replace(root + "/emergency.cbor", b"\x84damaged")

    for name, prepare in (
        ("nothing", None),
        ("no-policy", provisioned),
        ("damaged-policy", damaged_policy),
        ("damaged-list", damaged_list),
    ):
        r = await bare(name, prepare)
        await help_at_once(r)
        await hang_up(r)
        await r.close()


async def test_no_clock_and_no_keys():
    r = await office("no-keys")
    r.tasks.pop().cancel()
    while p256.finish(r.app.keypool.take_steps(bytes(16))):
        pass
    r.app.hal.clock = 0
    r.app.hal.set_unix_ms(946684800000)
    await help_at_once(r)
    await hang_up(r)
    await until(lambda: "has no record" in r.log(), r.log, 1400)
    assert "emergency call has no record: no keys" in r.log(), r.log()
    await r.close()


async def test_full_and_broken_storage():
    r = await office("full")
    r.app.hal.free_bytes = lambda: 0
    root, r.app.hal.root = r.app.hal.root, "/nowhere/at/all"
    await help_at_once(r)
    await hang_up(r)
    r.app.hal.root = root
    assert "emergency call has no record: space" in r.log(), r.log()
    await r.close()


async def test_a_prefix_that_the_far_side_does_not_know():
    r = await office("prefix")
    r.far.statuses = [404]
    await help_at_once(r, "sip:0112@x")
    assert r.far.dialled == ["sip:0112", "sip:112"]
    await hang_up(r)
    r.far.statuses = [404, 404]
    r.near.events.clear()
    r.near.invite(r.port, uri="sip:0112@x")
    await until(lambda: sip_event.ENDED in r.near.events, "404")
    await until(lambda: not r.gateway.calls, "the end")
    await asyncio.sleep_ms(300)
    sealed = Sealed(r.app, 2)
    assert sealed.reason == "failed" and sealed.all("unrecorded") == [["emergency"]]
    assert sealed.all("hang_up")[0][1] == 404
    await r.close()


async def test_a_caller_who_gives_up_while_it_rings():
    r = await office("gives-up")
    r.far.rings = True
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: sip_event.PROGRESS in r.near.events, "ringing")
    later(r, 20)
    await asyncio.sleep_ms(500)
    assert r.gateway.calls, "an emergency call rings as long as the caller waits"
    r.near.hang_up()
    await until(lambda: not r.gateway.calls, "the end")
    await asyncio.sleep_ms(300)
    assert Sealed(r.app, 1).reason == "cancelled"
    await r.close()


async def test_nothing_records_it_later():
    """Keys of the worker, a command of the host, a new session, hold: the call goes on and nothing is recorded."""
    made = line(mode="on-demand", rule="notify", keys=["*1", "*2", "*7", "*8"], pause_limit=60000)
    r = await office("later", made)
    r.near.extra = b"a=recordpref:on\r\n"
    await help_at_once(r)
    await r.near.press("*1")
    assert r.gateway.control("start", 0) == (
        0,
        "this call is not recorded: an emergency call, or a call back after one",
    )
    assert r.gateway.open() == []
    for direction in ("sendonly", "sendrecv"):
        r.near.events.clear()
        r.near.offer(direction=direction)
        await until(lambda: sip_event.ACCEPTED in r.near.events, "the answer")
    await asyncio.sleep_ms(1000)
    heard = len(r.far.heard)
    await asyncio.sleep_ms(1000)
    assert len(r.far.heard) - heard > 40 and not r.app.recordings.active
    await hang_up(r)
    assert Sealed(r.app, 1).event_names == "call policy unrecorded"
    await r.close()


async def test_a_far_side_without_an_address():
    r = await office("no-address")
    await use_settings(r, settings_of(r, far=["registrar", "", 5060, "desk", "desk", "secret", "main"]))
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: sip_event.ENDED in r.near.events, "503")
    assert "emergency call not connected: the far side has no address" in r.log()
    await until(lambda: r.gateway.emergency.calls()._kept_back, "the call kept back")
    await r.close()


def test_no_form_of_an_emergency_number_is_passed_over():
    from recorder.call.emergency import may_be_emergency

    for uri in (
        "sip:112@x", "sip:0112@x", "sip:+34112@x;user=phone", "sip:0034112@x", "sip:00034112@x", "sip:90034112@x",
        "sip:0049116123@x", "sip:01149116123@x", "sips:112@x", "SIPS:112@X", "tel:112", "tel:+34-112", "tel:1-1-2",
        "tel:112;phone-context=+34943112112", "sip:112;phone-context=+34943112112@x", "sip:112:secret99999999@x",
        "sip:%31%31%32@x", "sip:*31#112@x", "sip:112#@x", "urn:service:sos", "urn:service:sos.police", "sip:sos@x",
        "sip:112", "sip:112@192.168.100.100:5060", "sip:112;user=phone", "112",
    ):  # fmt: skip
        assert may_be_emergency(uri), uri
    for uri in ("sip:943112112@x", "sip:+34943112112@x", "sip:0034943112112@x", "sip:600111222@x;user=phone"):
        assert not may_be_emergency(uri), uri
