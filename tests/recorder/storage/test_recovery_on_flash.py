"""Power cuts at every write of a block, and a full flash, on MicroPython's LittleFS."""

import asyncio

from recorder import files
from recorder.storage import recording, recordings
from support.device import stores
from support.device.flash import Flash

HEAP = "4m"

ROOT = "/flash/device"
BLOCKS = 96
FRAMES = 3
FRAMES_LEFT = 10


class Site:
    """An appliance on a flash, and what it promised."""

    def __init__(self):
        self.flash = Flash("/flash", BLOCKS)
        self.keys = {}
        files.make_folder(ROOT)
        stores.provision(ROOT)
        files.replace(ROOT + "/policy.tsd", stores.policy())

    async def boot(self, fill=True):
        a = await stores.Appliance(ROOT).boot(fill=fill)
        a.spool.unrecorded.link_version = 2
        a.base_keys = self.keys  # of all starts
        return a

    def restart(self):
        self.flash.unmount()
        self.flash.mount()

    def close(self):
        self.flash.unmount()


async def run_call(a, promised, objects):
    """One call from its opening to its receipt; what must hold afterwards is added to `promised`."""
    made = a.begin()
    if not a.cut():
        promised.append("begun")
    stream = made.start_audio()
    for i in range(FRAMES):
        made.write_audio(stores.put_audio(stream, 8, i * 250))
    if objects:
        made.event("objection", 1, "9", "rfc4733")
        if not a.cut():
            promised.append("objection")
        await made.erase_audio()
    made.event("hang_up", 1, 200, "BYE")
    await made.close("objection" if objects else "hang-up")
    if a.cut():
        return
    promised.append("closed")
    if (await a.spool.apply_receipt(stores.receipt(a, made.number)))[0]:
        promised.append("receipted")


async def cut_everywhere(objects):
    site = Site()
    a = await site.boot()
    a.cut = lambda: False
    before = site.flash.writes
    await run_call(a, [], objects)
    writes = site.flash.writes - before
    site.close()
    assert writes > 20
    print("cuts", writes)
    for cut in range(writes):
        site = Site()
        a = await site.boot()
        a.cut = lambda: site.flash.is_cut  # noqa: B023
        site.flash.cut_at = site.flash.writes + cut
        promised = []
        await run_call(a, promised, objects)
        await asyncio.sleep_ms(300)  # what is still to be flushed
        site.restart()
        a = await site.boot()
        numbers = a.spool.numbers()
        assert numbers in ([1], []) and files.names(a.spool.folder) == ["%08d.tsg" % n for n in numbers], (
            cut,
            promised,
        )
        if numbers:
            verifier = a.verify(1)
            assert not verifier.findings, (cut, promised, verifier.findings)
            if "closed" in promised:
                assert verifier.seal[4] == ("objection" if objects else "hang-up"), cut
            if "objection" in promised:
                assert not verifier.audio_frames, cut
        else:  # the receipt came, or the call had not begun
            assert "closed" in promised or "begun" not in promised, (cut, promised)
        assert "begun" not in promised or a.spool.next_number == 2, (cut, promised)
        number = a.spool.next_number
        made = a.begin()
        await made.close("hang-up")
        assert made.number == number and not a.verify(number).findings, cut
        site.close()


async def test_a_call_cut_at_every_write():
    await cut_everywhere(False)


async def test_a_call_with_an_objection_cut_at_every_write():
    await cut_everywhere(True)


async def left_open(site):
    a = await site.boot()
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES_LEFT):
        made.write_audio(stores.put_audio(stream, 25, i * 250))
    made.flush_soon()
    return a, made


async def test_repair_needs_one_free_block():
    site = Site()
    _, made = await left_open(site)
    made._file.close()
    site.restart()
    site.flash.fill(1)
    a = await site.boot(fill=False)
    assert a.closed == [1], a.log.lines()
    assert not a.verify(1).findings and a.verify(1).audio_frames == FRAMES_LEFT
    site.close()


async def test_the_free_space_of_a_full_flash_is_none():
    """LittleFS counts some blocks twice, so that MicroPython gives -1 free blocks of a full one, or 4294967295."""
    site = Site()
    a, _ = await left_open(site)
    site.flash.fill(0)
    assert a.hal.free_bytes() == 0
    site.flash.make_room()
    assert 100000 < a.hal.free_bytes() < BLOCKS * 4096
    site.close()


async def test_a_full_flash_ends_the_recording_and_the_call_is_told():
    """The flash fills up under a call; its recording is closed when room comes, and says why it ended."""
    site = Site()
    a, made = await left_open(site)
    site.flash.fill(0)
    a.hal.free_bytes = lambda: 1 << 20  # another program takes the room after it was measured
    for i in range(FRAMES_LEFT, FRAMES_LEFT + 4):
        if made.write_audio(stores.put_audio(made.start_audio(), 25, i * 250)):
            made.flush_soon()
    assert made.failed
    del a.hal.free_bytes
    await made.close("hang-up")
    assert not a.spool.numbers() and a.spool.unfinished
    site.flash.make_room()
    a.recordings.tick()
    await asyncio.sleep_ms(2000)
    verifier = a.verify(1)
    assert not verifier.findings and verifier.audio_frames >= FRAMES_LEFT and verifier.seal[4] == "storage-full"
    site.close()


async def test_an_objection_on_a_full_flash_is_obeyed_when_room_comes():
    for restart in (False, True):
        site = Site()
        a, made = await left_open(site)
        site.flash.fill(0)
        made.event("objection", 1, "9", "rfc4733")
        assert not made.write_audio(1000)
        await made.erase_audio()
        assert made.erasing_owed
        await made.close("objection")
        assert not a.spool.numbers(), "nothing with its audio is offered to the vault"
        assert "waits" in a.log.lines(1)[0], a.log.lines()
        site.flash.make_room()
        if restart:
            site.restart()
            a = await site.boot(fill=False)
        else:
            await a.recordings.finish_left()
        verifier = a.verify(1)
        assert not verifier.findings and not verifier.audio_frames and verifier.gone == FRAMES_LEFT + 1, restart
        assert files.names(a.spool.folder) == ["00000001.tsg"]
        site.close()


async def test_audio_leaves_the_room_that_its_erasing_takes():
    site = Site()
    a = await site.boot()
    made = a.begin()
    stream = made.start_audio()
    frames = 0
    while made.write_audio(stores.put_audio(stream, 25)):
        frames += 1
    made.flush_soon()
    left = a.hal.free_bytes()
    assert left >= recordings.FREE_TO_CONTINUE - 4096 and frames > 20, (left, frames)
    made.event("objection", 1, "9", "rfc4733")
    await made.erase_audio()
    assert not made.erasing_owed
    await made.close("objection")
    assert not a.verify(1).findings and not a.verify(1).audio_frames
    # And calls without audio still leave their recordings.
    for number in range(2, 8):
        await a.keypool.fill()
        made = a.begin()
        assert made.number == number
        await made.close("unrecorded")
        assert not a.verify(number).findings
    site.close()


async def test_every_error_that_ends_an_erasing():
    """Not only those of the file system: a damaged file, no memory, a fault of the code."""
    for error in (OSError(5), MemoryError(), ValueError("a fault"), recording.RecordingError("unknown item")):
        site = Site()
        a, made = await left_open(site)

        async def failing(*arguments):
            raise error  # noqa: B023

        from recorder.storage import erasing  # unloaded by the erasing itself

        erasing.rewrite = failing
        made.event("objection", 1, "9", "rfc4733")
        await made.erase_audio()
        assert made.erasing_owed
        made.event("hang_up", 1, 200, "BYE")
        await made.close("objection")
        verifier = a.verify(1)
        assert not verifier.findings and not verifier.audio_frames, error
        assert [event[0] for event in verifier.events][-2:] == ["objection", "hang_up"], error
        site.close()
