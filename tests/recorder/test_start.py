"""A start is completed whatever the flash is like: full, failing, or with any file of the device damaged."""

import asyncio
import os

from recorder import files, main
from recorder.console import diagnostics
from recorder.start import MAX_TRIES, run_stages
from recorder.storage.spool import SpoolError
from support.device import stores
from support.device.storage import disks
from support.device.two_phone_rig import install_notice, ports, rig, settings, until

HEAP = "8m"
main.CLOCK_MS = 2000
ENOSPC, EIO, EROFS = 28, 5, 30
NAMES = (
    "identity/key.der", "identity/cert.der", "identity/ca.der", "identity/operator.bin", "identity/device.txt",
    "identity/seed.bin", "policy.tsd", "settings.tsd", "notices/hello.tsd", "objections.tsd", "objections.new", "state.cbor",
    "clock.bin", "log.txt", "crash.txt", "start.bin",
)  # fmt: skip
# Without one of these the settings cannot be checked, so there is no gateway.
NEEDED_FOR_SIP = ("identity/operator.bin", "identity/device.txt", "settings.tsd")
NO_SIGN = ("identity/seed.bin", "state.cbor", "log.txt", "crash.txt", "start.bin", "clock.bin", "objections.new")


class Board:
    NAME = "virtual"
    CHIP = "unix"
    HAL = "hal_unix"
    HEAP_SMALL = False


class Endpoint:
    sent = resent = received = bad = 0


class Running:
    """An appliance that was started on `root`, until `stop`."""

    def __init__(self, root):
        self.app = main.Appliance(Board, {"root": root, "console": "no"})
        self.task = asyncio.create_task(self.app.run())

    async def complete(self, sip=True):
        await until(lambda: self.app.stage == "complete", lambda: "the start, in stage " + self.app.stage)
        if sip:
            await until(lambda: self.app.gateway, lambda: "SIP: " + self.log())
        await asyncio.sleep_ms(200)
        assert not self.task.done() and not self.app._fault, self.log()
        return self

    def log(self):
        return "\n".join(self.app.log.lines())

    def facts(self):
        return dict([(name, value) for name, value in diagnostics.facts(self.app, Endpoint)])

    async def stop(self):
        self.task.cancel()
        await asyncio.sleep_ms(0)
        if self.app.gateway:
            self.app.gateway.close()
        asyncio.get_event_loop().set_exception_handler(None)


def furnish(root):
    """A provisioned appliance with a policy and settings -> its SIP port."""
    stores.provision(root)
    for folder in ("/notices", "/spool"):
        files.make_folder(root + folder)
    port = ports()
    files.replace(root + "/policy.tsd", stores.policy())
    files.replace(root + "/settings.tsd", settings(port))
    return port


async def complete_root(name):
    """With every file that an appliance can have."""
    root = stores.fresh_root(name)
    furnish(root)
    app = await stores.Appliance(root).boot(fill=False)
    await install_notice(app)
    for version in (1, 2):
        list_digest = stores.DEVICE.sha256(bytes(8 * version))
        await app.documents.accept(stores.sign("objections", version, [bytes(32), version, list_digest]))
        if version == 1:
            app.documents.blob("objections.list", 0, bytes(8), True)
    app.clock.set(app.hal.unix_ms())
    app.spool.take_number(4, bytes(32))
    app.spool.keep()
    app.log("a line")
    files.replace(root + "/crash.txt", b"ValueError")
    files.replace(root + "/start.bin", bytes(2))
    for file in NAMES:
        assert files.size(root + "/" + file) > 0, file
    return root


def damage(path, how):
    data = files.read(path)
    os.remove(path)
    if how == "folder":
        os.mkdir(path)
        return
    content = {"empty": b"", "cut": data[: len(data) // 2], "random": os.urandom(max(200, len(data)))}
    with open(path, "wb") as file:
        file.write(content[how])


async def test_each_damaged_file_is_passed_by_and_told():
    for how in ("empty", "cut", "random", "folder", "unreadable"):
        root = await complete_root("damaged")
        disk = disks.FailingDisk("/damaged", root)
        saved = {name: files.read(root + "/" + name) for name in NAMES}
        for name in NAMES:
            if how == "unreadable":
                disk.unreadable = (name,)
            else:
                damage(root + "/" + name, how)
            running = await Running(disk.point).complete(sip=name not in NEEDED_FOR_SIP)
            facts = running.facts()
            told = str([facts[key] for key in ("start", "problems", "damaged", "faults")]) + running.log()
            if name not in NO_SIGN:
                # The certificate's own bytes are checked by TLS, the device's text cannot be.
                assert name.split("/")[-1].split(".")[0] in told or name == "identity/device.txt", (how, name, told)
            await running.stop()
            stores.remove_tree(root)
            os.mkdir(root)
            for folder in ("identity", "notices", "spool"):
                os.mkdir(root + "/" + folder)
            for other in NAMES:
                files.replace(root + "/" + other, saved[other])
        disk.close()
        stores.remove_tree(root)


async def test_no_write_is_needed_for_a_start():
    for number in (ENOSPC, EIO, EROFS):
        root = stores.fresh_root("no-write")
        furnish(root)
        disk = disks.FailingDisk("/nowrite", root)
        disk.error = number
        running = await Running(disk.point).complete()
        await asyncio.sleep_ms(3 * main.CLOCK_MS)
        assert not running.task.done() and not running.app._fault and running.app.gateway
        facts = running.facts()
        assert [stage for stage, _ in facts["start"][1]] == ["seed"] or number == EROFS, facts["start"]
        faults = dict([(kind, count) for kind, count in facts["faults"]])
        assert faults["clock.bin not written"] >= 2 and faults["log not written"] >= 2, faults
        lines = running.log()
        assert lines.count("clock.bin not written") == 1, "logged once, counted each time"
        disk.error = 0
        await asyncio.sleep_ms(2 * main.CLOCK_MS)
        assert running.app.start_faults == [] and files.size(root + "/identity/seed.bin") == 32
        assert files.size(root + "/clock.bin") == 8 and "clock.bin not written" in str(files.read(root + "/log.txt"))
        await running.stop()
        disk.close()
        stores.remove_tree(root)


async def test_a_full_disk_has_sip_and_says_what_failed():
    for kind, name in ((disks.vfs.VfsFat, "/fat"), (disks.vfs.VfsLfs2, "/lfs")):
        disk = disks.RamDisk(name, 400000, kind)
        furnish(disk.point)
        disk.fill()
        running = await Running(disk.point).complete()
        facts = running.facts()
        assert facts["storage_free"] < 16384
        if kind is disks.vfs.VfsFat:
            assert facts["start"][1] == [["seed", "no space left (28)"]], facts["start"]
        await running.stop()
        disk.close()


async def test_leftovers_make_the_room_that_the_start_needs():
    disk = disks.RamDisk("/left", 400000)
    furnish(disk.point)
    with open(disk.point + "/clock.bin.part", "wb") as file:
        file.write(bytes(4000))
    disk.fill()
    running = await Running(disk.point).complete()
    assert running.facts()["start"] == ["complete", []] and files.size(disk.point + "/identity/seed.bin") == 32
    await running.stop()
    disk.close()


async def test_the_older_log_is_given_up_for_state_and_seed():
    disk = disks.RamDisk("/older", 400000)
    furnish(disk.point)
    with open(disk.point + "/log.txt.old", "wb") as file:
        file.write(bytes(12000))
    disk.fill()
    running = await Running(disk.point).complete()
    assert running.facts()["start"] == ["complete", []] and files.size(disk.point + "/log.txt.old") < 0
    await running.stop()
    disk.close()


async def test_a_file_in_the_place_of_a_folder_is_set_aside():
    root = stores.fresh_root("places")
    furnish(root)
    for name in ("notices", "spool"):
        os.rmdir(root + "/" + name)
        with open(root + "/" + name, "wb") as file:
            file.write(b"what is this")
    running = await Running(root).complete()
    assert files.is_folder(root + "/notices") and files.is_folder(root + "/spool")
    assert files.read(root + "/notices.bad") == b"what is this"
    assert "not what belongs there: set aside" in running.log()
    await running.stop()
    stores.remove_tree(root)


class Kept:
    """A machine that keeps the stage over restarts."""

    def __init__(self):
        self.kept = (0, 0)
        self.lines = []
        self.hal = self
        self.log = self.lines.append
        self.restart()

    def restart(self):
        self.stage = ""
        self.start_faults = []

    def kept_stage(self):
        return self.kept

    def keep_stage(self, stage, tries):
        self.kept = (stage, tries)


class PowerCut(BaseException):
    pass


async def test_a_stage_in_which_several_starts_ended_is_skipped():
    machine = Kept()
    ran = []

    def fatal():
        ran.append("fatal")
        raise PowerCut

    async def last():
        ran.append("last")

    stages = (("first", lambda: ran.append("first")), ("fatal", fatal), ("last", last))
    for _ in range(MAX_TRIES):
        try:
            await run_stages(machine, stages)
            raise AssertionError("not cut")
        except PowerCut:
            pass
    assert machine.kept == (2, MAX_TRIES)
    ran.clear()
    await run_stages(machine, stages)
    assert ran == ["first", "last"] and machine.stage == "complete"
    assert machine.start_faults == [["fatal", "skipped: 3 starts in a row ended here"]]
    assert "the last start ended in stage fatal (3 in a row)" in machine.lines
    assert machine.kept == (0, 0), "the next start tries it again"


async def test_a_stage_that_fails_is_told_and_the_next_ones_run():
    machine = Kept()
    ran = []

    async def fails():
        await asyncio.sleep_ms(1)
        raise MemoryError("no room")

    await run_stages(machine, (("one", fails), ("two", lambda: 1 // 0), ("three", lambda: ran.append(machine.stage))))
    assert ran == ["three"] and machine.stage == "complete"
    assert machine.start_faults[0] == ["one", "MemoryError: no room"]
    assert machine.start_faults[1][1].startswith("ZeroDivisionError")


async def test_stage_is_kept_over_a_restart_of_the_process():
    root = stores.fresh_root("stage")
    hal = stores.hal_unix.Hal(Board, {"root": root, "console": "no"})
    assert hal.kept_stage() == (0, 0)
    hal.keep_stage(7, 2)
    assert stores.hal_unix.Hal(Board, {"root": root, "console": "no"}).kept_stage() == (7, 2)
    stores.remove_tree(root)
    hal.keep_stage(1, 1)  # no folder any more: nothing happens


async def test_without_repair_no_recording_can_overwrite_another():
    root = stores.fresh_root("unrepaired")
    furnish(root)
    with open(root + "/start.bin", "wb") as file:
        file.write(bytes((8, MAX_TRIES)))
    running = await Running(root).complete()
    assert running.app.start_faults == [["repair", "skipped: 3 starts in a row ended here"]]
    try:
        next(running.app.recordings.open_steps())
        raise AssertionError("number 1 again")
    except SpoolError as error:
        assert error.why == "file"
    await running.stop()
    stores.remove_tree(root)


async def test_calls_are_connected_without_recordings():
    r = await rig("no-recordings")
    r.app.spool.repaired = False
    await r.talk(recorded=False)
    assert "call not recorded: file: the repair at the start failed" in r.log()
    r.far.hang_up()
    await r.close()


async def test_watchdog_is_fed_only_while_every_part_runs():
    root = stores.fresh_root("watchdog")
    furnish(root)
    fed = []
    running = Running(root)
    running.app.hal.watch = lambda: fed.append("watch")
    running.app.hal.feed = lambda: fed.append("feed")
    await running.complete()
    await asyncio.sleep_ms(5 * main.PROGRESS_MS)
    assert fed[0] == "watch" and fed.count("feed") >= 4 and fed.count("watch") == 1

    class Stuck:
        turns = 0

    gateway, running.app.gateway = running.app.gateway, Stuck
    fed.clear()
    await asyncio.sleep_ms(5 * main.PROGRESS_MS)
    assert fed == [], "a gateway that does not come round any more"
    running.app.gateway = gateway
    await asyncio.sleep_ms(3 * main.PROGRESS_MS)
    assert fed
    await running.stop()
    stores.remove_tree(root)


async def test_a_repair_that_failed_is_done_again_without_a_restart():
    root = stores.fresh_root("again")
    furnish(root)
    names = files.names

    def failing(folder):
        if folder.endswith("/spool"):
            raise OSError(EIO)
        return names(folder)

    files.names = failing
    try:
        running = await Running(root).complete()
        assert [stage for stage, _ in running.app.start_faults] == ["repair"] and not running.app.spool.repaired
    finally:
        files.names = names
    await asyncio.sleep_ms(3 * main.CLOCK_MS)
    assert running.app.spool.repaired and running.app.start_faults == []
    await asyncio.wait_for(running.app.keypool.ready(), 10)
    for _ in running.app.recordings.open_steps():
        pass
    assert running.app.spool.next_number == 2
    await running.stop()
    stores.remove_tree(root)
