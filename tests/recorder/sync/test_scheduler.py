"""When a session with the vault begins: not beside calls that it would hold up. No vault answers here, so each attempt fails."""

import asyncio
import gc

from recorder import hal_common
from recorder.sync.backlog import LOW
from recorder.sync.scheduler import Sync
from support.device import stores
from support.device.two_phone_rig import HOST, ports

WAITS = "waits for the call to end"


async def appliance(host=HOST):
    app = await stores.ready("sync")
    app.version = "0"
    sync = ["tcp", host, ports()]
    body = [["none"], [HOST, 5060, 10000, 10100, stores.SIDE, stores.SIDE], sync, 2]
    assert (await app.documents.accept(stores.sign("settings", 1, body)))[0]
    app.sync = Sync(app)
    app.task = asyncio.create_task(app.sync.run())
    return app


async def state(app, ms=1000):
    await asyncio.sleep_ms(ms)
    return app.sync.state


def end(app):
    app.task.cancel()
    stores.remove_tree(app.root)


async def test_a_slow_handshake_waits_for_the_end_of_the_calls():
    app = await appliance()
    app.hal.SLOW_TLS = True
    app.hal.calls = 1
    await app.begin().close("hang-up")
    assert await state(app, 10000) == WAITS
    app.hal.calls = 0
    assert "no connection" in await state(app)
    end(app)


async def test_it_runs_beside_a_call_before_the_storage_is_full():
    app = await appliance()
    app.hal.SLOW_TLS = True
    app.hal.calls = 1
    app.hal.free_bytes = lambda: LOW - 1
    assert await state(app, 10000) == WAITS  # there is nothing to deliver
    app.hal.calls = 0
    await app.begin().close("hang-up")
    app.hal.calls = 1
    app.sync.request()
    app.sync._storage_due = 0  # a minute later
    assert "no connection" in await state(app)
    assert [line for line in app.log.lines() if "sync beside a call" in line]
    end(app)


async def test_a_quick_handshake_does_not_wait():
    app = await appliance()
    app.hal.calls = 1
    assert "no connection" in await state(app)
    end(app)


async def test_a_name_is_not_looked_up_beside_a_call():
    app = await appliance("localhost")
    app.hal.calls = 1
    assert await state(app) == WAITS
    app.hal.calls = 0
    assert "no connection" in await state(app)
    app.hal.calls = 1
    app.sync.request()
    app.sync.state = ""
    assert "no connection" in await state(app)  # by the address that was found before
    end(app)


async def test_beside_calls_the_last_address_is_used():
    hal = (await stores.ready("names")).hal
    assert hal.is_known("localhost")
    hal.calls = 1
    assert hal.is_known(HOST) and not hal.is_known("localhost")
    hal.calls = 0
    found = hal.address("localhost", 5571)
    hal.calls = 1
    assert hal.is_known("localhost") and hal.address("localhost", 5571) == found
    looked_up = []
    system = hal_common.socket.getaddrinfo

    class Sockets:
        def getaddrinfo(self, host, port):
            looked_up.append(host)
            return system(host, port)

    hal_common.socket, held = Sockets(), hal_common.socket
    hal.address("localhost", 5571)
    hal_common.socket = held
    assert looked_up == [HOST]
    stores.remove_tree(hal.root)


async def test_garbage_is_left_beside_calls_while_there_is_memory():
    hal = (await stores.ready("garbage")).hal
    gc.collect()
    gc.disable()
    hal.calls = 1
    used = gc.mem_alloc()
    for _ in range(10):
        bytearray(1000)
    hal.make_room()
    assert gc.mem_alloc() > used + 9000
    kept = []
    while gc.mem_free() > gc.mem_alloc() // 8:
        kept.append(bytearray(1000))
    used = gc.mem_alloc()
    kept = None
    hal.make_room()
    assert gc.mem_alloc() < used
    gc.enable()
    stores.remove_tree(hal.root)
