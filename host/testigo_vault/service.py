"""`testigo vault run`: the ingest server and the web pages in one process, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from testigo_vault.audit import alarms
from testigo_vault.documents.status import policy_state
from testigo_vault.errors import VaultError
from testigo_vault.ingest.server import IngestServer
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_vault.web.app import make_app

# How long open requests may take to end after the signal to stop.
_SHUTDOWN_GRACE_S = 5

# How often the end of the policy is checked.
_POLICY_CHECK_S = 6 * 3600


class _Web(uvicorn.Server):
    """uvicorn without signal handlers: the service handles signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(vault: Vault, ready: Callable[[int, str], None], with_web: bool = True) -> None:
    """`ready` is called with the ingest's port and the web's address once both listen."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _, _, breaks = await asyncio.to_thread(vault.log.verify)
    if breaks:
        text = f"The access log does not hold: line {breaks[0].line} {breaks[0].why}. See `testigo log verify`."
        await asyncio.to_thread(vault.alarms.raise_alarm, alarms.LOG, text)
    watching = asyncio.create_task(_watch_policy(vault))
    ingest = IngestServer(vault)
    await ingest.start()
    web: _Web | None = None
    serving: asyncio.Task | None = None
    address = ""
    try:
        if with_web:
            listener = _listen(vault.config.web.host, vault.config.web.port)
            host, port = listener.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            settings = uvicorn.Config(
                make_app(vault),
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
                lifespan="off",
            )
            web = _Web(settings)
            serving = asyncio.create_task(web.serve(sockets=[listener]))
            while not web.started and not serving.done():
                await asyncio.sleep(0.01)
        ready(ingest.port, address)
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, serving} if serving else {waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    finally:
        watching.cancel()
        if web is not None and serving is not None:
            web.should_exit = True
            await serving
        await ingest.close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _watch_policy(vault: Vault, interval_s: float = _POLICY_CHECK_S) -> None:
    """Raise an alarm before the policy ends, and another when it has ended: from then on nothing is recorded."""
    alarmed = ("", 0)
    while True:
        state = await asyncio.to_thread(policy_state, vault.documents, now_ms())
        if state.alarming and (state.kind, state.version) != alarmed:
            alarmed = (state.kind, state.version)
            text = f"Policy version {state.version}: {state.text}"
            await asyncio.to_thread(vault.alarms.raise_alarm, alarms.POLICY, text)
        await asyncio.sleep(interval_s)


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
