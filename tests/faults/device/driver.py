"""The appliance of the fault tests: does one job after the other and reports each, as lines of JSON.

    micropython driver.py        jobs on stdin; a report is a line on stdout that begins with "@"

A job: {"name", "card": bool, "template", "scenario", "identity": {file: hex}, "vault": [way, port], "port", "fault": {...}}, see
tests/faults/appliance.py; or {"make": template, "documents": [[hex of a document, {blob: hex}], ...], ...}.
"""

import sys

from support.device import clock

clock.install()  # before anything imports asyncio

import asyncio  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402

import vfs  # noqa: E402

from faults.device import machine as machines  # noqa: E402
from faults.device import plans, scenarios  # noqa: E402
from faults.device.flash import Medium  # noqa: E402
from recorder import files  # noqa: E402

FLASH = (128, 4096)
CARD = (1024, 512)
STARTS = 3  # attempts, before the appliance counts as dead
LOG_LINES = 24
FINISH_MS = 130000  # what could not be closed is tried again every minute
ATTEMPTS = 4  # sessions, until everything is in the vault

flash, card = Medium(*FLASH), Medium(*CARD)
templates = {}


def format_media():
    from faults.device.flash import Life

    vfs.VfsLfs2.mkfs(Life(flash), readsize=32, progsize=32, lookahead=32)
    vfs.VfsFat.mkfs(Life(card))


def keep_template(name):
    if name not in templates:
        templates[name] = (Medium(*FLASH), Medium(*CARD))
    templates[name][0].load(flash)
    templates[name][1].load(card)


def write_identity(machine, identity):
    machine.mount()
    files.make_folder(machines.ROOT + "/identity")
    files.remove(machines.ROOT + "/identity/copies.bin")  # of the identity in the template
    for name in sorted(identity):
        files.replace(machines.ROOT + "/identity/" + name, bytes.fromhex(identity[name]))


def provision(job):
    machine = machines.Machine(flash, card if job["card"] else None, job["port"])
    write_identity(machine, job["identity"])
    machine.off()


def make(job):
    """A template: formatted media with the documents, given over the console as by `testigo provision`."""
    format_media()
    provision(job)

    async def give(machine):
        await machine.start()
        machine.hal.online = False
        await scenarios.wait(lambda: machine.app.recordings, machines.START_MS)
        machine.app.clock.set(job["unix_ms"])
        for document, blobs in job["documents"]:
            value = await machine.hal.console.request(5000, "document", bytes.fromhex(document))
            assert value in ("", "held"), value
            for name in blobs:
                data = bytes.fromhex(blobs[name])
                for at in range(0, len(data), 512):
                    last = at + 512 >= len(data)
                    await machine.hal.console.request(5000, "blob", name, at, data[at : at + 512], last)
        await asyncio.sleep_ms(1000)

    ended = machines.run(machines.Machine(flash, card if job["card"] else None, job["port"]), give)
    keep_template(job["make"])
    return {"ended": ended}


class Work:
    """One job, and its report."""

    def __init__(self, job):
        self.job = job
        self.fault = job["fault"]
        self.report = {
            "name": job["name"], "happened": False, "connected": 0, "objected": [], "at_fault": [], "ended": [], "writes": 0,
        }  # fmt: skip

    def machine(self):
        made = machines.Machine(flash, card if self.job["card"] else None, self.job["port"])
        made.vault = self.job["vault"]
        return made

    def do(self):
        scenario = self.job["scenario"]
        for image, medium in zip(templates[self.job["template"]], (flash, card)):
            medium.load(image)
        provision(self.job)
        if scenario in ("sync", "start"):
            machines.run(self.machine(), self.before)
        plans.between_starts(self.machine(), self.fault, self.report)
        ended = machines.run(self.machine(), self.during)
        self.report["ended"].append(ended)
        if ended or self.fault.get("restart"):
            for _ in range(STARTS):
                ended = machines.run(self.machine(), self.after)
                self.report["ended"].append(ended)
                if not ended:
                    break
        return self.report

    async def before(self, machine):
        """A recording for the spool; for a start one that a power cut left open too."""
        await machine.start()
        machine.hal.online = False
        await scenarios.call(machine, self.report)
        if self.job["scenario"] == "start":
            await scenarios.talk(machine, self.report, 1000)
            self.note_calls(machine)
            raise machines.PowerCut

    async def during(self, machine):
        plan = plans.plan(self.fault, machine, self.report, lambda: self.note_calls(machine))
        if self.job["scenario"] == "start":
            plan.arm()
            await machine.start()
            machine.hal.online = False
            await scenarios.wait(lambda: machine.serving, machines.START_MS)
        else:
            await machine.start()
            machine.hal.online = False
            await scenarios.wait(lambda: machine.serving, machines.START_MS)
            plan.arm()
            await scenarios.SCENARIOS[self.job["scenario"]](machine, self.report)
        if not self.fault.get("restart"):
            await self.look(machine, plan)

    async def after(self, machine):
        await machine.start()
        machine.hal.online = False
        await self.look(machine, None)

    async def look(self, machine, plan):
        """Is everything as it has to be? With a lasting fault still there; then without."""
        if plan and not plan.lasting:
            plan.disarm()
        await scenarios.probe(machine, self.report)
        if plan and plan.lasting:
            plan.disarm()
        plans.make_room()
        spool = machine.app.spool
        if [name for name in files.names(spool.folder) if not name.endswith(".tsg")]:
            await asyncio.sleep_ms(FINISH_MS)
        machine.hal.vault_port = machine.vault[2]
        machine.vault = (machine.vault[0], machine.vault[2])
        await scenarios.synchronise(machine, self.report, machine.vault, ATTEMPTS)
        self.report["held"] = spool.numbers()
        self.report["aside"] = spool.aside()
        self.report["next_number"] = spool.next_number
        self.report["uncounted"] = [[entry[0], entry[1]] for entry in spool.unrecorded.entries]
        self.report["documents"] = machine.app.documents.versions()
        self.report["left"] = [name for name in files.names(spool.folder)]
        self.report["log"] = machine.app.log.lines(LOG_LINES)

    def note_calls(self, machine):
        """What is being recorded at the moment of the fault: [number, ms since its start, whether audio is captured]."""
        self.report["happened"] = True
        self.report["fault_ms"] = machine.hal.ms() if machine.hal else 0
        gateway = machine.app and machine.app.gateway
        for call in gateway.calls if gateway else ():
            recording = call.recording
            if recording:
                self.report["at_fault"].append([recording.number, recording.elapsed_ms(), call._control.capture.on])


def main():
    machines.install()
    for line in sys.stdin:
        job = json.loads(line)
        gc.collect()
        report = make(job) if "make" in job else Work(job).do()
        gc.collect()
        report["heap_used"] = gc.mem_alloc()
        print("@" + json.dumps(report))


main()
