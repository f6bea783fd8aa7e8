"""Keys wrapped ahead of the calls."""

import asyncio

from recorder.storage.keypool import KeyPool
from recorder.storage.primitives import DEVICE
from support.device import stores
from testigo_wire.crypto import p256


async def test_sets_are_made_and_taken_once():
    pool = KeyPool(DEVICE, 2)
    assert p256.finish(pool.take_steps(bytes(16))) is None and pool.complete_sets == 0
    pool.set_recipients(stores.recipients())
    await pool.fill()
    assert pool.complete_sets == 2
    first, second = p256.finish(pool.take_steps(bytes(16))), p256.finish(pool.take_steps(bytes(16)))
    assert p256.finish(pool.take_steps(bytes(16))) is None
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
    index, audio = p256.finish(pool.take_steps(bytes(16)))
    assert len(index[2]) == 1 and len(audio[2]) == 2 and audio[2][0][1] != audio[2][1][1]


async def test_it_fills_in_the_background_and_keeps_what_fits():
    pool = KeyPool(DEVICE, 1)
    task = asyncio.create_task(pool.run())
    pool.set_recipients(stores.recipients())
    await asyncio.wait_for(pool.ready(), 10)
    assert p256.finish(pool.take_steps(bytes(16)))
    await asyncio.wait_for(pool.ready(), 10)
    pool.set_recipients(stores.recipients())
    assert pool.complete_sets == 1
    pool.set_recipients(stores.recipients()[:1])
    assert pool.complete_sets == 1
    pool.set_recipients([])
    assert pool.complete_sets == 0
    task.cancel()


async def test_two_calls_that_begin_at_once_have_their_own_keys():
    pool = KeyPool(DEVICE, 2)
    pool.set_recipients(stores.recipients())
    await pool.fill()
    both = [pool.take_steps(bytes(16)), pool.take_steps(bytes(16))]
    taken = []
    while both:
        for one in list(both):
            try:
                next(one)
            except StopIteration as stop:
                taken.append(stop.value)
                both.remove(one)
    seen = set()
    for _, base_key, wrapped in taken[0] + taken[1]:
        seen.update((base_key, wrapped[0][1][:65]))
    assert len(seen) == 8


class Counting:
    """The device's primitives; counts digests, of which a chip does some hundred in the time of a packet."""

    def __init__(self):
        self.digests = 0

    def __getattr__(self, name):
        return getattr(DEVICE, name)

    def sha256(self, data, more=None):
        self.digests += 1
        return DEVICE.sha256(data, more)


async def test_wrapping_gives_way_after_each_key_and_each_block_of_its_tag():
    counting = Counting()
    pool = KeyPool(counting, 1)
    pool.set_recipients(stores.recipients())
    await pool.fill()
    most = steps = 0
    work = pool.take_steps(bytes(16))
    while True:
        before = counting.digests
        try:
            next(work)
        except StopIteration:
            break
        steps += 1
        most = max(most, counting.digests - before)
    assert steps == 2 * 5 and 10 <= most <= 16, (steps, most)
