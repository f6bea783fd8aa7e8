"""The network between appliance and vault: passes TLS records on, and does something to the n-th one of a direction.

A record of TLS (RFC 8446 section 5.1) has at most one message of the link in it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"
UP, DOWN = 0, 1  # to the vault, to the appliance
HEAD = 5
CONNECT_TRIES, CONNECT_EVERY_S = 100, 0.05
DELAY_S = 0.15  # three seconds of the appliance


class Proxy:
    """what: "" passes all; "cut", "half", "delay", "double", "corrupt", "silence" at record n of a direction, counted over all
    connections; "call" calls on_record. records: how many passed, by direction."""

    def __init__(self, target: int, what: str = "", direction: int = UP, n: int = 0) -> None:
        self.target = target
        self.what, self.direction, self.n = what, direction, n
        self.on_record: Callable[[], None] = lambda: None
        self.records = [0, 0]
        self.happened = False
        self.port = 0
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(10)

    def close(self) -> None:
        assert self._loop and self._stop
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task] = set()
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        ends = [writer]
        try:
            vault_reader, vault_writer = await self._connect()
            ends.append(vault_writer)
            ways = [
                asyncio.ensure_future(self._pass(reader, vault_writer, UP)),
                asyncio.ensure_future(self._pass(vault_reader, writer, DOWN)),
            ]
            _, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in pending:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the vault is gone, or the test is over
        finally:
            for end in ends:
                end.close()
            self._tasks.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A vault that was killed is back soon."""
        for _ in range(CONNECT_TRIES):
            with suppress(OSError):
                return await asyncio.open_connection(HOST, self.target)
            await asyncio.sleep(CONNECT_EVERY_S)
        raise OSError("no vault")

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: int) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readexactly(HEAD)
                record = head + await reader.readexactly(int.from_bytes(head[3:], "big"))
                self.records[direction] += 1
                if not self.happened and direction == self.direction and self.records[direction] == self.n:
                    self.happened = True
                    if not await self._do(record, writer):
                        return
                else:
                    writer.write(record)
                await writer.drain()

    async def _do(self, record: bytes, writer: asyncio.StreamWriter) -> bool:
        """-> whether the connection goes on."""
        if self.what == "call":
            self.on_record()
        elif self.what == "cut":
            return False
        elif self.what == "half":
            writer.write(record[: len(record) // 2])
            await writer.drain()
            return False
        elif self.what == "delay":
            await asyncio.sleep(DELAY_S)
        elif self.what == "silence":
            await asyncio.sleep(3600)
        elif self.what == "double":
            writer.write(record)
        elif self.what == "corrupt":
            record = record[:-1] + bytes((record[-1] ^ 1,))
        writer.write(record)
        return True


@contextmanager
def proxy(target: int, what: str = "", direction: int = UP, n: int = 0):
    made = Proxy(target, what, direction, n)
    made.start()
    try:
        yield made
    finally:
        made.close()
