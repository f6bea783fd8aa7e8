"""Serves the requests of the serial console (docs/formats/control.md)."""

import asyncio

from recorder import files
from recorder.loading import unload
from recorder.storage.identity import IdentityError
from recorder.storage.spool import SpoolError
from testigo_wire.console.server import Server, answer
from testigo_wire.console.transport import CONTROL
from testigo_wire.errors import WireError
from testigo_wire.link.messages import ProtocolError

SEND_MS = 10000
ALWAYS = ("diag", "log", "reboot")  # the others wait for the end of the start
DEFERRED = ("diag", "log")  # on a small heap they wait for the end of a session with the vault
MAX_WAITS = 40
WAIT_MS = 250
LOG_LINES = 48


class Refusal(Exception):
    """Why a request is refused."""


class CommandServer:
    def __init__(self, app):
        self._app = app
        self._port = None
        self._restart = ""

    async def run(self, port):
        """Serves channel 0 of the port, one request at a time."""
        self._port = port
        endpoint = port.endpoint
        session = 0
        server = Server()
        while True:
            await port.arrived.wait()
            port.arrived.clear()
            if endpoint.session != session:
                session = endpoint.session
                server = Server()
            data = endpoint.read(CONTROL)
            while data is not None:
                server.receive(data)
                try:
                    request = server.next()
                    while request:
                        await self._serve(*request)
                        request = server.next()
                except ProtocolError as error:
                    self._app.log("control: " + str(error))
                    server = Server()
                data = endpoint.read(CONTROL)

    async def _serve(self, number, name, arguments):
        def more(value):
            # Progress is left out where the port has no room for it.
            data = answer(number, "more", value)
            endpoint = self._port.endpoint
            if endpoint.send_buffer - endpoint.unsent(CONTROL) >= len(data):
                endpoint.send(CONTROL, data)

        if name in DEFERRED and self._app.sync:
            # A session with the vault may leave too little memory for the answer.
            for _ in range(MAX_WAITS):
                if not self._app.sync.running or not self._app.hal.heap_small:
                    break
                await asyncio.sleep_ms(WAIT_MS)
        try:
            if name is None:
                raise Refusal("unknown request")
            if name not in ALWAYS and self._app.stage != "complete":
                raise Refusal("still starting: " + self._app.stage)
            handler = getattr(self, "_" + name)
            value = await (handler(more, *arguments) if name == "selftest" else handler(*arguments))
            reply = answer(number, "ok", value)
        except (Refusal, IdentityError, SpoolError, WireError, OSError, MemoryError) as error:
            text = files.why(error) if isinstance(error, OSError) else str(error)
            reply = answer(number, "no", text or type(error).__name__)
        # The port keeps answering after a fault in one request.
        except Exception as error:  # noqa: BLE001
            reply = type(error).__name__ + ": " + str(error)
            self._app.log("control %s: %s" % (name, reply))
            reply = answer(number, "no", reply)
        await self._port.send(CONTROL, reply, SEND_MS)
        if self._restart:
            await self._port.flush(CONTROL, SEND_MS)
            self._app.log(self._restart + " was asked for")
            self._app.hal.reset(self._restart == "service")

    async def _diag(self):
        from recorder.console.diagnostics import facts

        unload("recorder.console.diagnostics")
        return facts(self._app, self._port.endpoint)

    async def _identify(self, challenge):
        identity = self._app.identity
        public, signature = await identity.identify(challenge)
        # Without a name the host provisions it, which is the way out where a file is damaged.
        return ["" if identity.damaged else identity.device_id or "", public, signature]

    async def _provision(self, certificate, ca, operator, device_id):
        ok, reason = await self._app.identity.provision(certificate, ca, operator, device_id)
        if not ok:
            raise Refusal(reason)
        self._app.log("provisioned as " + device_id)
        await self._app.documents.load()
        return ""

    async def _document(self, data):
        ok, reason = await self._app.documents.accept(data)
        if not ok:
            raise Refusal(reason)
        return reason

    async def _wanted(self):
        from recorder.documents import inventory

        unload("recorder.documents.inventory", "recorder.documents.room")
        return [entry[:2] for entry in inventory.missing(self._app.documents)]

    async def _blob(self, name, offset, data, last):
        return self._app.documents.blob(name, offset, data, last)

    async def _log(self, count):
        return self._app.log.lines(min(count, LOG_LINES)) if count else []

    async def _sync(self):
        if not self._app.identity.provisioned:
            raise Refusal("not provisioned")
        if not self._app.sync:
            raise Refusal("still starting")
        self._app.sync.request(True)
        return self._app.spool.numbers()

    async def _record(self, action, number):
        if not self._app.gateway:
            raise Refusal("no call is up")
        number, why = self._app.gateway.control(action, number)
        if why:
            raise Refusal(why)
        return number

    async def _reboot(self):
        if self._app.hal.calls:
            raise Refusal("a call is up")
        self._restart = "reboot"
        return ""

    async def _service(self):
        # The REPL gives access to the identity key: on a provisioned device only the board's button opens it.
        if self._app.identity.claimed:
            raise Refusal("provisioned: hold the board's button after a reset")
        self._restart = "service"
        return ""

    async def _selftest(self, more, seconds, source):
        app = self._app
        if not app.identity.provisioned:
            raise Refusal("not provisioned")
        if app.hal.calls:
            raise Refusal("a call is up")
        if not app.documents.installed_policy:
            raise Refusal("no policy: it names the keys that a recording is sealed to")
        # Loaded only here: it is large, and a TLS session may need its room next.
        from recorder.console.selftest import run

        try:
            return await run(app.recordings, app.keypool, app.hal, seconds, source, more)
        finally:
            unload("recorder.console.selftest")
