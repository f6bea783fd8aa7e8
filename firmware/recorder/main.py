"""The composition root: makes every part once, gives it what it needs, and keeps the appliance running.

Code takes heap, so modules that the board or its settings do not need are not loaded.
"""

import asyncio
import gc
import io
import sys

from recorder import files
from recorder.clock import Clock
from recorder.documents.store import Documents
from recorder.hal import HalError, open_hal
from recorder.loading import unload
from recorder.log import Log
from recorder.storage import primitives
from recorder.storage.identity import Identity
from recorder.storage.keypool import KeyPool
from recorder.storage.recordings import Recordings
from recorder.storage.spool import Spool

VERSION = "0.2.0"
CLOCK_MS = 60000
RETRY_MS = 10000


class Appliance:
    """All parts of the appliance. Those that depend on the settings are None while they are not there."""

    version = VERSION

    def __init__(self, board, arguments):
        self.hal = hal = open_hal(board, arguments)
        primitives.start(hal)
        self.primitives = device = primitives.DEVICE
        self.log = Log(hal)
        hal.log_to(self.log)
        self.clock = Clock(hal)
        self.clock.load()
        self.identity = Identity(hal, device)
        self.identity.load()
        self.documents = Documents(hal, device, self.identity, self.log)
        self.keypool = KeyPool(device, 2)
        self.spool = Spool(hal, device, self.identity, self.log)
        self.recordings = None
        self.gateway = None
        self.sync = None
        self._changed = asyncio.Event()
        self._fault = False

    async def run(self):
        """Boots, and runs until it is cancelled."""
        asyncio.get_event_loop().set_exception_handler(self._on_fault)
        self.log("boot: testigo %s on %s" % (VERSION, self.hal.board.NAME))
        self._log_previous_crash()
        console = self._console()
        await self.documents.load()
        self.documents.on_change.append(self._on_document)
        self._use_keys()
        await self._recover()
        self.recordings = Recordings(
            self.hal, self.primitives, self.identity, self.documents, self.keypool, self.spool, self.log
        )
        tasks = [asyncio.create_task(self.keypool.run()), asyncio.create_task(self._gateway())]
        tasks.append(asyncio.create_task(self._synchronise()))
        try:
            while True:
                self.clock.keep()
                self.spool.unrecorded.keep()
                if self._fault and not self.hal.calls:
                    self.log("restarts after a fault")
                    self.hal.reset()
                await asyncio.sleep_ms(CLOCK_MS)
        finally:
            for task in tasks + [console]:
                if task:
                    task.cancel()

    def _on_fault(self, loop, context):
        """A task has ended by an exception. asyncio itself would print it on the serial port and carry on without the task."""
        self._fault = True
        gc.collect()
        try:
            text = io.StringIO()
            sys.print_exception(context["exception"], text)
            self.log("fault: " + text.getvalue()[-150:].replace("\n", ";"))
        except MemoryError:
            pass  # the log shows the restart that follows

    def _log_previous_crash(self):
        path = self.hal.root + "/crash.txt"
        text = files.read(path)
        if text:
            self.log("crashed before: %r" % text[-120:])
            files.remove(path)

    async def _recover(self):
        from recorder.storage import recovery as recover

        for number in await recover.recover(self.spool):
            self.log("recording %d was cut by a power loss and is closed" % number)
        recover = None
        unload("recorder.storage.recovery")

    def _console(self):
        """Started first: the serial port must answer even when the rest of the start fails."""
        if self.hal.serial is None:
            return None
        from recorder.console.commands import CommandServer
        from recorder.console.serial_port import SerialPort

        self.serial_port = SerialPort(self.hal, self.primitives)
        self.control = CommandServer(self)
        return asyncio.create_task(self.serial_port.run(self.control))

    def _on_document(self, kind, name):
        self.log((kind + " " + name).strip() + " in force")
        if kind == "policy":
            self._use_keys()
        elif kind == "settings":
            self._changed.set()

    def _use_keys(self):
        settings = self.documents.settings
        self.keypool.depth = (settings.max_calls if settings else 1) + 1
        self.keypool.set_recipients(self.documents.recipients())

    async def _gateway(self):
        """Runs the gateway; makes a new one for new settings once no call is up."""
        while True:
            self._changed.clear()
            settings = self.documents.settings
            task = None
            if settings:
                task = await self._start_gateway(settings)
            await self._changed.wait()
            if task:
                while self.gateway.calls:
                    await asyncio.sleep_ms(500)
                task.cancel()
                self.gateway.close()
                self.gateway = None

    async def _start_gateway(self, settings):
        while True:
            try:
                host = await self.hal.network(settings.network)
                if host is None:
                    return None
                from recorder.call.gateway import Gateway

                host = settings.sip[0] or host
                self.gateway = Gateway(self.hal, self.primitives, self, settings, host, self.log)
                break
            except (HalError, OSError, MemoryError) as exc:
                self.log("no SIP: " + str(exc))
            try:
                await asyncio.wait_for_ms(self._changed.wait(), RETRY_MS)
                return None  # new settings have come
            except asyncio.TimeoutError:
                pass
        self.log("SIP on %s:%d" % (host, settings.sip[1]))
        return asyncio.create_task(self.gateway.run())

    async def _synchronise(self):
        from recorder.sync.scheduler import Sync

        self.sync = Sync(self)
        await self.sync.run()


def start(board, arguments):
    """Runs the appliance; returns only by an exception."""
    asyncio.run(Appliance(board, arguments).run())
