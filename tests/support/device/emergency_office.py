"""An appliance between two telephones for tests of emergency calls, and what is the same in all of them."""

import asyncio

from recorder.documents.store import Settings
from support.device import stores
from support.device.two_phone_rig import HOST, Phone, Rig, gateway_of, line, policy, ports, rig, side, until
from testigo_wire.policy import documents
from testigo_wire.sip import events as sip_event

AT_ONCE_MS = 200  # of the jump clock: some turns of the loop
OPT_IN = {"rule": "opt-in", "accept_key": "1", "repeats": 1, "unrecorded_numbers": "last-3"}


class Far(Phone):
    """The far side, which refuses the first calls with these statuses, and notes what was dialled."""

    def __init__(self, hal, port, *statuses):
        super().__init__(hal, port)
        self.statuses = list(statuses)
        self.dialled = []

    def pick_up(self):
        self.dialled.append(self.call.callee.partition("@")[0])
        if self.statuses:
            self.call.reject(self.statuses.pop(0), self.hal.ms())
        else:
            super().pick_up()


async def office(name, *lines, settings=None, **options):
    """A rig whose far side is a Far. settings: `emergency` of the policy."""
    r = await rig(name, *(lines or (line(**OPT_IN),)), **options)
    use_far(r)
    if settings:
        body = documents.parse(policy(*(lines or (line(**OPT_IN),)))).body
        ok, why = await r.app.documents.accept(stores.sign("policy", 2, body + [settings]))
        assert ok, why
    return r


def use_far(r, *statuses):
    r.far.close()
    r.far = Far(r.app.hal, r.port + 2, *statuses)


async def bare(name, prepare=None):
    """An appliance with settings and nothing else. prepare(root): before its start."""
    root = stores.fresh_root(name)
    if prepare:
        prepare(root)
    app = await stores.Appliance(root).boot(fill=False)
    r = Rig(app, ports())
    use_far(r)
    return r


async def help_at_once(r, uri="sip:112@x", phone=None, dialled=None, limit=AT_ONCE_MS, others=False):
    """An emergency call: the far party hears the worker's first word at once, and no notice. others: other calls speak too."""
    phone = phone or r.near
    began = r.app.hal.ms()
    phone.events.clear()
    heard = len(r.far.heard)
    phone.invite(r.port, uri=uri)
    await until(lambda: sip_event.ANSWERED in phone.events, lambda: "the answer: " + r.log())
    assert r.app.hal.ms() - began <= limit, (r.app.hal.ms() - began, r.log())
    phone.speak(7)
    await asyncio.sleep_ms(100)
    said = [payload for payload in r.far.heard[heard:] if len(payload) == 160]
    assert bytes((7,)) * 160 in said, (len(said), r.log())
    if not others:
        assert said[0] == bytes((7,)) * 160, "a notice or a tone came first"
    if dialled:
        assert r.far.dialled[-1] == "sip:" + dialled, r.far.dialled


def later(r, minutes):
    r.app.hal._ms += minutes * 60000


async def hang_up(r, phone=None):
    (phone or r.near).hang_up()
    r.near.be_silent()
    await until(lambda: not r.gateway.calls, lambda: "the end: " + r.log())
    await asyncio.sleep_ms(300)  # its record


def settings_of(r, last=14, **sides):
    near, far = sides.get("near") or side(r.port + 1), sides.get("far") or side(r.port + 2)
    return stores.sign("settings", 2, [["none"], [HOST, r.port, r.port + 6, r.port + last, near, far], ["serial"], 2])


def read_settings(r):
    return Settings(documents.parse(settings_of(r)))


async def use_settings(r, data):
    r.gateway.close()
    r.tasks.pop(0).cancel()
    r.gateway = gateway_of(r.app, data)
    r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
