"""The composition root: makes every part once, gives it what it needs, and keeps the appliance running.

Code takes heap, so modules that the board or its settings do not need are not loaded.
"""

import asyncio
import gc

from recorder.clock import Clock
from recorder.documents.store import Documents
from recorder.hal import open_hal
from recorder.loading import unload
from recorder.log import Log
from recorder.storage import primitives
from recorder.storage.identity import Identity
from recorder.storage.keypool import KeyPool
from recorder.storage.recordings import Recordings
from recorder.storage.spool import Spool

VERSION = "0.2.0"
CLOCK_MS = 60000
PROGRESS_MS = 2000


class Appliance:
    """All parts of the appliance. Those that depend on the settings are None while they are not there."""

    version = VERSION

    def __init__(self, board, arguments):
        self.hal = hal = open_hal(board, arguments)
        if hal.openssl:
            hal.openssl.use(primitives.DEVICE)
        self.primitives = device = primitives.DEVICE
        self.log = Log(hal)
        self.log.ready = False
        hal.log_to(self.log)
        self.stage = ""  # of the start
        self.start_faults = []  # [[stage, why], ...]
        self.clock = Clock(hal, self.log)
        self.identity = Identity(hal, device)
        self.documents = Documents(hal, device, self.identity, self.log)
        self.keypool = KeyPool(device, 2)
        self.spool = Spool(hal, device, self.identity, self.log)
        self.serial_port = None
        self.recordings = None
        self.gateway = None
        self.settings = None  # those in force
        self.settings_problem = ""  # why newer ones are not
        self.sync = None
        self.changed = asyncio.Event()
        self._fault = False

    async def run(self):
        """Boots, and runs until it is cancelled."""
        asyncio.get_event_loop().set_exception_handler(self._on_fault)
        tasks = []
        try:
            if self.hal.serial:
                tasks.append(self._console())
                await asyncio.sleep_ms(0)
            from recorder import start as stages

            await stages.run(self)
            asyncio.create_task(stages.check_key(self))  # not in `tasks`, which would keep its module in memory
            stages = None
            unload("recorder.start")
            if self.hal.heap_large:
                from recorder import preload

                preload.load()
                unload("recorder.preload")
            self.documents.on_change.append(self._on_document)
            self._use_keys()
            for work in (self.keypool.run(), self._gateway(), self._synchronise()):
                tasks.append(asyncio.create_task(work))
            self.hal.watch()
            await self._stay()
        finally:
            for task in tasks:
                task.cancel()

    async def _stay(self):
        """What is done every few seconds for as long as the appliance runs."""
        due = self.hal.ms()
        while True:
            if self.hal.ms() >= due:
                due += CLOCK_MS
                self.clock.keep()
                if self.recordings:
                    self.recordings.tick()
                if not self.hal.calls:
                    if [stage for stage, _ in self.start_faults if stage in ("seed", "repair")]:
                        self._repeat_stages()
                    self.log.flush()
                    if self._fault:
                        self.log("restarts after a fault")
                        self.hal.reset()
            if self._progress():
                self.hal.feed()
            await asyncio.sleep_ms(PROGRESS_MS)

    def _repeat_stages(self):
        from recorder import start as stages

        stages.repeat(self)
        stages = None
        unload("recorder.start")

    def _progress(self):
        """Whether every part that has to run again and again has done so since this was last true."""
        parts = [part for part in (self.serial_port, self.gateway) if part]
        if not all([part.turns for part in parts]):
            return False
        for part in parts:
            part.turns = 0
        return True

    def make_recordings(self):
        self.recordings = Recordings(
            self.hal,
            self.primitives,
            self.identity,
            self.documents,
            self.keypool,
            self.spool,
            self.log,
            self.version,
        )

    def _on_fault(self, loop, context):
        """A task has ended by an exception. asyncio itself would print it on the serial port and carry on without the task."""
        self._fault = True
        gc.collect()
        try:
            self.log.traceback("fault: ", context["exception"])
        except MemoryError:
            pass  # the log shows the restart that follows

    def _console(self):
        """Started first: the serial port must answer even when the rest of the start fails."""
        from recorder.console.commands import CommandServer
        from recorder.console.serial_port import SerialPort

        self.serial_port = SerialPort(self.hal, self.primitives)
        return asyncio.create_task(self.serial_port.run(CommandServer(self)))

    def _on_document(self, kind, name):
        self.log((kind + " " + name).strip() + " in force")
        if kind == "policy":
            self._use_keys()
        elif kind == "settings":
            self._use_keys()
            self.changed.set()

    def _use_keys(self):
        settings = self.documents.settings
        self.keypool.depth = (settings.max_calls if settings else 1) + 1
        self.keypool.set_recipients(self.documents.recipients())

    async def _gateway(self):
        started = False
        while True:
            self.changed.clear()
            from recorder.call import running

            wait_ms = await running.update(self, started)
            running, started = None, True
            unload("recorder.call.running")
            try:
                await asyncio.wait_for_ms(self.changed.wait(), wait_ms)
            except asyncio.TimeoutError:
                pass

    async def _synchronise(self):
        from recorder.sync.scheduler import Sync

        self.sync = Sync(self)
        await self.sync.run()


def start(board, arguments):
    """Runs the appliance; returns only by an exception."""
    asyncio.run(Appliance(board, arguments).run())
