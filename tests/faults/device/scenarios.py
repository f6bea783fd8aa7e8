"""What the appliance does while a fault happens, and what is looked at afterwards.

Each scenario takes the machine and the report, a dict that the host judges (invariants.py). Times are of the appliance's clock.
"""

import asyncio

from faults.device import machine as machines
from testigo_wire.sip import events as sip_event

ANSWER_MS = 5000
CONSOLE_MS = 5000
CONNECT_MS = 20000
SYNC_MS = 240000
STEP_MS = 20


async def wait(done, limit_ms):
    """-> whether it was so in time."""
    while not done():
        if limit_ms <= 0:
            return False
        await asyncio.sleep_ms(STEP_MS)
        limit_ms -= STEP_MS
    return True


def conversation(machine):
    """The call whose parties hear each other, or None."""
    gateway = machine.app.gateway
    for call in gateway.calls if gateway else ():
        if call.bridge.up:
            return call
    return None


async def connected(machine, report):
    """-> whether the call that was just made is up in time."""
    if await wait(lambda: conversation(machine), CONNECT_MS):
        report["connected"] += 1
        return True
    return False


async def talk(machine, report, ms):
    """A call of the far party, up to a conversation of `ms`."""
    await wait(lambda: machine.serving, machines.START_MS)
    machine.far.invite(machine.port)
    if not await connected(machine, report):
        return None
    machine.near.speak(1)
    machine.far.speak(2)
    await asyncio.sleep_ms(ms)
    return conversation(machine)


async def hang_up(machine, report):
    for phone in (machine.near, machine.far):
        phone.be_silent()
    if machine.far.call:
        machine.far.hang_up()
    gateway = machine.app.gateway
    if not await wait(lambda: not gateway or not gateway.calls, 30000):
        report["stuck"] = True


async def call(machine, report):
    """A call that is recorded."""
    await talk(machine, report, 1500)
    await hang_up(machine, report)


async def objection(machine, report):
    """A call whose caller objects after a while, and goes on."""
    up = await talk(machine, report, 900)
    if up and up.recording:
        number = up.recording.number
        report["objecting"] = number  # its audio may be gone from now on
        await machine.far.press("9")
        await asyncio.sleep_ms(100)
        report["objected"].append(number)
        await asyncio.sleep_ms(500)
    await hang_up(machine, report)


async def pause(machine, report):
    """A pause for the number of a card, made at the console."""
    up = await talk(machine, report, 500)
    if up and up.recording:
        for action in ("pause", "resume"):
            await machine.hal.console.request(CONSOLE_MS, "record", action, 0)
            await asyncio.sleep_ms(400)
    await hang_up(machine, report)


async def sync(machine, report):
    """Delivers what is in the spool."""
    await synchronise(machine, report, machine.vault, 1)


async def document(machine, report):
    """The vault has newer documents: a policy, a notice with its audio."""
    await synchronise(machine, report, machine.vault, 1)


SCENARIOS = {"call": call, "objection": objection, "pause": pause, "sync": sync, "document": document}


async def synchronise(machine, report, vault, attempts):
    """One session after the other until the spool is empty. vault: ("tcp", port), or ("serial", port)."""
    app = machine.app
    for _ in range(attempts):
        if app.sync is None and not await wait(lambda: app.sync, 5000):
            report["sync"] = "no sync"
            return False
        await wait(lambda: not app.sync.running, SYNC_MS)
        app.sync.state = ""
        bridge = None
        machine.hal.online = True
        if vault[0] == "serial":
            sock = machines.vault_socket(machine.hal, "127.0.0.1", vault[1])
            await machine.hal.console.request(CONSOLE_MS, "sync")
            bridge = asyncio.create_task(machine.hal.console.bridge(sock))
        else:
            app.sync.request()
        await wait(lambda: app.sync.running, 2000)
        await wait(lambda: not app.sync.running, SYNC_MS)
        machine.hal.online = False
        if bridge:
            await wait(bridge.done, 2000)
            bridge.cancel()
        machines.wait_for_none()
        report["sync"] = app.sync.state
        if app.sync.state == "done" and not app.spool.numbers():
            return True
    return False


async def probe(machine, report):
    """Is the console there, and is a call answered? Reports the times in milliseconds, None where the time was over."""
    begun = machine.hal.ms()
    report["console_ms"] = report["answered_ms"] = None
    answer = await machine.hal.console.request(CONSOLE_MS, "diag")
    if answer is not None:
        report["console_ms"] = machine.hal.ms() - begun
    if isinstance(answer, str):
        report["diag"] = answer
    machine.new_phones()
    if await wait(lambda: machine.serving, ANSWER_MS):
        machine.far.invite(machine.port)
        if await wait(lambda: sip_event.ANSWERED in machine.far.events, 2 * ANSWER_MS):
            report["answered_ms"] = machine.hal.ms() - begun
        await connected(machine, report)
        await asyncio.sleep_ms(300)
        await hang_up(machine, report)
