"""Keys wrapped ahead of the calls."""

import asyncio

from recorder.storage.keypool import KeyPool
from recorder.storage.primitives import DEVICE
from support.device import stores


async def test_sets_are_made_and_taken_once():
    pool = KeyPool(DEVICE, 2)
    assert pool.take(bytes(16)) is None and pool.complete_sets == 0
    pool.set_recipients(stores.recipients())
    await pool.fill()
    assert pool.complete_sets == 2
    first, second = pool.take(bytes(16)), pool.take(bytes(16))
    assert pool.take(bytes(16)) is None
    assert [entry[0] for entry in first] == [0, 1]
    seen = set()
    for stream, base_key, wrapped in first + second:
        key_id, value = wrapped[0]
        assert len(base_key) == 32 and len(wrapped) == 1 and len(key_id) == 8 and len(value) == 113
        seen.update((base_key, value[:65]))
    assert len(seen) == 8, "no key and no encapsulation serves twice"


async def test_two_recipients_of_one_stream_get_the_same_key():
    pool = KeyPool(DEVICE, 1)
    backup = stores.Key("backup").public
    pool.set_recipients(stores.recipients() + [[1, DEVICE.sha256(backup)[:8], backup]])
    await pool.fill()
    index, audio = pool.take(bytes(16))
    assert len(index[2]) == 1 and len(audio[2]) == 2 and audio[2][0][1] != audio[2][1][1]


async def test_it_fills_in_the_background_and_keeps_what_fits():
    pool = KeyPool(DEVICE, 1)
    task = asyncio.create_task(pool.run())
    pool.set_recipients(stores.recipients())
    await asyncio.wait_for(pool.ready(), 10)
    assert pool.take(bytes(16))
    await asyncio.wait_for(pool.ready(), 10)
    pool.set_recipients(stores.recipients())
    assert pool.complete_sets == 1
    pool.set_recipients(stores.recipients()[:1])
    assert pool.complete_sets == 1
    pool.set_recipients([])
    assert pool.complete_sets == 0
    task.cancel()
