"""`testigo vault run`: the ingest server and the web pages in one process, until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

from testigo_vault.audit import alarms
from testigo_vault.audit.repetition import Repetition
from testigo_vault.connections import RESERVED_FILES, raise_file_limit
from testigo_vault.errors import VaultError
from testigo_vault.ingest.server import IngestServer
from testigo_vault.vault import Vault
from testigo_vault.watch import LogWatch, start_watching
from testigo_vault.web.server import MAX_CONNECTIONS, Web, make_server

_log = logging.getLogger("testigo.service")


async def run(vault: Vault, ready: Callable[[int, str], None], with_web: bool = True) -> None:
    """`ready` is called with the ingest's port and the web's address once both listen. Raises VaultError where the service
    cannot start, with an alarm if what it needs is damaged."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    files = raise_file_limit()
    _log.info("%d files and connections may be open", files)
    loop.set_exception_handler(_Reports())
    log = LogWatch(vault)
    await asyncio.to_thread(_check_start, vault, log)
    ingest = IngestServer(vault, files - RESERVED_FILES - (2 * MAX_CONNECTIONS if with_web else 0))
    await ingest.start()
    watching = start_watching(vault, log)
    web: Web | None = None
    serving: asyncio.Task | None = None
    address = ""
    try:
        if with_web:
            listener = _listen(vault.config.web.host, vault.config.web.port)
            host, port = listener.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            web = make_server(vault)
            serving = asyncio.create_task(web.serve(sockets=[listener]))
            while not web.started and not serving.done():
                await asyncio.sleep(0.01)
        ready(ingest.port, address)
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, serving} if serving else {waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    finally:
        for task in watching:
            task.cancel()
        if web is not None and serving is not None:
            web.should_exit = True
            await serving
            await asyncio.to_thread(web.close)
        await ingest.close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _check_start(vault: Vault, log: LogWatch) -> None:
    """Alarms for what is wrong at the start. Raises VaultError where the index cannot be written."""
    try:
        vault.database.check_writable()
    except VaultError as error:
        vault.alarms.raise_alarm(alarms.INDEX, f"The service does not start: {error.message}")
        raise
    log.check_new()


class _Reports:
    """The loop's exception handler. A connection that cannot be taken, as when no file can be opened, is one line in the log
    and not a traceback for each; everything else is reported as usual."""

    def __init__(self) -> None:
        self._refused = Repetition(_log.error, _more_errors, 3, 60)

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):
            self._refused.add("", f"{context.get('message')}: {error.strerror or error}")
        else:
            loop.default_exception_handler(context)


def _more_errors(count: int, sources: int, last: str) -> str:
    return f"{count} more such errors; the last: {last}"


def set_up_logging(verbose: bool) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    logging.getLogger("testigo").setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise VaultError(
            f"The web page cannot listen on {host} port {port}: {error.strerror}.",
            "Stop what uses it, or change [web] in vault.toml.",
        ) from None
    return listener
