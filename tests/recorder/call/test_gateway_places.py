"""How many calls the gateway takes at once: many that begin together, and new ones while recordings are signed."""

import asyncio

from support.device import stores
from support.device.two_phone_rig import HOST, gateway_of, rig, side, until
from testigo_wire.sip import events as sip_event

HEAP = "4m"
CALLS = 8


async def office(name, max_calls):
    """A rig whose gateway takes so many calls, and has keys and ports for them."""
    made = await rig(name)
    made.tasks.pop(0).cancel()
    made.gateway.close()
    port = made.port
    sip = [HOST, port, port + 20, port + 40 + 24 * max_calls, side(port + 1), side(port + 2)]
    body = [["none"], sip, ["serial"], max_calls]
    made.gateway = gateway_of(made.app, stores.sign("settings", 1, body))
    made.tasks.append(asyncio.create_task(made.gateway.run()))
    made.app.keypool.depth = max_calls + 1
    await made.app.keypool.fill()
    for phone in (made.near, made.far):
        phone.agent.max_calls = 3 * max_calls
    return made


def begin(r, count):
    """So many INVITEs in one turn of the event loop -> the calls, as the caller has them."""
    calls = []
    for _ in range(count):
        r.far.invite(r.port)
        calls.append(r.far.call)
    return calls


def hang_up(r, calls):
    for call in calls:
        call.hang_up(r.far.hal.ms())
    r.far.flush()


async def talking(r, count):
    def done():
        return len([call for call in r.gateway.calls if call.bridge.up and not call.ended]) == count

    await until(done, lambda: "the conversations: " + r.log(), 400)


async def test_calls_that_begin_in_the_same_turn_are_all_connected_and_recorded():
    r = await office("together", CALLS)
    calls = begin(r, CALLS)
    await talking(r, CALLS)
    assert all(call.recording and not call.recording.failed for call in r.gateway.calls)
    hang_up(r, calls)
    await r.close()
    assert "refused" not in r.log() and "not recorded" not in r.log(), r.log()


async def test_a_call_that_has_ended_frees_its_place_before_its_recording_is_signed():
    r = await office("signing", CALLS)
    first = begin(r, CALLS)
    await talking(r, CALLS)
    hang_up(r, first)
    second = begin(r, CALLS)  # they wait behind the BYEs, and signing takes many turns of the event loop
    await talking(r, CALLS)
    hang_up(r, second)
    await r.close()
    assert "refused" not in r.log(), r.log()


async def test_recordings_that_wait_for_their_signature_are_limited():
    r = await office("limited", 1)
    waiting = []
    for _ in range(2):
        calls = begin(r, 1)
        await talking(r, 1)
        waiting.append(r.gateway.calls[-1].recording)
        waiting[-1]._not_erasing.clear()  # as if its audio were being erased
        hang_up(r, calls)
        await until(lambda: r.gateway.calls[-1].ended, "the hang-up")
    assert len(r.gateway.calls) == 2
    r.far.events.clear()
    r.far.invite(r.port)
    await until(lambda: sip_event.ENDED in r.far.events, "486")
    assert "call refused: 2 calls are up" in r.log(), r.log()
    for recording in waiting:
        recording._not_erasing.set()
    await r.close()
