"""A call without memory for something: nothing is recorded that may not be, and the recording says why."""

import asyncio
import sys

from recorder.consent import commands  # noqa: F401 - for Full
from recorder.media import tone  # noqa: F401 - for Full
from recorder.media.leg import FAR
from support.device import stores  # noqa: F401 - first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import join_as, line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
OTHER = "<sip:+34600333444@trunk>"
PAUSE = {"keys": ["*1", "*2", "*7", "*8"], "pause_limit": 60000}


class Full:
    """No memory for one class of a module."""

    def __init__(self, module, name):
        self._module = sys.modules[module]
        self._name = name
        self._held = getattr(self._module, name)
        setattr(self._module, name, self._none)

    def _none(self, *_):
        raise MemoryError

    def close(self):
        setattr(self._module, self._name, self._held)


async def test_nothing_is_recorded_after_a_join_or_pause_without_memory():
    """Neither of who joined and cannot be told, nor of what is said in a pause that could not begin."""
    for name in ("join", "pause"):
        full = Full("recorder.consent.commands", "CallCommands")
        r = await rig("no-memory-for-a-" + name, line(**PAUSE))
        await r.talk()
        if name == "join":
            await join_as(r.far, asserted=OTHER)
        else:
            await r.near.press("*7")
        await until(lambda: not r.capture.on, "the end of recording")  # noqa: B023
        r.far.speak(12)
        await asyncio.sleep_ms(150)
        full.close()
        await join_as(r.far, asserted="<sip:+34600555666@trunk>")
        await asyncio.sleep_ms(100)
        assert not r.capture.on
        sealed = await r.sealed()
        assert sealed.spoken(FAR) == [2] and sealed.all("unrecorded")[0] == ["memory"], sealed.event_names
        await r.close(clean=False)


async def test_nothing_is_recorded_in_a_pause_without_memory_to_seal_the_last_frame():
    for by in ("key", "host"):
        r = await rig("no-memory-to-seal-" + by, line(**PAUSE))
        await r.talk()
        recording = r.call.recording
        write_audio = recording.write_audio

        def full(_):
            raise MemoryError

        recording.write_audio = full
        if by == "key":
            await r.near.press("*7")
        else:
            try:
                r.gateway.control("pause", 0)
            except MemoryError:
                pass
        await until(lambda: r.state.paused, "the pause")  # noqa: B023
        recording.write_audio = write_audio
        r.far.speak(12)
        await asyncio.sleep_ms(400)
        assert not r.capture.on
        sealed = await r.sealed()
        assert sealed.spoken(FAR) == [2], sealed.event_names
        await r.close(clean=False)


async def test_nothing_is_recorded_without_memory_for_the_tone():
    full = Full("recorder.media.tone", "Tone")
    r = await rig("no-memory-for-the-tone", line(worker="tone", tone=[[1400, 200, 15000, 20]]))
    await r.talk(recorded=False)
    full.close()
    assert not r.capture.on
    sealed = await r.sealed()
    assert not sealed.packets and sealed.all("unrecorded") == [["memory"]] and sealed.reason == "unrecorded", (
        sealed.event_names
    )
    await r.close()


async def test_nothing_is_recorded_without_memory_for_the_event_of_the_tone():
    r = await rig("no-memory-for-the-event", line(worker="tone", tone=[[1400, 200, 15000, 20]]))
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.call.recording, "the recording")
    event = r.call.recording.event

    def without_memory_for_the_tone(name, *values):
        if name == "tone":
            raise MemoryError
        event(name, *values)

    r.call.recording.event = without_memory_for_the_tone
    await until(lambda: r.call.bridge.up, "the conversation")
    r.far.speak(12)
    await asyncio.sleep_ms(400)
    assert not r.capture.on
    sealed = await r.sealed()
    assert not sealed.packets and sealed.all("unrecorded") == [["memory"]], sealed.event_names
    await r.close()


async def test_call_that_ends_by_a_fault_while_the_recording_begins_is_captured_no_more():
    r = await rig("no-memory-for-the-parties", line(unrecorded_numbers="none"))
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.call.recording, "the recording")
    event, capture = r.call.recording.event, r.capture

    def without_memory_for_the_parties(name, *values):
        if name == "parties":
            raise MemoryError
        event(name, *values)

    r.call.recording.event = without_memory_for_the_parties
    await until(lambda: sip_event.ENDED in r.far.events, "the end")
    assert not capture.on
    assert not (await r.sealed()).packets
    await r.close(clean=False)


async def test_state_in_the_invite_is_corrected_when_recording_cannot_begin():
    """The INVITE to the worker says that the call is recorded, since consent was given; then the recording cannot begin."""
    full = Full("recorder.media.tone", "Tone")
    r = await rig("notified-early", line(worker="tone", tone=[[1400, 200, 15000, 20]]))
    r.near.agent.more = (("supported", "record-aware"),)
    await r.talk(recorded=False)
    assert b"a=record:on" in r.near.call.request.body
    await until(lambda: r.near.offers, "the offer")
    full.close()
    assert b"a=record:off" in r.near.offers[0]
    await r.sealed()
    await r.close()


async def test_notice_without_memory_is_recorded_as_an_event():
    r = await rig("no-memory-for-the-notice", line(impossible="refuse-call"))

    def full(name):
        raise MemoryError

    r.app.documents.notice = full
    r.far.invite(r.port)
    await until(lambda: sip_event.ENDED in r.far.events, "the end, for recording is a duty")
    sealed = await r.sealed()
    assert sealed.all("unrecorded") and sealed.all("hang_up")[0][1] == 503, sealed.event_names
    await r.close()


async def test_numbers_of_a_call_without_audio_are_not_kept():
    full = Full("recorder.media.tone", "Tone")
    r = await rig("numbers", line(unrecorded_numbers="none", worker="tone", tone=[[1400, 200, 15000, 20]]))
    await r.talk(recorded=False)
    full.close()
    sealed = await r.sealed()
    assert not sealed.all("parties"), sealed.all("parties")
    await r.close()
