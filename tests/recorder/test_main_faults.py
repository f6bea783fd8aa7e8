"""A fault of a task is logged, not printed; a socket receives after an empty datagram."""

import asyncio
import socket

from recorder import files, hal_unix, main, udp_poll
from support.device import stores

HEAP = "384k"


class Board:
    NAME = "virtual"
    HAL = "hal_unix"
    HEAP_SMALL = False


async def _broken():
    return 1 // 0


async def test_fault_is_logged_and_causes_a_restart():
    root = stores.fresh_root("fault")
    files.replace(root + "/crash.txt", b"MemoryError: what the last start ended by\n")
    app = main.Appliance(Board, {"root": root, "console": "no"})
    task = asyncio.create_task(app.run())
    asyncio.create_task(_broken())
    await asyncio.sleep_ms(500)
    lines = "\n".join(app.log.lines())
    assert "ZeroDivisionError" in lines and "fault: " in lines, lines
    assert "crashed before: b'MemoryError" in lines and files.size(root + "/crash.txt") < 0, lines
    assert app._fault
    task.cancel()
    asyncio.get_event_loop().set_exception_handler(None)
    stores.remove_tree(root)


async def test_fault_without_memory_for_its_log_line_does_not_end_the_appliance():
    root = stores.fresh_root("dumb")
    app = main.Appliance(Board, {"root": root, "console": "no"})
    task = asyncio.create_task(app.run())
    await asyncio.sleep_ms(200)

    def full(what, exc):
        raise MemoryError

    app.log.traceback = full
    asyncio.create_task(_broken())
    await asyncio.sleep_ms(100)
    assert app._fault and not task.done()
    task.cancel()
    asyncio.get_event_loop().set_exception_handler(None)
    stores.remove_tree(root)


async def test_socket_receives_after_an_empty_datagram():
    hal = hal_unix.Hal(Board, {"root": stores.fresh_root("empty"), "console": "no"})
    raw = bytearray(16)
    for port in range(40000, 40100):
        try:
            ours = hal.udp("127.0.0.1", port)
            break
        except OSError:
            continue
    theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard = []

    def handler():
        n = ours.readinto(raw)
        if n == 0:
            udp_poll.clear_peer_closed(ours)
        heard.append(n)

    hal.on_readable(ours, handler)
    to = hal.address("127.0.0.1", port)
    for data in (b"", b"after"):
        theirs.sendto(data, to)
        await asyncio.sleep_ms(50)
    assert heard[0] == 0 and 5 in heard, heard
    hal.forget(ours)
    ours.close()
    theirs.close()
    stores.remove_tree(hal.root)
