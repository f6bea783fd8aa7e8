"""Recordings on real files: their order, their chain, erasing, several at once, and what they allocate."""

import asyncio
import gc
import os
import time

from recorder import files
from recorder.storage.spool import SpoolError
from support.device import stores

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
    assert [event[0] for event in verifier.events] == ["call", "policy", "notice", "consent", "hang_up"]
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
    made = a.recordings.open(None)
    made.event("call", "", "in", "", "", "", "sip")
    made.event("policy", 0, b"", "never", "notify")
    made.event("consent", "notify", True, "notice", "", "")
    assert refused(made.start_audio) == "policy"
    await made.close("unrecorded")
    made = a.recordings.open(a.documents.policy)
    assert refused(made.start_audio) == "consent" and not made.write_audio(100)
    made.event("consent", "opt-out", False, "key", "9", "rfc4733")
    assert refused(made.start_audio) == "consent"
    await made.close("refused")
    stores.remove_tree(a.root)


async def test_what_cannot_be_stored_is_refused_with_its_reason():
    root = stores.fresh_root("refused")
    a = await stores.Appliance(root).boot()
    assert refused(a.recordings.open) == "identity"
    stores.provision(root)
    a = await stores.Appliance(root).boot()
    assert refused(a.recordings.open) == "recipients"
    files.replace(root + "/policy.tsd", stores.policy())
    a = await stores.Appliance(root).boot(fill=False)
    assert refused(a.recordings.open) == "keys"
    await a.keypool.fill()
    free, a.hal.free_bytes = a.hal.free_bytes, lambda: 50000
    assert refused(a.recordings.open) == "space"
    a.hal.free_bytes = free
    os.rename(a.spool.folder, a.spool.folder + "-gone")
    assert refused(a.recordings.open) == "file"
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
    assert [event[0] for event in verifier.events][4:] == ["objection", "dtmf", "erased", "hang_up"]
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


async def test_a_full_flash_ends_audio_but_not_events():
    a = await stores.ready("full")
    made = a.begin()
    stream = made.start_audio()
    a.hal.free_bytes = lambda: 20000
    stored = 0
    while made.write_audio(stores.put_audio(stream, 2)):
        stored += 1
    assert stored == 63, stored
    await made.close("limit")
    verifier = a.verify(1)
    assert not verifier.findings and verifier.events[-1][2] == "storage full"
    stores.remove_tree(a.root)


async def test_a_write_error_closes_with_what_is_whole():
    a = await stores.ready("broken")
    made = a.begin()
    stream = made.start_audio()
    made.write_audio(stores.put_audio(stream, 25))

    class Broken:
        """A flash that takes half an item and then fails."""

        def __init__(self, file):
            self.file = file

        def write(self, item):
            self.file.write(item, len(item) // 2)
            raise OSError(5)

        def flush(self):
            self.file.flush()

        def close(self):
            self.file.close()

    made._file = Broken(made._file)
    assert not made.write_audio(stores.put_audio(stream, 25))
    made.event("hang_up", 1, 200, "BYE")
    await made.close("hang-up")
    verifier = a.verify(1)
    assert not verifier.findings, verifier.findings
    assert verifier.audio_frames == 1 and verifier.seal[4] == "failed"
    stores.remove_tree(a.root)


async def test_a_flush_that_fails_fails_its_own_recording():
    a = await stores.ready("flush")
    made, other = a.begin(), a.begin()
    streams = [made.start_audio(), other.start_audio()]

    class Unflushable:
        """Takes what is written; its flush fails."""

        def __init__(self, file):
            self.write, self.close = file.write, file.close
            self._other = open("/dev/null", "wb")
            self.fileno = self._other.fileno

    made._file = Unflushable(made._file)
    for _ in range(4):
        made.write_audio(stores.put_audio(streams[0], 25))
        other.write_audio(stores.put_audio(streams[1], 25))
    assert "EINVAL" in made.failed and not other.failed, (made.failed, other.failed)
    await made.close("hang-up")
    await other.close("hang-up")
    assert (a.verify(1).seal[4], a.verify(2).seal[4]) == ("failed", "hang-up")
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
    made = a.recordings.open(a.documents.policy)
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
