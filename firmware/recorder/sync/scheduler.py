"""Starts sessions with the vault, which take closed recordings there and bring documents, time and receipts here.

A session runs when a recording was closed, every quarter of an hour, and on request. After a failure the next one waits
longer each time. On a small heap it waits until no call is up, because a TLS session takes the memory that a call needs.
It also waits where the TLS handshake would hold up the calls (ADR 22), until what is recorded is about to fill the storage.
Sessions use TCP as the settings say, or the serial port on the request of a program there.
"""

import asyncio

from recorder.loading import unload
from recorder.storage.spool import SpoolError
from testigo_wire.console.transport import OPEN

EVERY_MS = 900000
SOON_MS = 300
FIRST_RETRY = 5000
LOOK_MS = 250
STORAGE_LOOK_MS = 60000  # a file system may read all its blocks to count the free ones


class Sync:
    """state: what it does, or why it failed. sent: recordings delivered since the start. last_ms: Unix time of last success."""

    def __init__(self, app):
        self._app = app
        self._hal = app.hal
        self.state = "not yet"
        self.running = False  # a session with the vault
        self.sent = self.last_ms = 0
        self._due = app.hal.ms() + SOON_MS
        self._retry = FIRST_RETRY
        self._serial_session = None
        self._storage_due = 0
        self.numbers = app.spool.numbers
        self.read = app.spool.read
        app.spool.on_sealed.append(lambda number: self.request())
        app.documents.on_change.append(self._on_document)

    def request(self, serial=False):
        """Asks for a session soon. serial: with the vault on the serial port, as long as the port's present session lasts."""
        if serial:
            self._serial_session = self._app.serial_port.endpoint.session
            self._retry = FIRST_RETRY
        self._due = self._hal.ms() + (0 if serial else SOON_MS)

    def _on_document(self, kind, name):
        if kind == "settings":
            self.request()

    def describe(self, number):
        """For the session: None when the recording is damaged (the spool has set it aside)."""
        try:
            return self._app.spool.describe(number)
        except SpoolError:
            return None

    async def run(self):
        while True:
            await asyncio.sleep_ms(LOOK_MS)
            if self._hal.ms() < self._due:
                continue
            serial = self._serial()
            where = self._app.documents.settings.sync if self._app.documents.settings else ("serial",)
            if not self._app.identity.provisioned or not (serial or where[0] == "tcp"):
                self.state = "no vault configured"
                self._due = self._hal.ms() + EVERY_MS
            elif self._hal.calls and not self._may_run_beside_calls(serial or self._hal.is_known(where[1])):
                self.state = "waits for the call to end"
            else:
                self._due = self._hal.ms() + EVERY_MS  # a request during the session brings it forward
                await self._attempt(serial, where)

    def _may_run_beside_calls(self, is_known):
        """is_known: the vault can be reached without looking up its name."""
        hal = self._hal
        if hal.heap_small:
            return False
        if is_known and not hal.SLOW_TLS:
            return True
        if hal.ms() < self._storage_due:
            return False
        self._storage_due = hal.ms() + STORAGE_LOOK_MS
        from recorder.sync import backlog

        unload("recorder.sync.backlog")
        return backlog.fills_storage(self._app)

    def _serial(self):
        if self._serial_session is None:
            return False
        endpoint = self._app.serial_port.endpoint
        return endpoint.session == self._serial_session and endpoint.state == OPEN

    async def _attempt(self, serial, where):
        self._hal.make_room()
        self.state = "connecting"
        self.running = True
        expected = MemoryError
        try:
            # The link and TLS are loaded for the session and unloaded after it.
            from recorder.sync import session as sync_session

            expected = sync_session.EXPECTED_ERRORS
            await sync_session.run(self, self._app, serial, where)
            self.state = "done"
            self.last_ms = self._hal.unix_ms()
            self._retry = FIRST_RETRY
        # After any error there is another attempt.
        except Exception as error:  # noqa: BLE001
            self.state = str(error)
            if not isinstance(error, expected):
                self.state = type(error).__name__ + " " + self.state
            self._app.log("sync: " + self.state)
            self._due = min(self._due, self._hal.ms() + self._retry)
            self._retry = min(self._retry * 2, EVERY_MS)
        if self._hal.heap_small:
            sync_session = None
            unload(
                "recorder.sync.session", "recorder.sync.channel", "recorder.sync.tls_stream", "testigo_wire.link.device"
            )
        self._hal.make_room()
        self.running = False

    def must_yield(self):
        """Whether the session has to end because a call needs its memory."""
        if self._hal.calls and self._hal.heap_small:
            self._retry = SOON_MS
            return True
        return False
