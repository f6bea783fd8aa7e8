"""The clock under the HAL in the tests of the recorder: `tests/support/device/clock.py`."""

import asyncio
import time

from recorder import hal_unix
from support.device import stores as appliance
from support.device.two_phone_rig import HOST, ports

BUSY_US = 20000
DATAGRAMS = 40

ran = []


def compute():
    start = time.ticks_us()
    while time.ticks_diff(time.ticks_us(), start) < BUSY_US:
        pass


async def test_waiting_moves_the_clock_by_the_wait_and_computing_by_nothing():
    before, before_ns = time.ticks_ms(), time.time_ns()
    await asyncio.sleep_ms(50000)
    compute()
    assert time.ticks_diff(time.ticks_ms(), before) == 50000
    assert time.time_ns() - before_ns == 50000 * 1000000


async def test_tasks_run_in_the_order_of_their_times():
    order = []

    async def after(ms):
        await asyncio.sleep_ms(ms)
        order.append(ms)

    tasks = [asyncio.create_task(after(ms)) for ms in (300, 20, 100)]
    await asyncio.gather(*tasks)
    assert order == [20, 100, 300]


async def test_a_new_task_runs_before_time_passes_even_after_long_computing():
    started = []

    async def start():
        started.append(time.ticks_ms())

    now = time.ticks_ms()
    compute()
    asyncio.create_task(start())
    await asyncio.sleep_ms(1)
    assert started == [now]


async def test_what_was_sent_arrives_before_time_passes():
    hal = hal_unix.Hal(appliance.Board, {"root": appliance.fresh_root("sent"), "console": "no"})
    port = ports()
    theirs, ours = hal.udp(HOST, port), hal.udp(HOST, port + 1)
    to = hal.address(HOST, port + 1)
    late = []

    def handler():
        while True:
            try:
                sent_ms = int(ours.recv(20))
            except OSError:
                return
            late.append(hal.ms() - sent_ms)

    hal.on_readable(ours, handler)
    for _ in range(DATAGRAMS):
        theirs.sendto(b"%d" % hal.ms(), to)
        await asyncio.sleep_ms(20)
    hal.forget(ours)
    for sock in (theirs, ours):
        sock.close()
    appliance.remove_tree(hal.root)
    assert late == [0] * DATAGRAMS


async def run_later():
    await asyncio.sleep_ms(10)
    ran.append(True)


async def test_a_task_that_is_left_running():
    asyncio.create_task(run_later())
    await asyncio.sleep_ms(5)
    assert not ran


async def test_a_task_that_is_left_running_is_not_run_by_the_next_test():
    await asyncio.sleep_ms(100)
    assert not ran
