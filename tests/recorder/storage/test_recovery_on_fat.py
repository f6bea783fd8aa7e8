"""Power cuts at every write of a sector, whole and torn, on MicroPython's FAT, which has no rename in one step.

The folder of the spool has so many other files that the names of a rename stand in one sector, or in two.
"""

import os

import vfs

from recorder import files
from recorder.storage import spool_leftovers
from recorder.storage.primitives import steps
from support.device import stores
from support.device.flash import Flash

HEAP = "6m"

ROOT = "/card/device"
SECTORS = 1024
FRAMES = 2
# Files that stand in the folder before, each in one of the 16 places of a sector; and whether the last write is torn.
CUTS = ((12, False), (12, True), (0, True))
PLACES = 40


class Card:
    def __init__(self, others):
        self.flash = Flash("/card", SECTORS, 512, vfs.VfsFat)
        self.keys = {}
        files.make_folder(ROOT)
        stores.provision(ROOT)
        files.replace(ROOT + "/policy.tsd", stores.policy())
        files.make_folder(ROOT + "/spool")
        for number in range(PLACES):  # the folder has all its sectors: a power cut while it grows is another fault
            with open(ROOT + "/spool/other-%d" % number, "wb"):
                pass
        for number in range(others, PLACES):
            os.remove(ROOT + "/spool/other-%d" % number)

    async def boot(self, fill=True):
        a = await stores.Appliance(ROOT).boot(fill=fill)
        a.spool.unrecorded.link_version = 2
        a.base_keys = self.keys
        return a

    def restart(self):
        self.flash.unmount()
        self.flash.mount()

    def names(self):
        return [name for name in files.names(ROOT + "/spool") if not name.startswith("other")]


async def run_call(a, is_cut, promised, objects):
    made = a.begin()
    if not is_cut():
        promised.append("begun")
    stream = made.start_audio()
    for i in range(FRAMES):
        made.write_audio(stores.put_audio(stream, 8, i * 250))
    if objects:
        made.event("objection", 1, "9", "rfc4733")
        if not is_cut():
            promised.append("objection")
        await made.erase_audio()
    made.event("hang_up", 1, 200, "BYE")
    await made.close("objection" if objects else "hang-up")
    if not is_cut():
        promised.append("closed")


async def cut_everywhere(objects):
    cut_renames = 0
    for others, torn in CUTS:
        card = Card(others)
        a = await card.boot()
        before = card.flash.writes
        await run_call(a, lambda: False, [], objects)
        writes = card.flash.writes - before
        card.flash.unmount()
        for cut in range(writes):
            card = Card(others)
            a = await card.boot()
            card.flash.torn = torn
            card.flash.cut_at = card.flash.writes + cut
            promised = []
            await run_call(a, lambda: card.flash.is_cut, promised, objects)  # noqa: B023
            card.restart()
            cut_renames += await check(card, promised, (objects, others, torn, cut))
            card.flash.unmount()
    assert cut_renames, "no cut was in the middle of a rename: the places of the names are others"


async def check(card, promised, what):
    """-> whether a rename had been cut."""
    a = await card.boot()
    numbers = a.spool.numbers()
    assert card.names() == ["%08d.tsg" % n for n in numbers], (what, promised, card.names(), a.log.lines())
    assert numbers == [1] or "begun" not in promised, (what, promised, a.log.lines())
    # Whoever comes next writes over clusters that a name still has and the file system takes for free.
    following = a.begin()
    for i in range(FRAMES):
        following.write_audio(stores.put_audio(following.start_audio(), 8, i * 250))
    await following.close("hang-up")
    for number in a.spool.numbers():
        verifier = a.verify(number)
        assert not verifier.findings, (what, promised, number, verifier.findings, a.log.lines())
        if number == 1 and "objection" in promised:
            assert not verifier.audio_frames, (what, a.log.lines())
    assert following.number == len(numbers) + 1, (what, numbers)
    return any(["rename that was cut" in line for line in a.log.lines()])


async def test_a_call_cut_at_every_write():
    await cut_everywhere(False)


async def test_a_call_with_an_objection_cut_at_every_write():
    await cut_everywhere(True)


async def left_open(card):
    a = await card.boot()
    made = a.begin()
    for i in range(FRAMES):
        made.write_audio(stores.put_audio(made.start_audio(), 8, i * 250))
    made.flush_soon()
    made._file.close()
    return a


async def copy(one, other):
    await steps(spool_leftovers._copy_steps(one, other))


async def test_a_copy_without_audio_that_lost_its_target_gets_its_name():
    card = Card(0)
    a = await left_open(card)
    os.rename(a.spool.path(1, ".open"), a.spool.path(1, ".open.part"))
    card.restart()
    a = await card.boot()
    assert a.closed == [1] and not a.verify(1).findings and card.names() == ["00000001.tsg"]
    assert any("rename that was cut" in line for line in a.log.lines())
    card.flash.unmount()


async def test_two_names_of_one_file_become_one_whatever_was_done_already():
    """The copy is made, the old name is removed, the new one too: a cut between any two of these."""
    for done in range(4):
        card = Card(0)
        a = await left_open(card)
        old, new = a.spool.path(1, ".open"), a.spool.path(1, ".fault")
        await copy(old, new)
        if done:
            await copy(new, new + ".copy")
        if done > 1:
            os.remove(old)
        if done > 2:
            os.remove(new)
        card.restart()
        a = await card.boot()
        assert card.names() == ["00000001.tsg"], (done, card.names())
        verifier = a.verify(1)
        assert not verifier.findings and verifier.audio_frames == FRAMES, done
        card.flash.unmount()


def leave_no_room(card):
    """The small files that a start writes still have room, a copy of the recording has not."""
    with open("/card/filler", "wb") as file:
        while os.statvfs("/card")[3] > 5:
            file.write(bytes(512))
            file.flush()


async def test_two_names_stay_where_a_copy_has_no_room_and_go_when_there_is():
    card = Card(0)
    a = await left_open(card)
    await copy(a.spool.path(1, ".open"), a.spool.path(1, ".fault"))
    card.restart()
    leave_no_room(card)
    a = await card.boot()
    assert card.names() == ["00000001.fault", "00000001.open"] and a.spool.unfinished == [1], a.log.lines()
    os.remove("/card/filler")
    await a.recordings.finish_left()
    assert card.names() == ["00000001.tsg"] and not a.verify(1).findings and not a.spool.unfinished
    card.flash.unmount()


async def test_what_is_left_of_a_write_takes_no_room():
    card = Card(0)
    a = await card.boot()
    for name in ("room.part", "00000007.open.part", "00000007.tsg.part", "00000008.erase", "00000009.tsg.copy"):
        with open(a.spool.folder + "/" + name, "wb") as file:
            file.write(b"half" if not name.endswith("erase") else b"")
    os.rename(a.spool.folder + "/00000009.tsg.copy", a.spool.folder + "/00000009.open.part")
    card.restart()
    a = await card.boot()
    assert card.names() == [], (card.names(), a.log.lines())
    assert a.spool.next_number == 1
    card.flash.unmount()
