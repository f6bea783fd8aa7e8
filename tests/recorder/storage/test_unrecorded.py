"""Calls without a recording are counted by reason, kept over a restart, and told in the next recording exactly once."""

from recorder import files
from recorder.storage import unrecorded_counts
from recorder.storage.spool import SpoolError
from support.device import stores


async def counted(name, *reasons):
    a = await stores.ready(name)
    for why in reasons:
        a.spool.unrecorded.add(why)
    return a


def told(verifier):
    return [event[2:4] for event in verifier.events if event[0] == "no_recording"]


async def test_counts_survive_a_restart():
    a = await counted("kept", "space")
    since = a.spool.unrecorded.entries[0][2]
    a = await stores.Appliance(a.root).boot()
    a.spool.unrecorded.add("space")
    a.spool.unrecorded.add("keys")
    entries = a.spool.unrecorded.entries
    assert [entry[:2] for entry in entries] == [["space", 2], ["keys", 1]]
    assert entries[0][2] == since <= entries[0][3]
    stores.remove_tree(a.root)


async def test_the_next_recording_tells_them_once():
    a = await counted("told", "space", "space", "memory")
    a.spool.unrecorded.spoke(2)
    for expected in ([["space", 2], ["memory", 1]], []):
        made = a.begin()
        a.recordings.unrecorded.tell(made)
        await made.close("hang-up")
        verifier = a.verify(made.number)
        assert not verifier.findings and told(verifier) == expected
        assert a.spool.unrecorded.entries == []
        a = await stores.Appliance(a.root).boot()
    stores.remove_tree(a.root)


async def test_a_recording_that_cannot_be_written_tells_nothing():
    a = await counted("failed", "space")
    a.spool.unrecorded.spoke(2)
    made = a.begin()
    a.recordings.unrecorded.tell(made)
    made.failed = "a broken flash"
    await made.close("hang-up")
    assert a.spool.unrecorded.entries[0][:2] == ["space", 1]
    await a.keypool.fill()
    made = a.begin()
    a.spool.unrecorded.add("space")  # while the next one tells the others
    a.recordings.unrecorded.tell(made)
    a.spool.unrecorded.add("space")
    await made.close("hang-up")
    assert told(a.verify(2)) == [["space", 2]]
    assert a.spool.unrecorded.entries[0][:2] == ["space", 1]
    stores.remove_tree(a.root)


async def test_a_vault_of_version_1_gets_no_event_that_it_does_not_know():
    a = await counted("old-vault", "space")
    a.spool.unrecorded.spoke(1)
    made = a.begin()
    a.recordings.unrecorded.tell(made)
    await made.close("hang-up")
    assert told(a.verify(1)) == []
    a = await stores.Appliance(a.root).boot()
    assert a.spool.unrecorded.entries[0][:2] == ["space", 1] and a.spool.unrecorded.link_version == 1
    stores.remove_tree(a.root)


async def test_a_flood_of_calls_writes_seldom_and_loses_no_count():
    a = await stores.ready("flood")
    counts = a.spool.unrecorded
    written = []
    replace, files.replace = files.replace, lambda path, data: written.append(path)
    try:
        for _ in range(500):
            counts.add("busy")
        for i in range(40):
            counts.add("reason %d" % i)
    finally:
        files.replace = replace
    assert len(written) == 1
    assert counts.entries[0][:2] == ["busy", 500] and len(counts.entries) == unrecorded_counts.MAX_REASONS + 1
    assert sum(entry[1] for entry in counts.entries) == 540
    stores.remove_tree(a.root)


async def test_a_full_flash_and_a_damaged_file_stop_nothing():
    a = await stores.ready("no-room")

    def full(path, data):
        raise OSError(28)

    replace, files.replace = files.replace, full
    try:
        a.spool.unrecorded.add("space")
    finally:
        files.replace = replace
    assert a.spool.unrecorded.entries[0][:2] == ["space", 1]
    for junk in (b"", b"junk", b"\x84\x01\x01\x01\x01", b"\x84\x72testigo unrecorded\x01\x01\x81\x01"):
        files.replace(a.root + "/unrecorded.cbor", junk)
        a = await stores.Appliance(a.root).boot(fill=False)
        assert a.spool.unrecorded.entries == []
        assert any("unrecorded.cbor is damaged" in line for line in a.log.lines())
    stores.remove_tree(a.root)


async def test_a_call_whose_recording_does_not_open_is_counted():
    from support.device.two_phone_rig import line, rig, until

    r = await rig("uncounted", line())

    def refuse(policy):
        raise SpoolError("space")

    r.app.spool.unrecorded.spoke(2)
    opened, r.app.recordings.open_steps = r.app.recordings.open_steps, refuse
    await r.talk(recorded=False)
    r.far.hang_up()
    await until(lambda: not r.gateway.calls, "the end")
    assert r.app.spool.unrecorded.entries[0][:2] == ["space", 1]
    r.app.recordings.open_steps = opened
    await r.talk()
    sealed = await r.sealed()
    assert sealed.all("no_recording")[0][:2] == ["space", 1]
    assert not r.app.spool.unrecorded.entries
    await r.close()
