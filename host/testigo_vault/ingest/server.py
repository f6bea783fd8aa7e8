"""The ingest server: appliances connect by TLS, both sides authenticated, with the link protocol (docs/formats/link.md).

One `DeviceAdapter` for each connection connects testigo_wire's VaultSession with the vault. The session's steps read and
write disks, so they run in a worker thread; one device cannot hold up another.
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
from testigo_vault.errors import Refused, StoreError, VaultError
from testigo_vault.identity.tls import TlsClosed, TlsServerEnd
from testigo_vault.ingest.admission import Admission
from testigo_vault.ingest.partial import PartialUpload, remove_parts
from testigo_vault.recordings.indexing import Offer
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.errors import WireError
from testigo_wire.link.device import SILENCE_MS
from testigo_wire.link.vault import RecordingRefused, VaultSession
from testigo_wire.policy import documents

HANDSHAKE_TIMEOUT_S = 60

# One recording is held whole in memory while it is verified and stored, three times over at the peak. 1 GiB is about
# 14 hours of a call in G.711.
MAX_RECORDING_SIZE = 1 << 30
MAX_NUMBER = (1 << 53) - 1
_STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)
_ALARM_REPEAT_S = 3600
_log = logging.getLogger("testigo.ingest")


class DeviceAdapter:
    """What VaultSession calls, for one device. Its methods block."""

    def __init__(self, vault: Vault, admission: Admission, device_id: str) -> None:
        self._vault = vault
        self._admission = admission
        self._device_id = device_id
        self._blobs: dict | None = None
        self._upload: PartialUpload | None = None

    def documents(self, firmware: str, next_number: int, held: list) -> list[bytes]:
        """Documents that the device does not have, and newer versions of those it has."""
        held_versions = {(kind, name): version for kind, name, version in held}
        missing = []
        for data in self._vault.documents.documents_for(self._device_id):
            document = documents.parse(data)
            name = document.body[0] if document.kind == "notice" else ""
            if document.version > held_versions.get((document.kind, name), 0):
                missing.append(data)
        return missing

    def report(self, unrecorded: list, facts: list) -> None:
        self._vault.device_reports.save(self._device_id, unrecorded, facts)

    def taken(self, document: bytes, reason: str) -> None:
        parsed = documents.parse(document)
        if reason:
            _log.warning("%s refused %s version %d: %s", self._device_id, parsed.kind, parsed.version, reason)
            if parsed.kind != "receipt":
                self._vault.device_reports.refused_document(self._device_id, parsed.kind, parsed.version, reason)
        else:
            _log.info("%s took %s version %d", self._device_id, parsed.kind, parsed.version)

    def blob(self, name: str) -> bytes | None:
        if self._blobs is None:
            self._blobs = dict(self._vault.documents.blobs_for(self._device_id))
        path = self._blobs.get(name)
        return path.read_bytes() if path else None

    def resume(self, number: int, recording_id: bytes, size: int, head: bytes) -> int | bytes:
        self.close()
        if self._vault.organisation.devices.get(self._device_id).revoked:
            raise RecordingRefused("this device was revoked")
        if number > MAX_NUMBER or size > MAX_RECORDING_SIZE:
            text = f"{self._device_id} offers number {number} of {size} bytes, which is more than this vault takes."
            self._vault.alarms.raise_alarm(alarms.DEVICE, text, self._device_id)
            raise RecordingRefused("larger than this vault takes")
        offer = Offer(self._device_id, number, recording_id, size, head)
        stored = self._admission.stored(offer)
        if stored is not None:
            # The vault may have been killed before it removed the part, which can hold audio that was objected to.
            remove_parts(self._vault.folder / "incoming", offer)
            if not stored.receipt:
                raise RecordingRefused(stored.reason[:200])
            return stored.receipt
        self._upload = PartialUpload(self._vault.folder / "incoming", offer)
        return self._upload.size

    def append(self, number: int, offset: int, data: bytes) -> None:
        assert self._upload is not None
        self._upload.append(offset, data)

    def finish(self, number: int, digest32: bytes) -> bytes | None:
        assert self._upload is not None
        data = self._upload.complete(digest32)
        if data is None:
            return None
        outcome = self._admission.admit(self._upload.offer, data)
        self._upload.remove()
        self._upload = None
        if not outcome.receipt:
            raise RecordingRefused(outcome.reason[:200])
        return outcome.receipt

    def close(self) -> None:
        if self._upload is not None:
            self._upload.close()
            self._upload = None


class IngestServer:
    """`start`, then `close`. `port` is the one that it listens on, also where the configuration says 0."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._admission = Admission(vault)
        self._context = vault.organisation.server_context()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task] = set()
        self._connections: dict[str, asyncio.Task] = {}
        self._device_locks: dict[str, asyncio.Lock] = {}
        self._alarmed: dict[str, float] = {}
        self.port = 0

    async def start(self) -> None:
        config = self._vault.config
        try:
            self._server = await asyncio.start_server(self._connected, config.ingest.host, config.ingest.port)
        except OSError as error:
            raise VaultError(
                f"The ingest cannot listen on {config.ingest.host} port {config.ingest.port}: {error.strerror}.",
                "Stop what uses it, or change [ingest] in vault.toml.",
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Take no more connections and end the open ones; what arrived of a recording stays."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = str((writer.get_extra_info("peername") or ("unknown",))[0])
        tls = TlsServerEnd(self._context, reader, writer)
        try:
            await self._serve(tls, peer)
        except asyncio.CancelledError:
            pass
        except Refused as error:
            await asyncio.to_thread(self._vault.alarms.raise_alarm, alarms.DEVICE, f"From {peer}: {error}")
        except ssl.SSLError as error:
            text = f"From {peer}: a connection was refused: {_reason(error)}."
            if "CERTIFICATE" in (error.reason or ""):
                await asyncio.to_thread(self._vault.alarms.raise_alarm, alarms.DEVICE, text)
            else:
                # Not an appliance: a port scanner or a browser.
                _log.info("%s", text)
        except StoreError as error:
            await asyncio.to_thread(self._alarm_storage, str(error))
        except (VaultError, SQLAlchemyError) as error:
            _log.error("%s: %s", peer, error)
        except OSError as error:
            if error.errno in _STORAGE_ERRORS:
                await asyncio.to_thread(self._alarm_storage, f"Nothing can be taken in: {error.strerror}.")
            else:
                _log.info("%s: connection ended: %s", peer, str(error) or type(error).__name__)
        except (TlsClosed, WireError) as error:
            _log.info("%s: connection ended: %s", peer, str(error) or type(error).__name__)
        finally:
            self._tasks.discard(task)
            await tls.close()

    def _alarm_storage(self, text: str) -> None:
        """At most once an hour for the same fault; to the service's log where the alarm cannot be written either."""
        now = time.monotonic()
        if now < self._alarmed.get(text, now):
            return
        self._alarmed[text] = now + _ALARM_REPEAT_S
        try:
            self._vault.alarms.raise_alarm(alarms.COPY, text)
        except (OSError, SQLAlchemyError) as error:
            _log.error("%s (and the alarm cannot be written: %s)", text, error)

    async def _serve(self, tls: TlsServerEnd, peer: str) -> None:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
            certificate = await tls.handshake()
        device_id = await asyncio.to_thread(self._vault.organisation.devices.admit, certificate)
        # The newest connection of a device is kept: an older one is left over from a loss of power or network.
        # The lock waits for the older one's current step, since two steps at once would write the same file.
        task, older = asyncio.current_task(), self._connections.get(device_id)
        assert task is not None
        self._connections[device_id] = task
        if older is not None:
            _log.info("%s: %s connects again; its older connection ends", peer, device_id)
            older.cancel()
        try:
            async with self._device_locks.setdefault(device_id, asyncio.Lock()):
                _log.info("%s: %s connected", peer, device_id)
                adapter = DeviceAdapter(self._vault, self._admission, device_id)
                try:
                    await self._drive(tls, VaultSession(device_id, adapter, now_ms), device_id)
                finally:
                    adapter.close()
        finally:
            if self._connections.get(device_id) is task:
                del self._connections[device_id]

    async def _drive(self, tls: TlsServerEnd, session: VaultSession, device_id: str) -> None:
        while True:
            out = await _finished(asyncio.to_thread(_step, session, device_id))
            if out:
                await tls.send(out)
            if session.closed:
                return
            async with asyncio.timeout(SILENCE_MS / 1000):
                data = await tls.receive()
            session.receive(data)


async def _finished(work: Coroutine[Any, Any, bytes]) -> bytes:
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


def _step(session: VaultSession, device_id: str) -> bytes:
    """Run the session as far as it goes with the bytes it has. -> the bytes to send."""
    out = bytearray()
    while True:
        event = session.next_event()
        sent_before = len(out)
        while data := session.data_to_send():
            out += data
        if event is not None:
            if event[0] not in ("data", "document"):
                _log.info("%s: %s", device_id, " ".join(str(part) for part in event))
        elif session.closed or len(out) == sent_before:
            return bytes(out)


def _reason(error: ssl.SSLError) -> str:
    return (getattr(error, "verify_message", "") or error.reason or str(error)).lower().replace("_", " ")
