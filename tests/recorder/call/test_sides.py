"""Hosts of the settings that cannot be looked up and never had an address: the gateway starts without them."""

import asyncio

from recorder import files, main
from recorder.call.sides import AGAIN_MS
from recorder.console.diagnostics import facts
from support.device import stores
from support.device.two_phone_rig import HOST, Board, Phone, gateway_of, line, ports, rig, side, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
NAME = "sip.example.net"


class NameServer:
    """Answers for names, once it is `up`."""

    def __init__(self, hal):
        self._address = hal.address
        self.up = False
        self.asked = 0
        hal.address = self.address

    def address(self, host, port):
        if host.endswith(".example.net"):
            self.asked += 1
            if not self.up:
                raise OSError(-2)
            host = HOST
        return self._address(host, port)


def settings(port, version=1, near=None, far=None, max_calls=1):
    near, far = near or side(port + 1), far or side(port + 2, host=NAME)
    return stores.sign(
        "settings", version, [["none"], [HOST, port, port + 6, port + 14, near, far], ["serial"], max_calls]
    )


async def office(name, **sides):
    """A rig with NAME in its settings, before there is a name server."""
    r = await rig(name, line())
    r.tasks.pop(0).cancel()
    r.gateway.close()
    r.names = NameServer(r.app.hal)
    r.gateway = gateway_of(r.app, settings(r.port, **sides))
    r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
    return r


async def refused(r, phone, uri="sip:943000001@x"):
    phone.events.clear()
    phone.invite(r.port, uri=uri)
    await until(lambda: sip_event.ENDED in phone.events, lambda: "the refusal: " + r.log())


async def connected(r, phone, uri="sip:943000001@x"):
    phone.events.clear()
    phone.invite(r.port, uri=uri)
    await until(lambda: r.gateway.calls and r.call.bridge.up, lambda: "the conversation: " + r.log())
    phone.hang_up()
    await until(lambda: not r.gateway.calls, lambda: "the end: " + r.log())


async def test_calls_to_a_side_without_an_address_are_refused_until_it_has_one():
    r = await office("far")
    told = NAME + " cannot be looked up: calls to it are refused until it has an address"
    assert told in r.log() and r.gateway.sources.unresolved == [NAME], r.log()
    await refused(r, r.near)
    assert "call refused: %s has no address" % NAME in r.log(), r.log()
    assert r.app.spool.unrecorded.entries[0][0] == "no address"
    assert r.gateway.sources.look_up_again(r.app.log) == 2 * AGAIN_MS and not r.gateway.calls
    r.names.up = True
    assert r.gateway.sources.look_up_again(r.app.log) == 0 and not r.gateway.sources.unresolved
    assert "%s has the address %s now" % (NAME, HOST) in r.log() and r.log().count(told) == 1
    await connected(r, r.near)
    await connected(r, r.far)
    kept = files.read(r.app.root + "/addresses.cbor")
    assert NAME.encode() in kept and HOST.encode() in kept
    await r.close()


async def test_an_emergency_call_looks_the_name_up_at_once():
    r = await office("emergency")
    await refused(r, r.near, "sip:112@x")
    assert "emergency call not connected: the far side has no address" in r.log(), r.log()
    r.names.up = True
    await connected(r, r.near, "sip:112@x")
    await r.close()


async def test_the_side_registers_when_it_has_an_address():
    r = await rig("register", line())
    r.tasks.pop(0).cancel()
    r.gateway.close()
    r.names = NameServer(r.app.hal)
    far = ["register", NAME, r.port + 2, "100", "", "secret", "main"]
    r.gateway = gateway_of(r.app, settings(r.port, far=far))
    r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
    await asyncio.sleep_ms(1000)
    assert not r.gateway._agent.registrations and not r.gateway.registration
    r.names.up = True
    r.gateway.sources.look_up_again(r.app.log)
    await until(lambda: r.gateway.registration, "the answer to REGISTER")  # the telephone is no registrar
    assert r.gateway.registration.startswith("registration failed"), r.gateway.registration
    await r.close(clean=False)


async def test_a_telephone_that_registers_waits_for_the_trunk():
    """The trunk's address needs no password, once it is there."""
    r = await office("trusted", near=["registrar", "", 0, "101", "", "secret", "main"])
    assert not r.gateway._agent.trusted
    await refused(r, r.far)
    assert "unknown" not in r.app.log.faults
    r.names.up = True
    r.gateway.sources.look_up_again(r.app.log)
    assert r.gateway._agent.trusted == {HOST}
    await refused(r, r.far)
    assert "call refused: no phone is registered" in r.log(), r.log()
    await r.close()


class Chip(Board):
    CHIP = "virtual"


class Serial:
    sent = resent = received = bad = 0


async def test_an_appliance_tries_again_by_itself_while_no_call_is_up():
    root = stores.fresh_root("alone")
    stores.provision(root)
    port = ports()
    files.replace(root + "/settings.tsd", settings(port))
    app = main.Appliance(Chip, {"root": root, "console": "no"})
    names = NameServer(app.hal)
    task = asyncio.create_task(app.run())
    await until(lambda: app.gateway, lambda: "SIP: %s" % app.log.lines())
    assert app.settings and not app.settings_problem
    assert dict(facts(app, Serial))["no_address"] == [NAME]
    asked = names.asked
    await asyncio.sleep_ms(AGAIN_MS + 2000)
    assert names.asked == asked + 1
    app.hal.calls += 1
    await asyncio.sleep_ms(2 * AGAIN_MS + 1000)
    assert names.asked == asked + 1, "a look-up holds up calls"
    app.hal.calls -= 1
    ok, why = await app.documents.accept(settings(port, 2, near=side(port + 3)))
    assert ok, why
    await asyncio.sleep_ms(1000)
    assert app.settings.version == 2, "other settings come into force meanwhile"
    ok, why = await app.documents.accept(settings(port, 3, near=side(port + 1, host="other.example.net")))
    await asyncio.sleep_ms(1000)
    assert app.settings.version == 2 and app.settings_problem, "but not with another name that has no address"
    ok, why = await app.documents.accept(settings(port, 4))
    await asyncio.sleep_ms(1000)
    assert app.settings.version == 4 and app.gateway.sources.unresolved == [NAME]
    names.up = True
    await asyncio.sleep_ms(AGAIN_MS)
    assert not app.gateway.sources.unresolved, app.log.lines()
    assert dict(facts(app, Serial))["no_address"] == []
    near, far = Phone(app.hal, port + 1), Phone(app.hal, port + 2)
    near.invite(port)
    await until(lambda: sip_event.INCOMING in far.events, lambda: "the call: %s" % app.log.lines())
    near.hang_up()
    await until(lambda: not app.hal.calls, "the end")
    task.cancel()
    await asyncio.sleep_ms(0)
    gateway = app.gateway
    gateway.task.cancel()
    near.close()
    far.close()
    gateway.close()
    asyncio.get_event_loop().set_exception_handler(None)
    stores.remove_tree(root)
