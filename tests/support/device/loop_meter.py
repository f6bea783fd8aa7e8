"""Runs the firmware and measures the turns of its event loop: from one poll of the media sockets to the next.

micropython loop_meter.py firmware=DIR board=DIR root=DIR

A turn is measured in processor time of the thread, which other processes do not add to, and in waits: how often the thread
gave the processor away by itself, as in a file's flush or a look-up of a name, and for how long it was then neither running
nor kept waiting for a processor. Each turn counts for the part that took most of it: the handler of a socket, or the task.

Creating ROOT/meter.ask makes it write ROOT/meter.json, and measure anew: {"calls": {part: figures}, "idle": ...}, with and
without a call up. The figures of a part: turns, total, longest turns in us, turns that waited, longest waits in us.
"""

import gc as _gc
import json
import os
import struct
import sys
import time

import ffi

KEPT = 3  # of the longest
THREAD_CPU = 3  # CLOCK_THREAD_CPUTIME_ID
RUSAGE_THREAD = 1
VOLUNTARY_SWITCHES = 128  # ru_nvcsw of struct rusage with 64-bit words
LOOK_MS = 200

arguments = dict(a.split("=", 1) for a in sys.argv[1:])
_libc = ffi.open(None)
_clock_gettime = _libc.func("i", "clock_gettime", "iP")
_getrusage = _libc.func("i", "getrusage", "iP")


class Clocks:
    """What the thread has used so far, in us; allocates nothing that stays."""

    def __init__(self):
        self._time = bytearray(16)
        self._usage = bytearray(144)
        self._schedule = open("/proc/thread-self/schedstat", "rb")
        self._text = bytearray(80)

    def cpu(self):
        _clock_gettime(THREAD_CPU, self._time)
        seconds, ns = struct.unpack_from("qq", self._time, 0)
        return seconds * 1000000 + ns // 1000

    def switches(self):
        _getrusage(RUSAGE_THREAD, self._usage)
        return struct.unpack_from("q", self._usage, VOLUNTARY_SWITCHES)[0]

    def kept_waiting(self):
        """How long the thread could run and had no processor."""
        self._schedule.seek(0)
        n = self._schedule.readinto(self._text)
        return int(bytes(self._text[:n]).split()[1]) // 1000


class Part:
    def __init__(self):
        self.turns = self.total = self.waited = 0
        self.longest = []
        self.waits = []

    def add(self, us, wait_us):
        self.turns += 1
        self.total += us
        self.longest = self._keep(self.longest, us)
        if wait_us is not None:
            self.waited += 1
            self.waits = self._keep(self.waits, wait_us)

    @staticmethod
    def _keep(values, value):
        if len(values) < KEPT or value > values[-1]:
            return sorted(values + [value], reverse=True)[:KEPT]
        return values

    def figures(self):
        return [self.turns, self.total, self.longest, self.waited, self.waits]


class Meter:
    def __init__(self):
        self.clocks = Clocks()
        self.hal = None
        self.task = lambda: None  # the task that ran last
        self.reset()
        self._cpu = None
        self._running = None  # the handler that is running

    def reset(self):
        self.parts = {True: {}, False: {}}

    def begin(self):
        clocks = self.clocks
        self._handler, self._handler_us = None, 0
        self._collector, self._note = None, ""
        self._switches, self._kept_waiting = clocks.switches(), clocks.kept_waiting()
        self._us = time.ticks_us()
        self._cpu = clocks.cpu()

    def end(self):
        if self._cpu is None:
            return
        clocks = self.clocks
        cpu = clocks.cpu() - self._cpu
        wait = None
        if clocks.switches() > self._switches:
            wall = time.ticks_diff(time.ticks_us(), self._us)
            wait = max(0, wall - cpu - (clocks.kept_waiting() - self._kept_waiting))
        task = self.task()
        runner = task_name(task) if task else "the start"
        name = self._handler if self._handler_us > cpu - self._handler_us else runner
        if self._note:
            name = (self._collector or runner) + self._note
        parts = self.parts[bool(self.hal and self.hal.calls)]
        if name not in parts:
            parts[name] = Part()
        parts[name].add(cpu, wait)

    def handler(self, name, function):
        def measured():
            start = self.clocks.cpu()
            self._running = name
            try:
                function()
            finally:
                self._running = None
                us = self.clocks.cpu() - start
                if us > self._handler_us:
                    self._handler, self._handler_us = name, us

        return measured

    def collect(self):
        self._collector = self._running
        self._note = ", memory is short" if _gc.mem_free() < _gc.mem_alloc() // LOW_SHARE else ", collects"
        _gc.collect()

    def write(self, path):
        with open(path + ".part", "w") as file:
            json.dump(
                {
                    state: {name: part.figures() for name, part in self.parts[calls].items()}
                    for state, calls in (("calls", True), ("idle", False))
                },
                file,
            )
        os.rename(path + ".part", path)
        self.reset()


meter = Meter()


def quoted(text):
    return text.split("'")[1] if "'" in text else text


def task_name(task):
    return quoted(str(task.coro))


class MeteredPoll:
    def __init__(self):
        self._poll = select.poll()
        self.register, self.unregister, self.modify = self._poll.register, self._poll.unregister, self._poll.modify

    def ipoll(self, *wait):
        meter.end()
        found = self._poll.ipoll(*wait)
        meter.begin()
        return found


class MeteredSelect:
    def __init__(self):
        for name in dir(select):
            if not name.startswith("__"):
                setattr(self, name, getattr(select, name))
        self.poll = MeteredPoll


class MeteredCollector:
    def __init__(self):
        for name in dir(_gc):
            if not name.startswith("__"):
                setattr(self, name, getattr(_gc, name))
        self.collect = meter.collect


sys.modules["gc"] = MeteredCollector()
sys.path[:0] = [arguments["firmware"], arguments["board"]]

import asyncio  # noqa: E402
import select  # noqa: E402

import board  # noqa: E402

from recorder import udp_poll  # noqa: E402
from recorder.hal_common import LOW_SHARE, CommonHal  # noqa: E402
from recorder.main import Appliance  # noqa: E402

udp_poll.select = MeteredSelect()
_on_readable = CommonHal.on_readable


def on_readable(hal, sock, function, media=True):
    _on_readable(hal, sock, meter.handler("media socket" if media else "SIP socket", function), media)


CommonHal.on_readable = on_readable
_collect = CommonHal.collect


def collect(hal):
    meter._running, held = "a sealed frame", meter._running
    _collect(hal)
    meter._running = held


CommonHal.collect = collect


def name_runs():
    """Tasks are told apart by the names of their coroutines, and many are called `run`."""
    from recorder.call.gateway import Gateway
    from recorder.console.commands import CommandServer
    from recorder.console.serial_port import SerialPort
    from recorder.storage.keypool import KeyPool
    from recorder.sync.scheduler import Sync

    gateway, commands, serial_port, keypool, sync = (
        Gateway.run,
        CommandServer.run,
        SerialPort.run,
        KeyPool.run,
        Sync.run,
    )

    async def gateway_timers(self):
        await gateway(self)

    async def console_commands(self, port):
        await commands(self, port)

    async def console_port(self, control):
        await serial_port(self, control)

    async def key_pool(self):
        await keypool(self)

    async def synchronisation(self):
        await sync(self)

    Gateway.run, CommandServer.run, SerialPort.run = gateway_timers, console_commands, console_port
    KeyPool.run, Sync.run = key_pool, synchronisation


async def answer(root):
    while True:
        await asyncio.sleep_ms(LOOK_MS)
        try:
            os.stat(root + "/meter.ask")
        except OSError:
            continue
        os.remove(root + "/meter.ask")
        meter.write(root + "/meter.json")


async def main():
    name_runs()
    appliance = Appliance(board, arguments)
    meter.hal = appliance.hal
    meter.task = lambda: asyncio.core.cur_task
    asyncio.create_task(answer(arguments["root"]))
    await appliance.run()


asyncio.run(main())
