"""The ingest server: appliances connect by TLS, both sides authenticated, with the link protocol (docs/formats/link.md).

One `DeviceAdapter` for each connection connects testigo_wire's VaultSession with the vault. The session's steps read and
write disks, so they run in a worker thread; one device cannot hold up another. Peers that have not shown a certificate of
the organisation have few places and little time (connections.py), and what they do is summed up in log and alarms.
"""

import asyncio
import errno
import logging
import ssl
import time
from collections.abc import Coroutine
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from testigo_vault.audit import alarms
from testigo_vault.audit.repetition import Repetition
from testigo_vault.connections import BACKLOG, Connections
from testigo_vault.errors import Refused, StoreError, VaultError
from testigo_vault.identity.tls import TlsClosed, TlsServerEnd
from testigo_vault.ingest.admission import Admission
from testigo_vault.ingest.device_adapter import DeviceAdapter
from testigo_vault.ingest.sessions import OpenSession, Sessions
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.errors import WireError
from testigo_wire.link.device import SILENCE_MS
from testigo_wire.link.vault import VaultSession

HANDSHAKE_TIMEOUT_S = 10
MAX_UNKNOWN = 64
MAX_UNKNOWN_PER_ADDRESS = 16
MAX_SESSIONS = 1000
_FILES_PER_SESSION = 2  # the connection, and the part of a recording
_STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)
_HOUR_S = 3600
_FLUSH_S = 60
_log = logging.getLogger("testigo.ingest")


class IngestServer:
    """`start`, then `close`. `port` is the one that it listens on, also where the configuration says 0.

    files: how many files and connections it may have open, those of unknown peers included.
    """

    def __init__(self, vault: Vault, files: int = MAX_UNKNOWN + _FILES_PER_SESSION * MAX_SESSIONS) -> None:
        self._vault = vault
        self._admission = Admission(vault)
        self._context = vault.organisation.server_context()
        self._server: asyncio.Server | None = None
        self._flushing: asyncio.Task | None = None
        self._tasks: set[asyncio.Task] = set()
        self._unknown = Connections(MAX_UNKNOWN, MAX_UNKNOWN_PER_ADDRESS)
        sessions = max(1, min(MAX_SESSIONS, (files - MAX_UNKNOWN) // _FILES_PER_SESSION))
        self._sessions = Sessions(sessions)
        self._device_locks: dict[str, asyncio.Lock] = {}
        self._alarmed: dict[str, float] = {}
        self._strangers = Repetition(self._alarm(alarms.STRANGER), _more_strangers, 3, _HOUR_S)
        self._refused = Repetition(self._alarm(alarms.DEVICE), _more_refused, 10, _HOUR_S)
        self._unknown_log = Repetition(_log.info, _more_ended, 10, _FLUSH_S)
        self.port = 0

    async def start(self) -> None:
        config = self._vault.config
        try:
            self._server = await asyncio.start_server(
                self._connected, config.ingest.host, config.ingest.port, backlog=BACKLOG
            )
        except OSError as error:
            raise VaultError(
                f"The ingest cannot listen on {config.ingest.host} port {config.ingest.port}: {error.strerror}.",
                "Stop what uses it, or change [ingest] in vault.toml.",
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]
        self._flushing = asyncio.create_task(self._flush_now_and_then())

    async def close(self) -> None:
        """Take no more connections and end the open ones; what arrived of a recording stays."""
        if self._server is not None:
            self._server.close()
        if self._flushing is not None:
            self._flushing.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._flush, True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = str((writer.get_extra_info("peername") or ("unknown",))[0])
        tls = TlsServerEnd(self._context, reader, writer)
        try:
            device_id = await self._admit(tls, peer, writer)
            if device_id:
                await self._serve(tls, peer, device_id)
        except asyncio.CancelledError:
            pass
        except StoreError as error:
            await asyncio.to_thread(self._alarm_fault, alarms.COPY, str(error))
        except SQLAlchemyError as error:
            text = f"Nothing can be taken in: the index cannot be used: {getattr(error, 'orig', None) or error}."
            await asyncio.to_thread(self._alarm_fault, alarms.INDEX, text)
        except VaultError as error:
            _log.error("%s: %s", peer, error)
        except OSError as error:
            if error.errno in _STORAGE_ERRORS:
                await asyncio.to_thread(self._alarm_fault, alarms.COPY, f"Nothing can be taken in: {error.strerror}.")
            else:
                _log.info("%s: connection ended: %s", peer, str(error) or type(error).__name__)
        except (TlsClosed, WireError, ssl.SSLError) as error:
            _log.info("%s: connection ended: %s", peer, str(error) or type(error).__name__)
        finally:
            self._tasks.discard(task)
            await tls.close()

    async def _admit(self, tls: TlsServerEnd, peer: str, writer: asyncio.StreamWriter) -> str:
        """The device id of a peer that may come in; empty where it may not, which is told."""
        entry = self._unknown.add(peer, writer.transport.abort)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                certificate = await tls.handshake()
            return await asyncio.to_thread(self._vault.organisation.devices.admit, certificate)
        except Refused as error:
            await asyncio.to_thread(self._refused.add, peer, f"From {peer}: {error}")
        except ssl.SSLError as error:
            text = f"From {peer}: a connection was refused: {_reason(error)}."
            if "CERTIFICATE" in (error.reason or ""):
                await asyncio.to_thread(self._strangers.add, peer, text)
            else:
                # Not an appliance: a port scanner or a browser.
                self._unknown_log.add(peer, text)
        except (OSError, TlsClosed) as error:
            self._unknown_log.add(peer, f"{peer}: connection ended: {str(error) or type(error).__name__}")
        finally:
            self._unknown.remove(entry)
        return ""

    async def _serve(self, tls: TlsServerEnd, peer: str, device_id: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        session, ended = self._sessions.begin(device_id, task)
        for other in ended:
            if other.device_id == device_id:
                _log.info("%s: %s connects again; its older connection ends", peer, device_id)
            else:
                _log.warning("%s gives way to %s: there are too many sessions", other.device_id, device_id)
        try:
            # The lock waits for the current step of an older connection: two steps at once would write the same file.
            async with self._device_locks.setdefault(device_id, asyncio.Lock()):
                _log.info("%s: %s connected", peer, device_id)
                adapter = DeviceAdapter(self._vault, self._admission, device_id)
                try:
                    await self._drive(tls, VaultSession(device_id, adapter, now_ms), session)
                finally:
                    adapter.close()
        finally:
            self._sessions.end(session)

    async def _drive(self, tls: TlsServerEnd, session: VaultSession, opened: OpenSession) -> None:
        """A whole message has to come within SILENCE_MS, and be taken within it: single bytes do not count."""
        loop = asyncio.get_running_loop()
        deadline = 0.0
        while True:
            out, moved = await _finished(asyncio.to_thread(_step, session, opened.device_id))
            if moved or not deadline:
                deadline = loop.time() + SILENCE_MS / 1000
            async with asyncio.timeout_at(deadline):
                if out:
                    await tls.send(out)
                if session.closed:
                    return
                data = await tls.receive()
            opened.received += len(data)
            session.receive(data)

    def _alarm(self, kind: str) -> Any:
        """Raises alarms of a kind that strangers can cause."""

        def tell(text: str) -> None:
            try:
                self._vault.alarms.raise_alarm(kind, text)
            except StoreError as error:
                _log.error("%s (%s)", text, error)

        return tell

    def _alarm_fault(self, kind: str, text: str) -> None:
        """At most once an hour for the same fault; to the service's log where the alarm cannot be written either."""
        now = time.monotonic()
        if now < self._alarmed.get(text, now):
            return
        self._alarmed = {told: until for told, until in self._alarmed.items() if until > now}
        self._alarmed[text] = now + _HOUR_S
        self._alarm(kind)(text)

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            await asyncio.to_thread(self._flush)

    def _flush(self, at_end: bool = False) -> None:
        for repetition in (self._strangers, self._refused, self._unknown_log):
            repetition.flush(at_end)


async def _finished(work: Coroutine[Any, Any, tuple[bytes, bool]]) -> tuple[bytes, bool]:
    """The result of a thread's work. Waits for its end even if this task is cancelled, since it may be storing."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()  # retrieved, so that asyncio does not report it as never retrieved
        raise cancelled
    return task.result()


def _step(session: VaultSession, device_id: str) -> tuple[bytes, bool]:
    """Run the session as far as it goes with the bytes it has. -> (the bytes to send; whether a message had arrived)."""
    out = bytearray()
    moved = False
    while True:
        event = session.next_event()
        sent_before = len(out)
        while data := session.data_to_send():
            out += data
        if event is not None:
            moved = True
            if event[0] not in ("data", "document"):
                _log.info("%s: %s", device_id, " ".join(str(part) for part in event))
        elif session.closed or len(out) == sent_before:
            return bytes(out), moved or bool(out)


def _more_strangers(count: int, sources: int, last: str) -> str:
    return f"{count} more connections were refused, from {sources} addresses; the last: {last}"


def _more_refused(count: int, sources: int, last: str) -> str:
    return f"{count} more connections of appliances were refused, from {sources} addresses; the last: {last}"


def _more_ended(count: int, sources: int, last: str) -> str:
    return f"{count} more connections ended without a certificate, from {sources} addresses; the last: {last}"


def _reason(error: ssl.SSLError) -> str:
    return (getattr(error, "verify_message", "") or error.reason or str(error)).lower().replace("_", " ")
