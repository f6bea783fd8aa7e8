"""The self-test in the heap of a stock ESP32 without PSRAM, the compiled firmware in it, beside the serial line's code."""

import gc

from support.device import stores

# 4 KB more than a chip has: the names of this build are as long as in the sources. The firmware with short names runs the
# self-test and its transfer in 150 KB in tests/system/test_memory.py.
HEAP = "154k"
FOR_TLS = 31000  # one context and its certificates


async def test_selftest_fits_a_chip_without_psram():
    a = await stores.ready("heap")
    from recorder.console import commands, serial_port  # noqa: F401
    from recorder.loading import unload
    from recorder.sync import channel, scheduler, tls_stream  # noqa: F401

    gc.collect()
    before = gc.mem_free()
    from recorder.console import selftest

    result = await selftest.run(a.recordings, a.keypool, a.hal, 2)
    values = {step: value for step, value, _ in result}
    assert values["packets"] == 192
    assert a.spool.describe(1)[1] == values["bytes"]
    # As the console's command does.
    del selftest
    unload("recorder.console.selftest")
    gc.collect()
    print("free before %d, after %d" % (before, gc.mem_free()))
    assert gc.mem_free() > FOR_TLS
    stores.remove_tree(a.root)
