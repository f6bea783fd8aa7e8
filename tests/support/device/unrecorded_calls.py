"""Calls and self-tests that are not recorded, each for its own reason: prints what the appliance says of each.

micropython unrecorded_calls.py

Each line is a name, a tab and the text: a line of the log, the reason of the event `unrecorded`, or the facts of `diag`.
"""

import asyncio
import time

from recorder import files, hal_unix
from recorder.call import call as one_call
from recorder.console import selftest
from recorder.console.commands import CommandServer
from recorder.console.diagnostics import facts
from recorder.storage import recordings
from recorder.storage.spool import SpoolError
from support.device import stores
from support.device.two_phone_rig import HOST, Sealed, gateway_of, line, rig, side, until
from testigo_wire.crypto import p256
from testigo_wire.policy import objections

NUMBER = "+34600111222"
CALLER = "sip:600111222@trunk"
WAIT_MS = 300
EVERY_DAY = 127
DEMAND = {"mode": "on-demand", "keys": ["*1", "*2", "*7", "*8"], "pause_limit": 60000}


def tell(name, text):
    print(name + "\t" + text)


async def end(r):
    while r.gateway.calls:
        for call in list(r.gateway.calls):
            call.end(None, 480, "the test is over")
        await asyncio.sleep_ms(50)


async def not_opened(name, spoil, calls=1):
    """A call whose recording cannot be opened: the line in the log. spoil(rig) takes away what is needed."""
    r = await rig("not-opened", line())
    for task in r.tasks[1:]:
        task.cancel()  # no keys are made
    spoil(r)
    for _ in range(calls):
        r.far.invite(r.port)
    await until(lambda: "call not recorded" in r.log(), r.log)
    tell(name, [entry for entry in r.app.log.lines() if "not recorded" in entry][0])
    await end(r)
    await r.close()


def use_up_keys(r):
    while p256.finish(r.app.keypool.take_steps(bytes(16))):
        pass


def leave_one_key(r):
    """One key, and room for two calls."""
    p256.finish(r.app.keypool.take_steps(bytes(16)))
    assert r.app.keypool.complete_sets == 1
    r.tasks.pop(0).cancel()
    r.gateway.close()
    sides = [HOST, r.port, r.port + 6, r.port + 18, side(r.port + 1), side(r.port + 2)]
    r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 2]))
    r.tasks.append(asyncio.create_task(r.gateway.run()))


def fill_storage(r):
    r.app.hal.free_bytes = lambda folder=None: recordings.FREE_TO_OPEN - 1


def forget_policy(r):
    r.app.documents.installed_policy = None
    r.app.keypool.set_recipients([])


class NoMemory:
    """No memory for a recording."""

    def __init__(self):
        self._held = recordings.Recording
        recordings.Recording = self

    def __call__(self, *_):
        raise MemoryError

    def close(self):
        recordings.Recording = self._held


async def calls_that_are_not_opened():
    one_call.KEYS_MS = WAIT_MS
    await not_opened("no keys", use_up_keys)
    await not_opened("keys", leave_one_key, 2)
    await not_opened("space", fill_storage)
    await not_opened("recipients", forget_policy)
    full = NoMemory()
    await not_opened("memory", lambda r: None)
    full.close()


async def calls_beyond_the_limit():
    r = await rig("beyond", line())
    r.tasks.pop(0).cancel()
    r.gateway.close()
    sides = [HOST, r.port, r.port + 6, r.port + 19, side(r.port + 1), side(r.port + 2)]
    r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 1]))
    r.tasks.append(asyncio.create_task(r.gateway.run()))
    for count in (1, 2):
        r.far.invite(r.port)
        await until(lambda: len([call for call in r.gateway.calls if call.bridge.up]) == count, r.log)  # noqa: B023
    r.far.invite(r.port)
    await until(lambda: "call refused" in r.log(), r.log)
    for name, words in (("beyond", "one more"), ("too many", "call refused")):
        tell(name, [entry for entry in r.app.log.lines() if words in entry][0])
    await end(r)
    tell("places taken", Sealed(r.app, 2).all("unrecorded")[0][0])
    await r.close()


async def reason_in_the_record(name, made, prepare=None):
    """A call from NUMBER in which nothing is recorded: the event `unrecorded` of its record."""
    r = await rig("reason", made)
    if prepare:
        await prepare(r)
    r.far.invite(r.port, caller=CALLER)
    await until(lambda: r.gateway.calls and r.call.bridge.up, r.log)
    await asyncio.sleep_ms(100)
    sealed = await r.sealed()
    tell(name, sealed.all("unrecorded")[0][0])
    await r.close()


async def object_by_list(r):
    key = bytes(range(32))
    blob = objections.blob([objections.digest(stores.DEVICE, key, NUMBER)])
    body = [key, 1, stores.DEVICE.sha256(blob)]
    assert await r.app.documents.accept(stores.sign("objections", 1, body)) == (True, "")
    r.app.documents.blob(objections.BLOB, 0, blob, True)


async def expire(r):
    r.app.documents.installed_policy.valid_until = 1


async def wait_for_policy(r):
    r.app.documents.installed_policy.valid_from = r.app.hal.unix_ms() + 1000000


async def unset_clock(r):
    r.app.hal.clock = 0


async def remove_notice(r):
    r.app.documents.notice = lambda name: None


async def calls_with_a_reason():
    await reason_in_the_record("objection list", line(), object_by_list)
    begin = (int(time.time()) // 60 + 720) % 1440  # twelve hours from now
    await reason_in_the_record("schedule", line(schedule=[[EVERY_DAY, begin, begin + 1]]))
    await reason_in_the_record("only", line(only=["+34943"]))
    await reason_in_the_record("except", line(**{"except": [NUMBER]}))
    await reason_in_the_record("no line", line(name="another"))
    await reason_in_the_record("never", line(mode="never"))
    await reason_in_the_record("on demand", line(**DEMAND))
    await reason_in_the_record("expired", line(), expire)
    await reason_in_the_record("not yet valid", line(), wait_for_policy)
    await reason_in_the_record("clock", line(), unset_clock)
    await reason_in_the_record("notice missing", line(), remove_notice)


class Endpoint:
    sent = resent = received = bad = 0


def tell_diag(name, app):
    app.version, app.primitives, app.gateway, app.sync = "0", stores.DEVICE, None, None
    app.stage, app.start_faults = "complete", []
    app.settings, app.settings_problem = None, ""
    tell("diag: " + name, repr(facts(app, Endpoint)))


async def states_in_diag():
    stores.Board.CHIP = "virtual"
    root = stores.fresh_root("states")
    app = await stores.Appliance(root).boot(fill=False)
    tell_diag("no identity", app)
    stores.provision(root)
    app = await stores.Appliance(root).boot(fill=False)
    tell_diag("no policy", app)
    for version, name, valid_from, valid_until in (
        (1, "not yet valid", app.hal.unix_ms() + 1000000, 0),
        (2, "expired", 0, 1),
        (3, "in force", 0, 0),
    ):
        assert (await app.documents.accept(stores.policy(version, valid_from, valid_until)))[0]
        tell_diag(name, app)
    app.clock.keep()
    hal_unix.Hal.clock = 0  # as on a chip, which has no clock of its own
    app = await stores.Appliance(root).boot(fill=False)
    tell_diag("clock kept", app)
    files.remove(root + "/clock.bin")
    app = await stores.Appliance(root).boot(fill=False)
    tell_diag("clock never set", app)
    hal_unix.Hal.clock = 2
    stores.remove_tree(root)


async def selftests():
    selftest.KEYS_MS = WAIT_MS
    for name, spoil in (("keys", use_up_keys), ("space", fill_storage)):
        r = await rig("selftest", line())
        for task in r.tasks[1:]:
            task.cancel()
        r.app.gateway = r.gateway
        spoil(r)
        try:
            await CommandServer(r.app)._selftest(None, 1, "tone")
        except SpoolError as refusal:
            tell("selftest: " + name, str(refusal))
        await r.close()


async def commands_that_are_refused():
    r = await rig("longest", line(max_ms=600, **DEMAND))
    await r.talk(recorded=False)
    assert r.gateway.control("start", 0)[1] == ""
    await until(lambda: r.limit_reached, "the longest time")
    r.gateway.control("stop", 0)
    tell("longest time", r.gateway.control("start", 0)[1])
    await r.sealed()
    await r.close()
    r = await rig("full", line(**DEMAND))
    await r.talk(recorded=False)
    assert r.gateway.control("start", 0)[1] == ""
    await until(lambda: r.capture.on, "recording")
    r.app.hal.free_bytes = lambda folder=None: recordings.FREE_TO_CONTINUE - 1
    r.app.recordings.tick()
    await until(lambda: r.capture.lost, "the end of the recording")
    r.gateway.control("stop", 0)
    tell("storage", r.gateway.control("start", 0)[1])
    await r.sealed()
    await r.close()


async def main():
    await calls_that_are_not_opened()
    await calls_beyond_the_limit()
    await calls_with_a_reason()
    await states_in_diag()
    await selftests()
    await commands_that_are_refused()


asyncio.run(main())
