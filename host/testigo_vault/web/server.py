"""The web pages' server: uvicorn, with a budget of connections of its own.

A browser or proxy that connects and sends no whole request within ten seconds is disconnected, and when there are too many
connections the oldest of those that wait gives way. Strangers' requests are not logged one by one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from testigo_vault.connections import BACKLOG, Connections
from testigo_vault.vault import Vault
from testigo_vault.web.app import make_app

MAX_CONNECTIONS = 128
REQUEST_S = 10

# How long open requests may take to end after the signal to stop.
_SHUTDOWN_GRACE_S = 5


class Web(uvicorn.Server):
    """uvicorn without signal handlers: the service handles signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        """After the last request."""
        app: Any = self.config.app
        app.state.context.close()


def make_server(vault: Vault) -> Web:
    # A proxy has all of its connections from one address.
    waiting = Connections(MAX_CONNECTIONS, MAX_CONNECTIONS)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

    class Protocol(_BoundedProtocol):
        connections_waiting = waiting

    settings = uvicorn.Config(
        make_app(vault),
        http=Protocol,
        forwarded_allow_ips=vault.config.web.proxies,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
        lifespan="off",
        limit_concurrency=2 * MAX_CONNECTIONS,
        ws="none",
        backlog=BACKLOG,
    )
    return Web(settings)


class _BoundedProtocol(H11Protocol):
    """One connection. It counts as waiting while no whole request of it is here that is being answered."""

    connections_waiting: Connections
    _entry: tuple[str, object] | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._timer is None:
            self._wait()
        super().data_received(data)
        if self._is_answering():
            self._end_wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_answering():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_wait()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _wait(self) -> None:
        self._end_wait()
        address = self.client[0] if self.client else ""
        self._entry = self.connections_waiting.add(address, self._close)
        self._timer = self.loop.call_later(REQUEST_S, self._close)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._entry is not None:
            self.connections_waiting.remove(self._entry)
            self._entry = None

    def _close(self) -> None:
        self._end_wait()
        self.transport.abort()
