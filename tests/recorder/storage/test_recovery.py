"""Starts after a power cut: what the file holds at any byte is closed with its whole items, and an objection wins."""

import asyncio
import os

from recorder import files
from support.device import stores

STEP = 211  # every so many bytes a cut; the ends of all items beside


async def cut_call(name, frames=3):
    """A call that never ended: its appliance, and the bytes of the open file."""
    a = await stores.ready(name)
    made = a.begin()
    stream = made.start_audio()
    for i in range(frames):
        made.write_audio(stores.put_audio(stream, 8, i * 250))
    made._file.flush()
    await asyncio.sleep_ms(500)  # what is written later
    return a, files.read(a.spool.path(1, ".open"))


async def test_a_cut_at_any_byte():
    a, whole = await cut_call("cut")
    base_keys = a.base_keys
    path = a.spool.path(1, ".open")
    most = 0
    for length in list(range(0, len(whole), STEP)) + [len(whole)]:
        for name in files.names(a.spool.folder):
            os.remove(a.spool.folder + "/" + name)
        # the number is taken only after header and index keys are on flash
        files.remove(a.root + "/state.cbor")
        files.replace(path, whole[:length])
        a = await stores.Appliance(a.root).boot(fill=False)
        a.base_keys = base_keys
        if length < 400:
            if not a.closed:
                assert a.spool.next_number == 1 and not files.names(a.spool.folder), length
                continue
        assert a.closed == [1] and a.spool.next_number == 2, length
        verifier = a.verify(1)
        assert not verifier.findings, (length, verifier.findings)
        assert verifier.seal[4] == "power-loss"
        # by what is in the file, not by the clock of this start
        assert verifier.seal[3] == verifier.header[6] + 240 * verifier.audio_frames
        assert files.names(a.spool.folder) == ["00000001.tsg"], (length, files.names(a.spool.folder), a.log.lines())
        most = max(most, verifier.audio_frames)
    assert most == 3, most
    stores.remove_tree(a.root)


async def test_garbage_after_the_last_item():
    a, whole = await cut_call("garbage")
    base_keys = a.base_keys
    for tail in (b"\x00", b"\xff" * 60, b"\x59\x20\x20" + bytes(900), b"\x84\x64gone"):
        for name in files.names(a.spool.folder):
            os.remove(a.spool.folder + "/" + name)
        files.replace(a.spool.path(1, ".open"), whole + tail)
        a = await stores.Appliance(a.root).boot(fill=False)
        a.base_keys = base_keys
        verifier = a.verify(1)
        assert not verifier.findings and verifier.audio_frames == 3, tail
    stores.remove_tree(a.root)


async def test_damage_in_the_middle_keeps_the_file():
    a, whole = await cut_call("damage", 4)
    base_keys = a.base_keys
    damaged = whole[:3000] + bytes(9000) + whole[3000:]
    files.replace(a.spool.path(1, ".open"), damaged)
    a = await stores.Appliance(a.root).boot(fill=False)
    a.base_keys = base_keys
    # a frame that spans the damage fails its authentication; the structure holds up to there
    assert a.spool.numbers() == [1] and a.spool.aside() == [1]
    assert files.read(a.spool.path(1, ".bad")) == damaged
    assert any("set aside" in line for line in a.log.lines())
    stores.remove_tree(a.root)


async def test_a_sealed_file_is_only_renamed():
    a, _ = await cut_call("sealed")
    for made in list(a.recordings.active):
        await made.close("hang-up")
    sealed = a.read(1)
    os.rename(a.spool.path(1, ".tsg"), a.spool.path(1, ".open"))
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.read(1) == sealed and a.closed == [], "it was not cut"
    stores.remove_tree(a.root)


async def test_an_interrupted_erasure_is_finished():
    """The mark is on flash before the objection event: at any later moment the audio does not come back."""
    for moment in ("marked", "part", "renamed", "sealed-copy"):
        a, whole = await cut_call("erase-" + moment)
        base_keys = a.base_keys
        made = a.recordings.active[0]
        made.event("objection", 1, "9", "rfc4733")
        made._file.flush()
        assert files.size(a.spool.path(1, ".erase")) == 0
        if moment == "part":
            with open(a.spool.path(1, ".open") + files.PART, "wb") as file:
                file.write(whole[:2000])
        elif moment == "renamed":
            await made.erase_audio()
            made._file.flush()
        elif moment == "sealed-copy":
            before = files.read(a.spool.path(1, ".open"))
            a = await stores.Appliance(a.root).boot(fill=False)
            files.replace(a.spool.path(1, ".open"), before)
            files.replace(a.spool.path(1, ".erase"), b"")
        a = await stores.Appliance(a.root).boot(fill=False)
        a.base_keys = base_keys
        verifier = a.verify(1)
        assert not verifier.findings, (moment, verifier.findings)
        assert verifier.audio_frames == 0 and verifier.gone == 4, moment
        assert "objection" in [event[0] for event in verifier.events]
        assert verifier.seal[4] == "erased", moment
        assert files.names(a.spool.folder) == ["00000001.tsg"], moment
        stores.remove_tree(a.root)


async def test_a_mark_without_its_objection_event():
    a, whole = await cut_call("mark")
    base_keys = a.base_keys
    files.replace(a.spool.path(1, ".erase"), b"")
    a = await stores.Appliance(a.root).boot(fill=False)
    a.base_keys = base_keys
    verifier = a.verify(1)
    assert verifier.audio_frames == 0 and verifier.gone == 4
    assert not verifier.findings and verifier.seal[4] == "erased", "nothing else says that its audio was erased"
    stores.remove_tree(a.root)


async def test_left_over_parts_are_removed():
    a = await stores.ready("parts")
    left = [a.root + "/state.cbor", a.root + "/policy.tsd", a.root + "/identity/key.der", a.spool.path(7, ".open")]
    for path in left:
        with open(path + files.PART, "wb") as file:
            file.write(b"half")
    a = await stores.Appliance(a.root).boot(fill=False)
    assert all(files.size(path + files.PART) < 0 for path in left)
    assert a.documents.policy and a.spool.next_number == 1
    stores.remove_tree(a.root)


async def test_several_open_recordings_keep_their_order():
    a = await stores.ready("several")
    for _ in range(2):
        a.begin()._file.flush()
    await a.keypool.fill()
    a.begin()._file.flush()
    base_keys = a.base_keys
    files.remove(a.root + "/state.cbor")
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.closed == [1, 2, 3] and a.spool.next_number == 4
    a.base_keys = base_keys
    headers = [a.verify(number).header for number in (1, 2, 3)]
    assert headers[2][5] == a.spool.primitives.sha256(_header(a, 2))
    stores.remove_tree(a.root)


def _header(a, number):
    from testigo_wire.encoding import cbor

    data = a.read(number)
    return data[: cbor.decode_prefix(data)[1]]


async def test_a_copy_whose_last_steps_are_missing():
    """The power failed between the rename of the copy and the removal of the old file: nothing is set aside for that."""
    a, whole = await cut_call("copied")
    base_keys = a.base_keys
    a = await stores.Appliance(a.root).boot(fill=False)
    sealed = a.read(1)
    files.replace(a.spool.path(1, ".open"), whole)
    a = await stores.Appliance(a.root).boot(fill=False)
    a.base_keys = base_keys
    assert a.read(1) == sealed and files.names(a.spool.folder) == ["00000001.tsg"]
    assert not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_a_power_cut_at_any_byte_of_the_repair():
    """What the seal and the zeros have not overwritten yet is still there, and may look like anything."""
    a, whole = await cut_call("repair")
    base_keys = a.base_keys
    tail = whole[-900:]  # of a torn item
    files.replace(a.spool.path(1, ".open"), whole + tail)
    a = await stores.Appliance(a.root).boot(fill=False)
    repaired = a.read(1)
    assert len(repaired) == len(whole) + len(tail) and repaired.startswith(whole)
    assert a.spool.describe(1)[1] < len(whole) + 160, "the vault does not get the zeros"
    for cut in (1, 2, 7, 40, 80, 100, 130, 137, 138, 139, 140, 400, 899):
        os.remove(a.spool.path(1, ".tsg"))
        files.replace(a.spool.path(1, ".open"), repaired[: len(whole) + cut] + tail[cut:])
        a = await stores.Appliance(a.root).boot(fill=False)
        a.base_keys = base_keys
        verifier = a.verify(1)
        assert not verifier.findings and verifier.audio_frames == 3, (cut, verifier.findings)
        assert files.names(a.spool.folder) == ["00000001.tsg"], cut
    stores.remove_tree(a.root)
