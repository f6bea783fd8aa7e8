"""The faults that happen inside the appliance's process: of its storage, its clock, its memory and its power.

A fault is a dict whose "kind" is a key of PLANS; its other entries are the attributes of the kind.
"""

import asyncio
import gc
import io

from faults.device import machine as machines
from faults.device.flash import REORDER, PowerCut
from recorder import files

_CLOSE, _GET_FILENO = 4, 10  # of a stream's ioctl


class Dice:
    """Numbers that look random and depend on the seed alone."""

    def __init__(self, seed):
        self.state = seed & 0x3FFFFFFF

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self.state >> 8) % limit


class Stream(io.IOBase):
    """A socket whose reads and writes that carry bytes are counted; at the n-th the power fails, before it or after it."""

    def __init__(self, sock, plan):
        self._sock = sock
        self._plan = plan

    def readinto(self, buffer):
        if self._plan.dead:
            return 0
        count = self._sock.readinto(buffer)
        if count:
            self._plan.step()
        return count

    def write(self, buffer):
        if self._plan.dead:
            return -5
        count = self._sock.write(buffer)
        if count:
            self._plan.step()
        return count

    def ioctl(self, request, argument):
        if request == _CLOSE:
            self._sock.close()
        return self._sock.fileno() if request == _GET_FILENO else 0

    def close(self):
        self._sock.close()


class Plan:
    """No fault: counts what a fault can be placed at."""

    dead = False
    lasting = False  # it is still there when the appliance is looked at

    def __init__(self, fault, machine, report, happened):
        """happened(): called at the moment of the fault."""
        self.fault = fault
        self.machine = machine
        self.report = report
        self.happened = happened
        self.dice = Dice(fault.get("seed", 1))

    def arm(self):
        self._base = self.machine.spool_life.writes
        self.steps = 0
        if self.machine.hal:  # a start has none yet
            for line in self.machine.hal.console.lines:
                line.frames = 0
            self.machine.hal.on_stream = lambda sock: Stream(sock, self)

    def step(self):
        self.steps += 1

    def disarm(self):
        self.report["steps"] = self.steps
        self.machine.hal.on_stream = None
        self.report["writes"] = self.machine.spool_life.writes - self._base
        console = self.machine.hal.console
        self.report["frames"] = [line.frames for line in console.lines]


class Storage(Plan):
    """what, n, errno, lasting: of Life.plan."""

    def arm(self):
        fault = self.fault
        life = self.machine.spool_life
        life.on_fault = self.happened
        detail = self.dice.below if fault["what"] == REORDER else fault.get("errno", 0)
        life.plan(fault["what"], fault["n"], detail, fault.get("lasting", False))

    @property
    def lasting(self):
        return self.fault.get("lasting", False)

    def disarm(self):
        self.machine.spool_life.forget_plan()


class Step(Plan):
    """The power fails at the n-th read or write of a session with the vault."""

    def step(self):
        super().step()
        if self.steps == self.fault["n"]:
            self.happened()
            self.dead = True
            cut(self.machine)


class Timed(Plan):
    """Happens `ms` after the scenario began, and ends with it."""

    def arm(self):
        self._task = asyncio.create_task(self._later())

    async def _later(self):
        await asyncio.sleep_ms(self.fault["ms"])
        self.happened()
        self.strike()

    def disarm(self):
        self._task.cancel()
        self.end()

    def end(self):
        pass


class Off(Timed):
    """The power fails."""

    def strike(self):
        cut(self.machine)


class Full(Timed):
    """All but `left` bytes of the storage are taken by something else."""

    lasting = True

    def arm(self):
        if self.fault["ms"]:
            super().arm()
        else:
            self._task = asyncio.create_task(nothing())
            self.happened()
            self.strike()

    def strike(self):
        fill(self.machine, self.fault["left"])

    def end(self):
        make_room()


def make_room():
    """Takes away what filled the flash, also what is left of it after a restart."""
    files.remove(machines.ROOT + "/ballast")


class ClockJump(Timed):
    """The wall clock jumps by `by_ms`, as a battery, a person or a time server make it."""

    def strike(self):
        hal = self.machine.hal
        hal.set_unix_ms(hal.unix_ms() + self.fault["by_ms"])


class Heap(Timed):
    """All but `left` bytes of the heap are taken for `for_ms`."""

    def strike(self):
        self._ballast = ballast(self.fault["left"])
        asyncio.create_task(self._give_back())

    async def _give_back(self):
        await asyncio.sleep_ms(self.fault["for_ms"])
        self.end()

    def end(self):
        self._ballast = None
        gc.collect()


class Cable(Plan):
    """direction, what, n: of the serial cable's frames."""

    def arm(self):
        line = self.machine.hal.console.lines[self.fault["direction"]]
        line.frames = 0
        line.fault = (self.fault["what"], self.fault["n"], self.dice.below)

    def disarm(self):
        line = self.machine.hal.console.lines[self.fault["direction"]]
        self.report["happened"] = line.happened
        line.fault = None
        line.cut = False
        self.machine.hal.console.reopen()


PLANS = {
    "": Plan, "storage": Storage, "off": Off, "step": Step, "full": Full, "clock": ClockJump, "heap": Heap, "cable": Cable,
}  # fmt: skip


async def nothing():
    pass


def cut(machine):
    machine.flash.die()
    raise PowerCut


def plan(fault, machine, report, happened):
    return PLANS.get(fault["kind"], Plan)(fault, machine, report, happened)


def fill(machine, left):
    """A file that leaves so many bytes free."""
    chunk = bytes(1024)
    with open(machines.ROOT + "/ballast", "wb") as file:
        try:
            while machine.hal.free_bytes() > left:
                file.write(chunk)
                file.flush()
        except OSError:
            pass  # full


def ballast(left):
    """Pieces of the heap in a list, so that about `left` bytes stay free."""
    gc.collect()
    held = []
    size = 8192
    while gc.mem_free() > left and size >= 32:
        try:
            held.append(bytearray(min(size, max(32, gc.mem_free() - left))))
        except MemoryError:
            size //= 2
    return held


def between_starts(machine, fault, report):
    """Faults of files, between power off and power on."""
    if fault["kind"] != "flip":
        return
    machine.mount()
    dice = Dice(fault["seed"])
    found = [name for name in machines.files_below(machines.ROOT) if files.size(name) > 0]
    chosen = [name for name in found if name.rpartition("/")[2] == fault["file"]] or [found[dice.below(len(found))]]
    path = chosen[dice.below(len(chosen))]
    size = files.size(path)
    with open(path, "r+b") as file:
        for _ in range(fault["bits"]):
            at = dice.below(size)
            file.seek(at)
            changed = bytes((file.read(1)[0] ^ 1 << dice.below(8),))
            file.seek(at)
            file.write(changed)
    report["happened"] = True
    report["flipped"] = path
    machine.off()
