"""Starts sessions with the vault, which take closed recordings there and bring documents, time and receipts here.

A session runs when a recording was closed, every quarter of an hour, and on request. After a failure the next one waits
longer each time. On a small heap it waits until no call is up, because a TLS session takes the memory that a call needs.
Sessions use TCP as the settings say, or the serial port on the request of a program there.
"""

import asyncio
import gc

from recorder.loading import unload
from recorder.storage.spool import SpoolError
from testigo_wire.console.transport import OPEN

EVERY_MS = 900000
SOON_MS = 300
FIRST_RETRY = 5000
LOOK_MS = 250


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
            elif self._hal.calls and self._hal.heap_small:
                self.state = "waits for the call to end"
            else:
                self._due = self._hal.ms() + EVERY_MS  # a request during the session brings it forward
                await self._attempt(serial, where)

    def _serial(self):
        if self._serial_session is None:
            return False
        endpoint = self._app.serial_port.endpoint
        return endpoint.session == self._serial_session and endpoint.state == OPEN

    async def _attempt(self, serial, where):
        gc.collect()
        # The link and TLS are loaded for the session and unloaded after it.
        from recorder.sync import session as sync_session

        self.state = "connecting"
        self.running = True
        try:
            await sync_session.run(self, self._app, serial, where)
            self.state = "done"
            self.last_ms = self._hal.unix_ms()
            self._retry = FIRST_RETRY
        # After any error there is another attempt.
        except Exception as error:  # noqa: BLE001
            self.state = str(error)
            if not isinstance(error, sync_session.EXPECTED_ERRORS):
                self.state = type(error).__name__ + " " + self.state
            self._app.log("sync: " + self.state)
            self._due = min(self._due, self._hal.ms() + self._retry)
            self._retry = min(self._retry * 2, EVERY_MS)
        if self._hal.heap_small:
            sync_session = None
            unload(
                "recorder.sync.session", "recorder.sync.channel", "recorder.sync.tls_stream", "testigo_wire.link.device"
            )
        gc.collect()
        self.running = False

    def must_yield(self):
        """Whether the session has to end because a call needs its memory."""
        if self._hal.calls and self._hal.heap_small:
            self._retry = SOON_MS
            return True
        return False
