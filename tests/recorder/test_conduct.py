"""What comes at an odd moment of a call: somebody joins while it rings or while the worker is told, answers in a pause."""

import asyncio

import appliance  # noqa: F401 - first: from within branch_office its imports would be too deep for the stack
import branch_office
from branch_office import give_notice, line, rig, until

from recorder.leg import FAR, NEAR
from testigo_wire import sip_event

HEAP = "2m"
branch_office.FIRST = 46000
OTHER = "<sip:+34600333444@trunk>"
KEYS = ["*1", "*2", "*7", "*8"]
PAUSE = {"keys": KEYS, "pause_limit": 60000}
TELLS = {"worker": "notice", "worker_reference": "worker"}
FIRST_TIME = "call policy terms media notice consent media worker audio"


def told(sealed, leg):
    """(name, completed) of each notice that this leg heard."""
    return [(name, completed) for side, _, name, _, _, _, completed in sealed.all("notice") if side == leg]


async def rejoin(phone, **who):
    """Somebody else is on this telephone now, and the appliance knows it."""
    phone.events.clear()
    phone.become(**who)
    phone.offer()
    await until(lambda: sip_event.ACCEPTED in phone.events, "the answer")


async def test_who_joins_while_it_rings_is_told_before_the_conversation():
    r = await rig("ringing", line())
    r.near.rings = True
    r.far.invite(r.port)
    await until(lambda: sip_event.INCOMING in r.near.events, "ringing")
    assert r.call._conduct.given
    await rejoin(r.far, asserted=OTHER)
    r.near.pick_up()
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    r.far.speak(2)
    await asyncio.sleep_ms(200)
    sealed = await r.sealed()
    assert sealed.story == "call policy terms media notice consent joined media notice consent worker audio", (
        sealed.story
    )
    assert told(sealed, FAR) == [("hello", True)] * 2 and sealed.reason == "hang-up"
    await r.close()


async def test_who_joins_while_the_worker_is_told():
    """On either side: the one hears the caller's notice anew, the other the worker's from its beginning."""
    r = await rig("while-told", line(**TELLS))
    await give_notice(r.app, "worker", 8000)
    r.far.invite(r.port)
    await until(lambda: r.near.heard, "the worker's notice")
    await rejoin(r.far, asserted=OTHER)
    await rejoin(r.near, asserted="<sip:102@pbx>")
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    sealed = await r.sealed()
    assert told(sealed, FAR) == [("hello", True)] * 2
    assert told(sealed, NEAR) == [("worker", False), ("worker", True)]
    assert [leg for leg, _, _ in sealed.all("joined")] == [FAR, NEAR]
    assert sealed.all("worker") == [["notice", "worker"]]
    await r.close()


async def test_a_worker_who_takes_over_between_two_parts_is_told_too():
    r = await rig("between-parts", line(mode="on-demand", **PAUSE, **TELLS), notices=("hello", "worker"))
    await r.talk(recorded=False)
    for part in (1, 2):
        assert r.gateway.control("start", 0)[1] == ""
        await until(lambda: r.capture.on, "part %d" % part)
        assert r.gateway.control("stop", 0)[1] == ""
        if part == 1:
            await rejoin(r.near, asserted="<sip:102@pbx>")
    sealed = await r.sealed()
    assert told(sealed, NEAR) == [("worker", True)] * 2, sealed.story
    await r.close()
