"""A storage that fails at any place of a recording: the call goes on, what is whole is delivered, and the reason is told."""

import asyncio
import os

from recorder import files
from recorder.loading import unload
from recorder.storage import recording, spool
from support.device import stores
from support.device.broken_files import Broken, BrokenFile
from testigo_wire.crypto import p256

FRAMES = 3


class NoRoom:
    """Nothing can be written to seal a recording: recovery.py is loaded anew each time, and takes this function."""

    def __enter__(self):
        unload("recorder.storage.recovery")
        self._write_all = spool.write_all
        spool.write_all = self._full

    def _full(self, file, data):
        raise OSError(28)

    def __exit__(self, *raised):
        spool.write_all = self._write_all


async def talking(name, link_version=2):
    """An appliance with a call that is recorded, some frames long."""
    a = await stores.ready(name)
    a.spool.unrecorded.spoke(link_version)
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES):
        assert made.write_audio(stores.put_audio(stream, 25, i * 250))
    made.flush_soon()
    return a, made, stream


async def test_what_is_whole_is_delivered_with_the_true_reason():
    for fails, error, reason in (
        ("write", 28, "storage-full"),
        ("write", 5, "storage-fault"),
        ("short", 0, "storage-full"),
        ("flush", 28, "storage-full"),
        ("flush", 5, "storage-fault"),
        ("close", 28, "hang-up"),
        ("close", 5, "hang-up"),
    ):
        a, made, stream = await talking("whole")
        BrokenFile(made, fails, error)
        made.write_audio(stores.put_audio(stream, 25))
        made.event("dtmf", 1, "1", "info")
        made.event("hang_up", 1, 200, "BYE")
        assert bool(made.failed) == (fails in ("write", "short"))
        await made.close("hang-up")
        verifier = a.verify(1)
        assert not verifier.findings, (fails, error, verifier.findings)
        assert verifier.audio_frames >= FRAMES and verifier.seal[4] == reason, (fails, error, verifier.seal)
        assert files.names(a.spool.folder) == ["00000001.tsg"], (fails, error)
        assert not a.spool.unfinished and not a.recordings.active
        await a.keypool.fill()
        made = a.begin()
        await made.close("hang-up")
        assert not a.verify(2).findings
        stores.remove_tree(a.root)


async def test_the_reason_is_told_before_the_first_session_with_a_vault():
    for link_version in (0, 1):
        a, made, stream = await talking("old", link_version)
        BrokenFile(made, "write")
        made.write_audio(stores.put_audio(stream, 25))
        await made.close("hang-up")
        assert a.verify(1).seal[4] == "storage-full" and not a.verify(1).findings
        stores.remove_tree(a.root)


async def test_a_full_storage_is_not_told_as_a_power_loss_after_a_restart():
    for error, reason in ((28, "storage-full"), (5, "storage-fault")):
        a, made, stream = await talking("later")
        base_keys = a.base_keys
        BrokenFile(made, "write", error)
        made.write_audio(stores.put_audio(stream, 25))
        with NoRoom():
            await made.close("hang-up")
        assert a.spool.unfinished == [1] and not a.spool.numbers()
        assert "recording 1 waits to be closed" in a.log.lines(1)[0]
        a = await stores.Appliance(a.root).boot(fill=False)
        a.base_keys = base_keys
        assert a.closed == [] and a.verify(1).seal[4] == reason
        stores.remove_tree(a.root)


async def test_it_is_closed_when_room_comes_without_a_restart():
    a, made, stream = await talking("room")
    BrokenFile(made, "write")
    made.write_audio(stores.put_audio(stream, 25))
    with NoRoom():
        await made.close("hang-up")
        lines = len(a.log.lines())
        for free in (0, 5000, 5000, 4000):
            a.hal.free_bytes = lambda: free  # noqa: B023
            await minutes(a, 1)
        assert len(a.log.lines()) == lines, "it is told once"
        a.hal.free_bytes = lambda: 4000
        await minutes(a, 8)
    await minutes(a, 1)
    assert a.spool.unfinished == [1], "it was tried again without more room, each minute"
    a.hal.free_bytes = lambda: 6000
    sealed = []
    a.spool.on_sealed.append(sealed.append)
    await minutes(a, 1)
    assert sealed == [1] and not a.spool.unfinished and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_it_is_closed_without_more_room_too():
    """A write may fail for want of room though the file system counts free blocks, and stop failing without more of them."""
    a, made, _ = await talking("later")
    BrokenFile(made, "write")
    made.event("media", 1, "PCMA", 8, 8000, 20)
    with NoRoom():
        await made.close("hang-up")
        await minutes(a, 30)
    await minutes(a, 63)
    assert not a.spool.unfinished and not a.verify(1).findings
    stores.remove_tree(a.root)


class Unlisted:
    """Folders cannot be listed."""

    def __enter__(self):
        self._names, files.names = files.names, self._fail

    def _fail(self, folder):
        raise OSError(5)

    def __exit__(self, *raised):
        files.names = self._names


async def test_a_folder_that_cannot_be_listed_is_looked_at_again():
    a, made, stream = await talking("unlisted")
    BrokenFile(made, "write", 5)
    made.write_audio(stores.put_audio(stream, 25))
    with Unlisted():
        await made.close("hang-up")
        await minutes(a, 2)
        assert a.spool.unlisted and a.spool.unfinished == [1]
    await minutes(a, 1)
    assert not a.spool.unlisted and not a.spool.unfinished
    assert not a.verify(1).findings and a.verify(1).seal[4] == "storage-fault"
    stores.remove_tree(a.root)


async def test_the_true_reason_is_kept_where_the_file_cannot_be_renamed():
    """The next start would take it for one that a power cut left; a later try does not."""
    a, made, stream = await talking("named")
    BrokenFile(made, "write", 28)
    made.write_audio(stores.put_audio(stream, 25))
    os.mkdir(a.spool.path(1, ".full"))  # no file can have that name
    with NoRoom():
        await made.close("hang-up")
    os.rmdir(a.spool.path(1, ".full"))
    assert files.names(a.spool.folder) == ["00000001.open"]
    await minutes(a, 1)
    assert a.verify(1).seal[4] == "storage-full" and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_a_call_that_had_not_begun_is_removed_later():
    a = await stores.ready("discard")
    with Broken(files, ".open", remove=5):
        take_number, a.spool.take_number = a.spool.take_number, no_number
        try:
            p256.finish(a.recordings.open_steps(None))
        except spool.SpoolError as error:
            assert error.why == "file"
        a.spool.take_number = take_number
        assert files.names(a.spool.folder) == ["00000001.open"] and a.spool.unfinished == [1]
    await minutes(a, 1)
    assert not files.names(a.spool.folder) and not a.spool.unfinished and a.spool.next_number == 1
    await a.keypool.fill()
    made = a.begin()
    await made.close("hang-up")
    assert made.number == 1 and not a.verify(1).findings
    stores.remove_tree(a.root)


def no_number(number, digest):
    raise OSError(5)


async def minutes(a, count):
    """As the appliance does once a minute."""
    for _ in range(count):
        a.recordings.tick()
        await asyncio.sleep_ms(500)


async def test_a_recording_that_cannot_be_opened_takes_no_number():
    a = await stores.ready("open")
    for fails in ("open", "write", "short", "flush"):
        await a.keypool.fill()
        opened = open

        class File:
            def __init__(self, path, mode):
                self._file = opened(path, mode)
                BrokenFile(self, fails)  # noqa: B023
                self.write, self.flush, self.close = self._file.write, self._file.flush, self._file.close

        def failing(path, mode):
            if fails == "open":  # noqa: B023
                raise OSError(5)
            return File(path, mode)

        recording.open = failing
        try:
            p256.finish(a.recordings.open_steps(a.documents.policy))
            raise AssertionError(fails)
        except spool.SpoolError as error:
            assert error.why == "file", fails
        finally:
            recording.open = open
        assert a.spool.next_number == 1 and not files.names(a.spool.folder) and not a.recordings.active, fails
    await a.keypool.fill()
    made = a.begin()
    await made.close("hang-up")
    assert made.number == 1 and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_a_file_that_can_neither_be_written_nor_removed_gives_its_number_to_the_next_call():
    a = await stores.ready("stays")
    made = None
    with Broken(files, remove=5):
        flush, recording.Recording.flush_soon = (
            recording.Recording.flush_soon,
            lambda self: self._fail("flush", OSError(5)),
        )
        try:
            made = p256.finish(a.recordings.open_steps(a.documents.policy))
        except spool.SpoolError as error:
            assert error.why == "file"
        finally:
            recording.Recording.flush_soon = flush
    assert made is None and files.names(a.spool.folder) == ["00000001.open"]
    await a.keypool.fill()
    made = a.begin()
    await made.close("hang-up")
    assert made.number == 1 and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_a_rename_that_fails_is_done_later():
    a, made, _ = await talking("rename")
    with Broken(spool, ".tsg", rename=5) as broken:
        await made.close("hang-up")
        assert broken.failed and a.spool.unfinished
    await a.recordings.finish_left()
    assert a.verify(1).seal[4] == "hang-up" and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_free_space_that_is_not_known_stops_nothing():
    a = await stores.ready("statvfs")

    def unknown():
        raise OSError(5)

    a.hal.free_bytes = unknown
    made = a.begin()
    stream = made.start_audio()
    for i in range(FRAMES):
        assert made.write_audio(stores.put_audio(stream, 25, i * 250))
    a.recordings.tick()
    await made.close("hang-up")
    assert not a.verify(1).findings and a.verify(1).audio_frames == FRAMES
    stores.remove_tree(a.root)


async def test_a_state_file_that_cannot_be_written():
    """Numbers have no gap and none is given twice, whether the file is written later or never."""
    for written_later in (True, False):
        a = await stores.ready("state")
        with Broken(spool, "state.cbor", replace=28):
            for _ in range(2):
                await a.keypool.fill()
                made = a.begin()
                await made.close("hang-up")
            assert a.spool.numbers() == [1, 2] and a.spool.next_number == 3
            assert await a.spool.apply_receipt(stores.receipt(a, 1)) == (True, "")
            ok, reason = await a.spool.apply_receipt(stores.receipt(a, 2))
            assert not ok and "state.cbor" in reason, "the only file with the last number is kept"
        if written_later:
            a.recordings.tick()
            assert await a.spool.apply_receipt(stores.receipt(a, 2)) == (True, "")
        a = await stores.Appliance(a.root).boot()
        assert a.spool.next_number == 3
        made = a.begin()
        await made.close("hang-up")
        assert made.number == 3 and not a.verify(3).findings
        stores.remove_tree(a.root)
