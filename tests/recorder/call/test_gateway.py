"""The gateway between two telephones, on real sockets in one process: wrong settings, and peers that behave wrongly."""

import asyncio
import os
import struct

from recorder import files, main
from recorder.media import fast_path
from recorder.media.leg import FAR, NEAR, Leg
from recorder.media.relay import Relay
from recorder.media.tap import Tap
from recorder.storage.spool import SpoolError
from support.device import stores
from support.device.two_phone_rig import HOST, NOTICE, Board, Phone, gateway_of, ports, rig, settings, side, until
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import sdp

HEAP = "2m"


async def test_objection_is_recognised_after_a_new_telephone_event_payload_type():
    r = await rig("renumbered")
    r.far.invite(r.port)
    await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")
    r.far.offer(r.far.media.offer(encodings=("PCMU",), event_type=97))
    await until(lambda: sip_event.ACCEPTED in r.far.events, "the second answer")
    await until(lambda: len(r.far.heard) == NOTICE // 160, "the end of the notice")
    r.far.key(9, 97, 5000)
    await until(lambda: r.near.events, "the worker's telephone", 40)
    await until(lambda: sip_event.CONFIRMED in r.near.events, "the bridge")
    r.far.hang_up()
    await until(lambda: "ended" in r.log(), "the end")
    assert "call 1 ended: refused" in r.log(), r.log()
    await r.close()


async def test_offer_with_an_unusable_address_does_not_change_the_session():
    r = await rig("nowhere")
    r.far.invite(r.port)
    await until(lambda: sip_event.ANSWERED in r.far.events, "the answer")
    body = r.far.media.offer(encodings=("PCMU",))
    for host in (b"a.name.invalid", b"255.255.255.255", b"::1"):
        r.far.events.clear()
        r.far.offer(body.replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 " + host))
        await until(lambda: sip_event.REFUSED in r.far.events, "488")
    r.far.hang_up()
    await r.close()


async def test_ack_without_an_answer_ends_the_call():
    r = await rig("no-answer")
    far = r.far
    far.call = far.agent.invite("sip:100@x", "sip:200@x", None, (HOST, r.port), far.hal.ms())
    far.flush()
    await until(lambda: far.call.state == "F", "the 200")
    far.call._acknowledge(far.call.dialog, far.call.request, None)
    far.flush()
    await until(lambda: sip_event.ENDED in far.events, "the BYE")
    await r.close()


async def test_invites_from_unknown_sources_keep_no_resources():
    r = await rig("unknown-sources")
    unknown = Phone(r.app.hal, r.port + 15)
    r.gateway.sources._sides = (side(1, host="127.0.0.9"), side(2, host="127.0.0.8"))
    for _ in range(5):
        unknown.invite(r.port)
    await until(lambda: unknown.events.count(sip_event.ENDED) == 5, "403")
    assert not r.gateway._agent.transactions and not r.gateway._agent.calls
    await asyncio.sleep_ms(100)
    assert "INVITE from unknown source: 127.0.0.1:%d" % (r.port + 15) in r.log(), r.log()
    for _ in range(30):
        unknown.invite(r.port)
        await asyncio.sleep_ms(200)
    assert r.log().count("unknown source") == 1, r.log()
    r.gateway._refused_log._unknown_at -= 50000  # not a whole minute of waiting
    await asyncio.sleep_ms(6000)
    assert "(30 since the last line)" in r.log(), r.log()
    unknown.close()
    await r.close()


async def test_failed_invite_does_not_count_as_a_call():
    r = await rig("failing")
    r.gateway._max_calls = None  # as any fault in there
    for count in range(1, 8):  # more than there are places
        r.far.invite(r.port)
        await until(lambda: r.far.events.count(sip_event.ENDED) == count, "503")  # noqa: B023
    assert not r.gateway._agent.calls
    assert "SIP failed" in r.log()
    await r.close(clean=False)


async def test_fifty_calls_cancelled_at_any_moment_keep_no_resources():
    r = await rig("fifty")
    numbers = r.app.spool.next_number
    for i in range(50):
        r.far.events.clear()
        r.far.invite(r.port)
        await asyncio.sleep_ms(i * 13 % 600)
        r.far.hang_up()
        await until(lambda: not r.gateway.calls and r.far.call.state == "T", "the end of call %d" % i)
    assert not r.app.hal.calls and not r.app.recordings.active
    assert r.app.spool.next_number > numbers + 30, r.log()  # the last ones hear 503: so many transactions are held
    assert "failed" not in r.log(), r.log()
    files_open = [name for name in os.listdir(r.app.root + "/spool") if name.endswith(".open")]
    assert not files_open, files_open
    first = Leg(r.app.hal, NEAR, HOST, (r.port + 6, r.port + 12))
    second = Leg(r.app.hal, FAR, HOST, (r.port + 6, r.port + 12))
    assert {first.endpoint.port, second.endpoint.port} == {r.port + 6, r.port + 8}
    first.close()
    second.close()
    await r.close()


async def test_packets_that_came_before_the_session_are_dropped():
    app = await stores.ready("leftover")
    port = ports()
    leg = Leg(app.hal, NEAR, HOST, (port, port + 2))
    out = app.hal.udp(HOST, port + 4)
    listener = app.hal.udp(HOST, port + 5)
    out.connect(app.hal.address(HOST, port + 5))
    old, new = app.hal.udp(HOST, port + 6), app.hal.udp(HOST, port + 7)
    to = app.hal.address(HOST, port)

    def packet(number, fill):
        return struct.pack(">BBHII", 0x80, 0, number, number * 160, 0x0A0B0C0D) + bytes((fill,)) * 160

    for i in range(30):
        old.sendto(packet(i, 1), to)
    relay = Relay(NEAR, Tap(app.hal), b"abcd", lambda side, digit: None)
    endpoint = sdp.Endpoint(HOST, port + 7, app.hal.random)
    leg.endpoint.offer()
    leg.agree(leg.endpoint.accept(endpoint.answer(leg.endpoint.offer())[0]))
    leg.listen(relay)
    relay.set_sink(out, None)
    relay.set_forwarding(True)
    new.sendto(packet(100, 2), to)
    await asyncio.sleep_ms(100)
    assert relay.state[fast_path.RECEIVED] == 1
    assert listener.recv(2000)[12:] == bytes((2,)) * 160
    leg.close()
    for sock in (out, listener, old, new):
        sock.close()
    stores.remove_tree(app.root)


async def test_gateway_that_cannot_start_frees_its_port():
    app = await stores.ready("no-port")
    app.SpoolError = SpoolError
    port = ports()
    taken = app.hal.udp(HOST, port)
    for _ in range(3):
        try:
            gateway_of(app, settings(port))
            raise AssertionError("started")
        except OSError:
            pass
    taken.close()
    gateway_of(app, settings(port)).close()
    stores.remove_tree(app.root)


async def test_gateway_starts_when_wrong_settings_are_corrected():
    root = stores.fresh_root("corrected")
    stores.provision(root)
    port = ports()
    files.replace(root + "/settings.tsd", settings(port, bind="192.0.2.77"))
    app = main.Appliance(Board, {"root": root, "console": "no"})
    task = asyncio.create_task(app.run())
    await until(lambda: "no SIP" in "\n".join(app.log.lines()), "the trouble")
    ok, why = await app.documents.accept(settings(port, 2))
    assert ok, why
    await until(lambda: "SIP on" in "\n".join(app.log.lines()), "SIP: %s" % app.log.lines(), 60)
    task.cancel()
    await asyncio.sleep_ms(0)
    app.gateway.close()
    asyncio.get_event_loop().set_exception_handler(None)
    stores.remove_tree(root)
