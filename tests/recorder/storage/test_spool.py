"""The spool: what is offered, read at an offset, and deleted only against the operator's receipt."""

from recorder import files
from recorder.storage.spool import SpoolError
from support.device import stores

NUMBERS = 3


async def spooled(name, count=NUMBERS):
    a = await stores.ready(name)
    for _ in range(count):
        await a.keypool.fill()
        made = a.begin()
        stream = made.start_audio()
        for i in range(3):
            made.write_audio(stores.put_audio(stream, 10, i * 250))
        await made.close("hang-up")
    return a


async def test_read_at_any_offset():
    a = await spooled("read", 2)
    for number in (1, 2):
        whole = a.read(number)
        _, size, _ = a.spool.describe(number)
        assert size == len(whole)
        buffer = bytearray(700)
        for offset in (0, 1, 699, size - 1, size):
            n = a.spool.read(number, offset, buffer)
            assert buffer[:n] == whole[offset : offset + 700]
    stores.remove_tree(a.root)


async def test_a_receipt_deletes_its_recording():
    a = await spooled("receipt")
    buffer = bytearray(16)
    a.spool.read(2, 0, buffer)
    assert await a.spool.apply_receipt(stores.receipt(a, 2)) == (True, "")
    assert a.spool.numbers() == [1, 3]
    a = await stores.Appliance(a.root).boot()
    assert a.spool.numbers() == [1, 3] and a.spool.next_number == 4
    for number in (1, 3):
        await a.spool.apply_receipt(stores.receipt(a, number))
    a = await stores.Appliance(a.root).boot()
    made = a.begin()
    assert made.number == 4, "numbers go on when the spool is empty"
    await made.close("failed")
    stores.remove_tree(a.root)


async def test_a_wrong_receipt_deletes_nothing():
    a = await spooled("forged")
    good = stores.receipt(a, 1)
    flipped = bytearray(good)
    flipped[-1] ^= 1
    forged = {
        "signed by another": stores.receipt(a, 1, by="stranger"),
        "one bit": bytes(flipped),
        "another device": stores.receipt(a, 1, device_id="test-2"),
        "another recording": stores.receipt(a, 1, recording_id=bytes(16)),
        "another head": stores.receipt(a, 1, head=bytes(32)),
        "another number": stores.receipt(a, 1, named=2),
        "another version": stores.receipt(a, 1, version=2),
        "no such number": stores.receipt(a, 1, named=99),
        "no copies": stores.receipt(a, 1, copies=[]),
        "not a receipt": stores.policy(1),
        "cut": good[:-1],
        "nothing": b"",
        "junk": b"\x01\x02\x03",
    }
    for what in forged:
        ok, reason = await a.spool.apply_receipt(forged[what])
        assert not ok and reason, what
        assert "receipt refused" in a.log.lines(1)[0], what
    assert a.spool.numbers() == [1, 2, 3]
    assert not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_a_damaged_file_is_set_aside_and_named():
    for what in ("header", "seal", "empty"):
        a = await spooled("damaged-" + what, 2)
        path = a.spool.path(1, ".tsg")
        data = bytearray(files.read(path))
        if what == "header":
            data[0] = 0xFF
        elif what == "seal":
            data = data[:-20]
        else:
            data = b""
        files.replace(path, data)
        try:
            a.spool.describe(1)
        except SpoolError as error:
            assert error.why == "damaged"
        else:
            raise AssertionError(what)
        assert a.spool.numbers() == [2] and a.spool.aside() == [1]
        assert files.read(a.spool.path(1, ".bad")) == bytes(data)
        assert "recording 1 set aside" in a.log.lines(1)[0]
        stores.remove_tree(a.root)


async def test_a_lost_state_file_goes_on_from_the_spool():
    for state in (None, b"junk", b"\x80"):
        a = await spooled("state", 2)
        header_digest = a.spool.previous
        files.remove(a.root + "/state.cbor")
        if state is not None:
            files.replace(a.root + "/state.cbor", state)
        a = await stores.Appliance(a.root).boot()
        assert a.spool.next_number == 3 and a.spool.previous == header_digest
        stores.remove_tree(a.root)
