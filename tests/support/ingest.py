"""The vault's ingest as a server for tests."""

import asyncio
import threading
from contextlib import contextmanager

from testigo_vault.ingest.server import IngestServer


@contextmanager
def serving(vault):
    """The ingest in a thread's own loop; -> its port."""
    started = threading.Event()
    stop: list = []
    ports: list[int] = []

    async def serve():
        ingest = IngestServer(vault)
        await ingest.start()
        ports.append(ingest.port)
        end = asyncio.Event()
        stop.append((asyncio.get_running_loop(), end))
        started.set()
        await end.wait()
        await ingest.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    yield ports[0]
    loop, end = stop[0]
    loop.call_soon_threadsafe(end.set)
    thread.join(20)
    assert not thread.is_alive()
