"""How many calls the gateway takes at once: many that begin together, new ones while recordings are signed, and a few more than
can be recorded."""

import asyncio

from support.device import stores
from support.device.two_phone_rig import HOST, Sealed, gateway_of, line, rig, side, until
from testigo_wire.sip import events as sip_event

HEAP = "4m"
CALLS = 8


async def office(name, max_calls, *lines):
    """A rig whose gateway takes so many calls, and has keys and ports for them and for as many more."""
    made = await rig(name, *lines)
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
    beyond = begin(r, 1)  # connected, and not recorded
    await talking(r, 1)
    await refused(r, "call refused: 3 calls are up")
    for recording in waiting:
        recording._not_erasing.set()
    hang_up(r, beyond)
    await r.close()


async def refused(r, words):
    """Another call is refused, and the log says why."""
    r.far.events.clear()
    r.far.invite(r.port)
    await until(lambda: sip_event.ENDED in r.far.events, lambda: "486: " + r.log())
    assert words in r.log(), r.log()


async def test_calls_beyond_the_limit_are_connected_without_recording():
    r = await office("beyond", 2, line())
    calls = begin(r, 2)
    await talking(r, 2)
    calls += begin(r, 2)
    await talking(r, 4)
    assert r.log().count("are up: one more is not recorded") == 2, r.log()
    assert [bool(call._control.capture.on) for call in r.gateway.calls] == [True, True, False, False]
    assert r.gateway.control("start", 4) == (4, "all places taken")
    assert r.gateway.emergency.calls().choose(True) is r.gateway.calls[3], "gives way before those that are recorded"
    await refused(r, "call refused: 4 calls are up")
    hang_up(r, calls[:1])
    await talking(r, 3)
    assert not r.gateway.calls[-1]._control.capture.on, "it stays as it began"
    hang_up(r, calls[1:])
    await r.close()
    assert not r.app.recordings.active


async def test_the_record_of_a_call_beyond_the_limit_says_why():
    for impossible in ("connect-unrecorded", "refuse-call"):
        r = await office("record", 1, line(impossible=impossible))
        calls = begin(r, 1)
        await talking(r, 1)
        answered = r.far.events.count(sip_event.ANSWERED)
        calls += begin(r, 1)
        if impossible == "refuse-call":
            await until(lambda: r.app.spool.numbers() == [2], lambda: "the record: " + r.log())
            assert r.far.events.count(sip_event.ANSWERED) == answered and r.near.events.count(sip_event.INCOMING) == 1
        else:
            await talking(r, 2)
        hang_up(r, calls)
        await until(lambda: not r.gateway.calls, lambda: "the end: " + r.log())
        sealed = Sealed(r.app, 2)
        assert sealed.all("unrecorded") == [["all places taken"]] and not sealed.packets, sealed.event_names
        if impossible == "refuse-call":
            assert sealed.all("hang_up") == [[1, 486, "recording impossible"]], sealed.all("hang_up")
        assert not Sealed(r.app, 1).all("unrecorded")
        await r.close()


async def test_without_ports_or_memory_a_call_beyond_the_limit_is_refused():
    r = await office("no-room", 1, line())
    calls = begin(r, 1)
    await talking(r, 1)
    ports, r.gateway.ports = r.gateway.ports, (r.port + 40, r.port + 47)  # of this call and of an emergency call
    await refused(r, "call refused: 1 calls are up")
    r.gateway.ports = ports
    blocks = []
    try:
        while True:
            blocks.append(bytearray(16384))
    except MemoryError:
        blocks.pop()  # some memory, but not in one large piece
    r.far.events.clear()
    r.far.invite(r.port)
    await until(lambda: sip_event.ENDED in r.far.events, lambda: "486: " + r.log())
    blocks.clear()
    r.app.hal.heap_small = True
    await refused(r, "call refused")
    r.app.hal.heap_small = False
    assert r.log().count("call refused: 1 calls are up") == 3 and "not recorded" not in r.log(), r.log()
    calls += begin(r, 1)
    await talking(r, 2)
    hang_up(r, calls)
    await r.close()
