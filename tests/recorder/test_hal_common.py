"""Garbage collection between frames."""

import gc

from recorder import hal_common
from support.device import stores

HEAP = "4m"


def test_a_large_heap_is_collected_before_frames_fill_a_quarter_of_it():
    root = stores.fresh_root("collect")
    hal = stores.Appliance(root).hal
    hal._quick = True
    for _ in range(hal_common.FRAMES):
        hal.collect()
    assert hal._frames == 0, "the first collection comes after as many frames as on a small heap"
    between = hal._every
    assert between > hal_common.FRAMES
    assert between * 1536 <= gc.mem_free() // 4
    for _ in range(between - 1):
        hal.collect()
    assert hal._frames == between - 1
    hal.collect()
    assert hal._frames == 0
    stores.remove_tree(root)
