"""Recordings on real files: their order, their chain, erasing, several at once, and what they allocate."""

import asyncio
import gc
import os
import time

from recorder import files
from recorder.storage import recordings
from recorder.storage.primitives import DEVICE, steps
from recorder.storage.spool import SpoolError
from support.device import stores
from testigo_wire.crypto import p256
from testigo_wire.recording import items

FRAMES = 40


def refused(function, *arguments):
    try:
        function(*arguments)
    except SpoolError as error:
        return error.why
    raise AssertionError("not refused")


async def test_a_call_is_recorded_whole():
    a = await stores.ready("whole")
    sealed = []
    a.spool.on_sealed.append(sealed.append)
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES):
        assert made.write_audio(stores.put_audio(stream, 25, i * 250))
    made.event("hang_up", 1, 200, "BYE")
    await made.close("hang-up")
    verifier = a.verify(1)
    assert not verifier.findings, verifier.findings
    assert verifier.audio_frames == FRAMES and verifier.seal[4] == "hang-up"
    names = ["call", "policy", "terms", "confirmed", "confirmed", "notice", "consent", "worker", "hang_up"]
    assert [event[0] for event in verifier.events] == names
    policy = a.documents.installed_policy
    named = [[entry[0], entry[1]] for entry in policy.recipients]
    assert verifier.header[9:] == ["0.3.0", items.key_id(DEVICE, a.identity.public), 2, policy.digest, named]
    assert sealed == [1] and a.spool.numbers() == [1] and not a.recordings.active
    assert files.names(a.spool.folder) == ["00000001.tsg"]
    stores.remove_tree(a.root)


async def test_numbers_and_digests_follow_each_other():
    a = await stores.ready("numbers")
    headers = []
    for boot in range(3):
        for _ in range(2):
            made = a.begin()
            await made.close("failed")
            headers.append(a.verify(made.number).header)
            await a.keypool.fill()
        a = await stores.Appliance(a.root).boot()
    assert [header[4] for header in headers] == [1, 2, 3, 4, 5, 6]
    assert headers[0][5] == bytes(32)
    from recorder.storage.primitives import DEVICE
    from testigo_wire.encoding import cbor

    for before, after in zip(headers, headers[1:]):
        assert after[5] == DEVICE.sha256(cbor.encode(before))
    stores.remove_tree(a.root)


async def test_two_calls_at_once():
    a = await stores.ready("two")
    first, second = a.begin(), a.begin()
    streams = first.start_audio(), second.start_audio()
    assert streams[0].buffer is not streams[1].buffer
    for i in range(12):
        for made, stream in zip((first, second), streams):
            assert made.write_audio(stores.put_audio(stream, 20 + i % 5, i * 250))
    await asyncio.gather(first.close("hang-up"), second.close("hang-up"))
    for number in (1, 2):
        verifier = a.verify(number)
        assert not verifier.findings and verifier.audio_frames == 12
    stores.remove_tree(a.root)


async def test_no_audio_without_policy_and_consent():
    a = await stores.ready("no-audio")
    made = p256.finish(a.recordings.open_steps(None))
    made.event("call", "", "in", "", "", "", "sip")
    made.event("policy", 0, b"", "never", "notify")
    made.event("consent", "notify", True, "notice", "", "")
    assert refused(made.start_audio) == "policy"
    await made.close("unrecorded")
    made = p256.finish(a.recordings.open_steps(a.documents.policy))
    assert refused(made.start_audio) == "consent" and not made.write_audio(100)
    made.event("consent", "opt-out", False, "key", "9", "rfc4733")
    assert refused(made.start_audio) == "consent"
    await made.close("refused")
    stores.remove_tree(a.root)


async def test_what_cannot_be_stored_is_refused_with_its_reason():
    root = stores.fresh_root("refused")
    a = await stores.Appliance(root).boot()
    assert refused(p256.finish, a.recordings.open_steps()) == "identity"
    stores.provision(root)
    a = await stores.Appliance(root).boot()
    assert refused(p256.finish, a.recordings.open_steps()) == "recipients"
    files.replace(root + "/policy.tsd", stores.policy())
    a = await stores.Appliance(root).boot(fill=False)
    assert refused(p256.finish, a.recordings.open_steps()) == "keys"
    await a.keypool.fill()
    free, a.hal.free_bytes = a.hal.free_bytes, lambda: recordings.FREE_TO_OPEN - 1
    assert refused(p256.finish, a.recordings.open_steps()) == "space"
    a.hal.free_bytes = free
    os.rename(a.spool.folder, a.spool.folder + "-gone")
    assert refused(p256.finish, a.recordings.open_steps()) == "file"
    os.rename(a.spool.folder + "-gone", a.spool.folder)
    assert a.spool.next_number == 1
    stores.remove_tree(root)


async def test_a_late_objection_erases():
    a = await stores.ready("erase")
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES):
        made.write_audio(stores.put_audio(stream, 25, i * 250))
    made.event("objection", 1, "9", "rfc4733")
    assert not made.write_audio(1000), "no audio after the objection"
    erasing = asyncio.create_task(made.erase_audio())
    await asyncio.sleep_ms(0)
    made.event("dtmf", 1, "1", "rfc4733")  # while the file is rewritten
    await erasing
    assert refused(made.start_audio) == "consent"
    made.event("hang_up", 1, 200, "BYE")
    await made.close("objection")
    verifier = a.verify(1)
    assert not verifier.findings, verifier.findings
    assert verifier.audio_frames == 0 and verifier.gone == FRAMES + 1
    assert [event[0] for event in verifier.events][8:] == ["objection", "dtmf", "erased", "hang_up"]
    assert files.names(a.spool.folder) == ["00000001.tsg"]
    assert a.spool.describe(1)[1] < 6000
    stores.remove_tree(a.root)


async def test_closing_waits_for_the_erasing():
    a = await stores.ready("erase-close")
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES):
        made.write_audio(stores.put_audio(stream, 25, i * 250))
    made.event("objection", 1, "9", "info")
    erasing = asyncio.create_task(made.erase_audio())
    await asyncio.sleep_ms(0)
    await made.close("objection")
    await erasing
    assert not a.verify(1).findings and a.verify(1).audio_frames == 0
    stores.remove_tree(a.root)


async def test_audio_ends_before_the_room_that_is_kept_back():
    a = await stores.ready("full")
    made = a.begin()
    stream = made.start_audio()
    looked = []
    left = recordings.FREE_TO_CONTINUE + 50000

    def free_bytes():
        looked.append(1)
        return left

    a.hal.free_bytes = free_bytes
    frame = stores.put_audio(stream, 25)
    stored = 0
    while made.write_audio(stores.put_audio(stream, 25)):
        left -= frame
        stored += 1
    assert stored == 50000 // frame + 1, (stored, frame)
    assert len(looked) < 5, "free space is not looked at for every frame"
    assert refused(made.start_audio) == "space"
    await made.close("limit")
    verifier = a.verify(1)
    assert not verifier.findings and verifier.events[-1][2] == "storage full"
    stores.remove_tree(a.root)


async def test_calls_with_little_room_leave_a_recording_without_audio():
    a = await stores.ready("little")
    for free, full in ((recordings.FREE_TO_RECORD, False), (recordings.FREE_TO_RECORD - 1, True), (16384, True)):
        a.hal.free_bytes = lambda: free  # noqa: B023
        made = a.begin()
        assert made.full == full
        if full:
            assert refused(made.start_audio) == "space"
        await made.close("unrecorded")
        assert not a.verify(made.number).findings
        await a.keypool.fill()
    stores.remove_tree(a.root)


async def test_the_size_of_a_recording_without_audio():
    """For the room that is kept back (docs/technician.md)."""
    a = await stores.ready("size")
    made = p256.finish(a.recordings.open_steps(a.documents.policy))
    made.event(
        "call", "main", "in", "sip:+34600111222@trunk.example.net", "sip:+34943123456@example.net", "x" * 60, "sip"
    )
    made.event("policy", 1, bytes(32), "all", "opt-out")
    made.event("unrecorded", "storage full")
    for leg in (0, 1):
        made.event("media", leg, "PCMA", 8, 8000, 20)
        made.event("quality", leg, 30000, 12, 3, 1250, 4800000)
    made.event("hang_up", 1, 200, "BYE")
    await made.close("unrecorded")
    size = a.spool.describe(1)[1]
    assert 600 < size < 2048, size
    stores.remove_tree(a.root)


async def test_an_event_after_the_end_is_counted_and_harms_nothing():
    a = await stores.ready("late")
    made = a.begin()
    other = a.begin()
    closing = asyncio.create_task(made.close("hang-up"))
    await asyncio.sleep_ms(0)
    made.event("dtmf", 1, "5", "info")
    await closing
    made.event("objection", 1, "9", "info")
    made.event("hang_up", 1, 200, "BYE")
    assert a.recordings.late_events == 3
    assert "recording 1: hang_up came after its end" in a.log.lines(1)[0]
    await other.close("hang-up")
    assert not a.verify(1).findings and not a.verify(2).findings
    assert files.names(a.spool.folder) == ["00000001.tsg", "00000002.tsg"]
    stores.remove_tree(a.root)


async def test_the_last_flush_fails():
    a = await stores.ready("flush")
    made = a.begin()
    flushes = []

    class Failing:
        async def finish(self, file):
            flushes.append(file)
            raise OSError(5)

        def flush(self, file):
            return True

    made.flusher = Failing()
    await made.close("hang-up")
    assert "EIO" in made.failed and a.spool.numbers() == [1], made.failed  # what was written is whole
    assert [line for line in a.log.lines() if "recording 1: flush" in line]
    stores.remove_tree(a.root)


async def test_nothing_is_flushed_after_the_end():
    a = await stores.ready("end")
    faults = []
    asyncio.get_event_loop().set_exception_handler(lambda loop, context: faults.append(context))
    made = a.begin()
    made.event("hang_up", 1, 200, "BYE")  # is flushed a little later
    await made.close("hang-up")
    await asyncio.sleep_ms(1000)
    assert not faults, faults
    stores.remove_tree(a.root)


async def test_long_texts_are_cut():
    a = await stores.ready("long")
    made = p256.finish(a.recordings.open_steps(a.documents.policy))
    made.event("call", "main", "in", "sip:" + "x" * 3000, "\u00e9" * 400, "\u20ac" * 400, "sip")
    made.event("policy", 1, a.documents.policy.digest, "all", "opt-out")
    await made.close("failed")
    assert not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_signing_lets_other_tasks_run():
    """A chip is some hundred times slower than this machine: the signature is made in many small steps."""
    a = await stores.ready("sign")
    made = a.begin()
    turns = [0]

    async def watch():
        while True:
            await asyncio.sleep_ms(0)
            turns[0] += 1

    task = asyncio.create_task(watch())
    start = time.ticks_us()
    await made.close("hang-up")
    us = time.ticks_diff(time.ticks_us(), start)
    task.cancel()
    print("signing took %d us and gave %d turns" % (us, turns[0]))
    assert turns[0] >= 40
    stores.remove_tree(a.root)


async def test_an_audio_frame_allocates_little():
    """What a frame leaves behind is collected between calls or in a known short time (hal.collect); packets leave nothing."""
    a = await stores.ready("alloc")
    made = a.begin()
    stream = made.start_audio()
    n = stores.put_audio(stream, 25)
    for _ in range(20):
        made.write_audio(n)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    start = time.ticks_us()
    for _ in range(20):
        made.write_audio(n)
    us = time.ticks_diff(time.ticks_us(), start) // 20
    left = (gc.mem_alloc() - before) // 20
    gc.enable()
    print("a frame of %d bytes: %d us, %d bytes left to collect" % (n, us, left))
    assert left < 2048
    await made.close("hang-up")
    stores.remove_tree(a.root)


async def test_two_recordings_that_are_opened_at_once_have_two_numbers():
    a = await stores.ready("at-once")
    made = await asyncio.gather(steps(a.recordings.open_steps(None)), steps(a.recordings.open_steps(None)))
    assert sorted([one.number for one in made]) == [1, 2] and a.spool.next_number == 3
    for one in made:
        one.event("call", "", "in", "", "", "", "sip")
        one.event("policy", 0, b"", "never", "notify")
        await one.close("unrecorded")
    for number in (1, 2):
        assert not a.verify(number).findings
    stores.remove_tree(a.root)


async def test_the_number_is_stored_soon_after_the_beginning():
    """Not in the turn that opens the file. A start before that takes it from the recording."""
    a = await stores.ready("number")
    made = a.begin()
    assert files.size(a.root + "/state.cbor") < 0
    await asyncio.sleep_ms(500)
    assert files.size(a.root + "/state.cbor") > 0
    await made.close("hang-up")
    assert (await stores.Appliance(a.root).boot(fill=False)).spool.next_number == 2
    stores.remove_tree(a.root)
