"""New settings come into force while calls are up, within seconds; settings that cannot be used change nothing."""

import asyncio

from recorder import files, main
from recorder.call import running
from support.device import stores
from support.device.two_phone_rig import HOST, Board, Phone, ports, side, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
SOON_MS = 3000
# Places of a rig's twenty ports: SIP of the appliance, of the telephones (each has RTP two ports above), RTP of the appliance.
NEAR, FAR, OTHER_NEAR, OTHER_SIP, RTP = 1, 2, 5, 9, 10


def settings(port, version, sip=0, near=None, max_calls=1):
    sip = [HOST, port + sip, port + RTP, port + 19, near or side(port + NEAR), side(port + FAR)]
    return stores.sign("settings", version, [["none"], sip, ["serial"], max_calls])


class Office:
    """An appliance with a call up between the telephones `near` and `far`."""

    async def begin(self, name, **changes):
        self.root = stores.fresh_root(name)
        stores.provision(self.root)
        self.port = ports()
        files.replace(self.root + "/settings.tsd", settings(self.port, 1, **changes))
        self.app = main.Appliance(Board, {"root": self.root, "console": "no"})
        self.task = asyncio.create_task(self.app.run())
        await until(lambda: self.app.gateway, lambda: "SIP: " + self.log())
        self.phones = []
        self.near, self.far = self.phone(NEAR), self.phone(FAR)
        return self

    def phone(self, place):
        self.phones.append(Phone(self.app.hal, self.port + place))
        return self.phones[-1]

    async def call(self):
        self.far.invite(self.port)
        await until(
            lambda: self.app.gateway.calls and self.app.gateway.calls[0].bridge.up, lambda: "talk: " + self.log()
        )
        return self.app.gateway.calls[0]

    async def new(self, *arguments, **changes):
        ok, why = await self.app.documents.accept(settings(self.port, *arguments, **changes))
        assert ok, why
        await asyncio.sleep_ms(SOON_MS)

    async def another(self, sip=0):
        """Another call of the far telephone -> whether it is answered."""
        before = self.far.events.count(sip_event.ANSWERED)
        self.far.invite(self.port + sip)
        await asyncio.sleep_ms(1500)
        return self.far.events.count(sip_event.ANSWERED) > before

    async def hang_up(self):
        """Ends every call of the far telephone, the first one first."""
        for call in self.far.agent.calls[:]:
            call.hang_up(self.app.hal.ms())
            self.far.flush()
            await asyncio.sleep_ms(500)
        await until(lambda: not self.app.hal.calls, lambda: "the end of all calls: " + self.log())
        assert sip_event.ENDED in self.near.events

    def log(self):
        return "\n".join(self.app.log.lines())

    async def end(self):
        self.task.cancel()
        await asyncio.sleep_ms(0)
        gateway = self.app.gateway
        gateway.task.cancel()
        for phone in self.phones:
            phone.close()
        gateway.close()
        asyncio.get_event_loop().set_exception_handler(None)
        assert not self.app._fault and "failed" not in self.log(), self.log()
        stores.remove_tree(self.root)


async def test_more_places_are_there_while_a_call_is_up():
    o = await Office().begin("places")
    await o.call()
    assert not await o.another()
    await o.new(2, max_calls=2)
    assert o.app.gateway.calls and o.app.settings.version == 2, o.log()
    assert await o.another() and len(o.app.gateway.calls) == 2, o.log()
    await o.hang_up()
    await o.end()


async def test_new_calls_go_to_the_new_telephone_and_the_old_call_goes_on():
    o = await Office().begin("telephone", max_calls=2)
    first = await o.call()
    new_near = o.phone(OTHER_NEAR)
    await o.new(2, near=side(o.port + OTHER_NEAR), max_calls=2)
    assert await o.another() and sip_event.INCOMING in new_near.events, o.log()
    assert o.near.events.count(sip_event.INCOMING) == 1 and first in o.app.gateway.calls
    await o.hang_up()
    await o.end()


async def test_another_port_takes_new_calls_while_the_old_one_has_its_call():
    o = await Office().begin("port", max_calls=2)
    await o.call()
    old = o.app.gateway
    await o.new(2, sip=OTHER_SIP, max_calls=2)
    assert o.app.gateway is not old and o.app.gateway.older is old and len(old.calls) == 1, o.log()
    assert "SIP on 127.0.0.1:%d" % (o.port + OTHER_SIP) in o.log()
    assert await o.another(OTHER_SIP), o.log()
    assert len(o.app.gateway._all_calls()) == 2 and len(o.app.gateway.calls) == 1
    assert not await o.another(OTHER_SIP), "two calls are up, one of them on the old port"
    await o.hang_up()
    await until(lambda: o.app.gateway.older is None, "the end of the old gateway")
    await asyncio.sleep_ms(running.LAST_ANSWERS_MS + 1000)
    o.app.hal.udp(HOST, o.port).close()  # the old port is free again
    await o.end()


async def test_the_old_port_refuses_new_calls():
    o = await Office().begin("old-port", max_calls=2)
    await o.call()
    await o.new(2, sip=OTHER_SIP, max_calls=2)
    assert not await o.another() and len(o.app.gateway.older.calls) == 1
    await o.hang_up()
    await o.end()


async def test_a_port_in_use_keeps_the_old_settings_until_it_is_free():
    o = await Office().begin("in-use")
    taken = o.app.hal.udp(HOST, o.port + OTHER_SIP)
    await o.new(2, sip=OTHER_SIP)
    assert o.app.settings.version == 1 and o.app.settings_problem, o.log()
    assert "settings 2 not in force: " in o.log()
    await o.call()
    await asyncio.sleep_ms(2 * running.RETRY_MS)
    assert o.log().count("not in force") == 1, "told once"
    taken.close()
    await asyncio.sleep_ms(running.RETRY_MS + SOON_MS)
    assert o.app.settings.version == 2 and not o.app.settings_problem and o.app.gateway.older, o.log()
    await o.hang_up()
    await o.end()


async def test_a_name_that_cannot_be_looked_up_keeps_the_old_settings():
    o = await Office().begin("name")
    await o.call()
    await o.new(2, near=side(5060, host="999.1.1.1"))
    assert o.app.settings.version == 1 and o.app.settings_problem, o.log()
    assert len(o.app.gateway.calls) == 1 and o.app.gateway._sides[0][2] == o.port + NEAR
    await o.new(3, max_calls=2)
    assert o.app.settings.version == 3 and not o.app.settings_problem
    await o.hang_up()
    await o.end()


async def test_another_password_ends_the_registration_and_the_same_one_keeps_it():
    def registrar(password):
        return ["registrar", "", 0, "101", "", password, "main"]

    o = await Office().begin("password", near=registrar("one"))
    bindings = o.app.gateway._agent.registrar.bindings
    bindings["101"] = ("sip:101@127.0.0.1", (HOST, o.port + NEAR), o.app.hal.ms() + 3600000, "c", 1)
    await o.new(2, near=registrar("one"), max_calls=2)
    assert o.app.settings.version == 2 and o.app.gateway._agent.registrar.bindings is bindings and bindings
    await o.new(3, near=registrar("two"), max_calls=2)
    registered = o.app.gateway._agent.registrar
    assert registered.users == {"101": "two"} and not registered.bindings
    assert o.app.gateway._agent.authenticator is registered.authenticator
    await o.new(4, max_calls=2)
    assert o.app.gateway._agent.registrar is None and o.app.gateway._agent.authenticator is None
    await o.end()


async def test_another_network_waits_until_no_call_is_up():
    o = await Office().begin("network")
    joined = []

    async def network(wanted):
        joined.append(wanted)
        return HOST

    o.app.hal.network = network
    await o.call()
    sip = [HOST, o.port, o.port + RTP, o.port + 19, side(o.port + NEAR), side(o.port + FAR)]
    data = stores.sign("settings", 2, [["wifi", "name", "key"], sip, ["serial"], 1])
    assert (await o.app.documents.accept(data))[0]
    await asyncio.sleep_ms(SOON_MS)
    assert not joined and o.app.settings_problem == running.QUIET
    await o.hang_up()
    await asyncio.sleep_ms(SOON_MS)
    assert joined == [["wifi", "name", "key"]] and o.app.settings.version == 2, o.log()
    await o.end()
