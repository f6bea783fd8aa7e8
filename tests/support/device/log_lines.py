"""What the log says of documents, recordings, calls and faults: prints a name, a tab and all lines of the log for each.

micropython log_lines.py
"""

import asyncio
import os

from recorder import files, main
from recorder.call.emergency_calls import EmergencyCalls
from recorder.console import diagnostics
from recorder.console.commands import CommandServer
from recorder.storage import primitives, spool, unrecorded
from recorder.storage.spool import SpoolError
from recorder.sync import backlog
from support.device import stores
from support.device.broken_files import Broken, BrokenFile
from support.device.two_phone_rig import HOST, gateway_of, line, ports, rig, settings, side, until
from testigo_wire.crypto import p256
from testigo_wire.policy import documents, objections
from testigo_wire.sip import events as sip_event

EIO = 5
LIMIT = 600  # of `until`: half a minute
MANY = 200  # calls, for which there are no ports


class Board:
    NAME = "virtual"
    CHIP = "unix"
    HAL = "hal_unix"
    HEAP_SMALL = False


def tell(name, app):
    print(name + "\t" + " | ".join(app.log.lines()))


def failing(*_):
    raise OSError(EIO)


async def restart(a):
    return await stores.Appliance(a.root).boot()


async def refused_documents():
    a = await stores.ready("refused")
    accept = a.documents.accept
    assert (await accept(stores.policy(3)))[0] and not (await accept(stores.policy(1)))[0]
    assert not (await accept(stores.settings(1, MANY)))[0]
    wrong = bytes(1600)
    assert (await accept(stores.notice({"PCMU": bytes(range(200)) * 8})))[0]
    assert a.documents.blob("hello.PCMU", 0, wrong, True) == 0
    listed = objections.blob([objections.digest(stores.DEVICE, bytes(32), "+34600111222")])
    assert (await accept(stores.sign("objections", 1, [bytes(32), 1, stores.DEVICE.sha256(listed)])))[0]
    assert a.documents.blob(objections.BLOB, 0, bytes(len(listed)), True) == 0
    tell("documents", a)
    stores.remove_tree(a.root)


async def damaged_documents():
    a = await stores.ready("damaged")
    audio = {"PCMU": bytes(1600)}
    await a.documents.accept(stores.notice(audio))
    a.documents.blob("hello.PCMU", 0, audio["PCMU"], True)
    listed = objections.blob([objections.digest(stores.DEVICE, bytes(32), "+34600111222")])
    await a.documents.accept(stores.sign("objections", 1, [bytes(32), 1, stores.DEVICE.sha256(listed)]))
    a.documents.blob(objections.BLOB, 0, listed, True)
    files.replace(a.root + "/settings.tsd", stores.settings(1, MANY))
    a = await restart(a)
    files.replace(a.root + "/notices/hello.tsd", b"damaged")
    assert a.documents.notice("hello") is None
    files.replace(a.root + "/objections.tsd", b"damaged")
    a.documents.objections = None
    a.documents.objection_list().version  # noqa: B018 - reads it
    names, files.names = files.names, failing
    a.documents.wanted()
    files.names = names
    await a.documents.accept(stores.notice({"PCMU": bytes(800)}, 2))  # its audio has not come
    free, a.hal.free_bytes = a.hal.free_bytes, failing
    a.documents.wanted()
    a.hal.free_bytes = free
    tell("damaged documents", a)
    stores.remove_tree(a.root)


async def files_of_the_spool():
    """What a start finds in the spool, and what cannot be written there."""
    a = await stores.ready("spool")
    left = a.begin()
    left._file.flush()
    await asyncio.sleep_ms(500)  # what is written later
    folder = a.spool.folder + "/"
    files.replace(folder + "00000005.tsg", b"no recording")
    files.replace(folder + "00000006.open", b"")
    files.replace(a.root + "/state.cbor", b"damaged")
    files.replace(a.root + "/unrecorded.cbor", b"damaged")
    with Broken(spool, rename=EIO):
        a = await restart(a)
    a.recordings.tick()
    await until(lambda: not a.spool.unfinished, lambda: "the end of recording 1: %s" % a.log.lines())
    for action in (lambda: a.spool.describe(5), lambda: a.spool.read(9, 0, bytearray(4))):
        try:
            action()
        except SpoolError:
            continue
        raise AssertionError("read")
    replace, files.replace = files.replace, failing
    a.spool._state_written = False
    a.spool.keep()
    a.spool.unrecorded.add("space")
    files.replace = replace
    free, a.hal.free_bytes = a.hal.free_bytes, failing
    a.spool.free()
    a.hal.free_bytes = free
    counts, unrecorded._counts = unrecorded._counts, no_memory
    a.spool.unrecorded.add("space")
    unrecorded._counts = counts
    made = a.begin()
    await made.close("hang-up")
    ok, _ = await a.spool.apply_receipt(stores.receipt(a, made.number, by="stranger"))
    assert not ok
    tell("spool", a)
    stores.remove_tree(a.root)


def no_memory(*_):
    raise MemoryError


async def recordings_that_fail():
    a = await stores.ready("failing")
    made = a.begin()
    await made.close("hang-up")
    made.event("quality", 0, 1, 0, 0, 0, 160)
    for name in ("write", "full", "erase", "mark"):
        await a.keypool.fill()
        made = a.begin()
        stream = made.start_audio()
        if name == "write":
            BrokenFile(made, "write", EIO)
            made.event("hang_up", 1, 200, "BYE")
        elif name == "full":
            free, a.hal.free_bytes = a.hal.free_bytes, lambda folder=None: 20000
            a.recordings._room = 0
            made.write_audio(stores.put_audio(stream, 2))
            a.hal.free_bytes = free
        elif name == "erase":
            made._rewrite = failing
            await made.erase_audio()
        else:
            with Broken(spool, ".erase", open=EIO):
                made.event("objection", 1, "9", "info")
        await made.close("hang-up")
    await a.keypool.fill()
    remove, files.remove = files.remove, failing
    recordings = a.recordings
    held, spool.Spool.take_number = spool.Spool.take_number, failing
    try:
        p256.finish(recordings.open_steps(a.documents.policy))
        raise AssertionError("opened")
    except SpoolError:
        pass
    files.remove, spool.Spool.take_number = remove, held
    a.hal.free_bytes = lambda folder=None: backlog.LOW - 1
    assert backlog.fills_storage(a)
    tell("recordings", a)
    stores.remove_tree(a.root)


async def calls():
    r = await rig("calls", line())
    await r.talk()
    await r.sealed()
    await r.talk()
    call = r.call
    call.fail = failing
    call.give_way()
    await until(lambda: not r.gateway.calls, r.log)
    open_steps, r.app.recordings.open_steps = r.app.recordings.open_steps, lambda *_: 1 // 0
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: sip_event.ANSWERED in r.near.events, r.log)
    r.near.hang_up()
    await until(lambda: "record of a call" in r.log(), r.log)
    r.app.recordings.open_steps = open_steps
    r.gateway.emergency.tick = lambda now: 1 // 0
    await asyncio.sleep_ms(100)
    tell("calls", r.app)
    r.tasks.pop(0).cancel()
    r.gateway.close()
    start, EmergencyCalls.start = EmergencyCalls.start, no_memory
    sides = [HOST, r.port, r.port + 6, r.port + 14, side(r.port + 1), side(r.port + 2)]
    r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 2]))
    EmergencyCalls.start = start
    tell("nothing kept back", r.app)
    await r.close(clean=False)


async def starts():
    """A start with damaged files, then new settings and documents, and a fault."""
    root = stores.fresh_root("start")
    stores.provision(root)
    port = ports()
    body = documents.parse(settings(port)).body
    files.replace(root + "/policy.tsd", stores.policy(by="stranger"))
    files.replace(root + "/settings.tsd", settings(port))
    files.replace(root + "/crash.txt", b"ValueError")
    os.mkdir(root + "/clock.bin")
    main.CLOCK_MS = main.PROGRESS_MS = 100
    app = main.Appliance(Board, {"root": root, "console": "no"})
    restarts = []
    app.hal.reset = lambda *_: restarts.append(1)
    remove, store_seed = files.remove, primitives.start
    files.remove, primitives.start = failing, failing
    task = asyncio.create_task(app.run())
    await until(lambda: app.stage == "complete" and app.gateway, lambda: "the start: %s" % app.log.lines())
    files.remove, primitives.start = remove, store_seed
    app.clock.set(17000)
    files.replace(root + "/clock.bin", b"damaged")
    app.clock.load()
    await until(lambda: not app.start_faults, lambda: "the seed: %s" % app.log.lines())
    tell("start", app)
    app.hal.must_grow = lambda calls: True
    await app.documents.accept(stores.sign("settings", 2, body))
    await until(lambda: restarts, lambda: "the restart: %s" % app.log.lines(), LIMIT)
    app.hal.must_grow = lambda calls: False
    audio = {"PCMU": bytes(1600)}
    await app.documents.accept(stores.notice(audio, name="welcome"))
    app.documents.blob("welcome.PCMU", 0, audio["PCMU"], True)
    network, app.hal.network = app.hal.network, no_network
    await app.documents.accept(stores.sign("settings", 3, [["ethernet"]] + body[1:]))
    await until(lambda: app.settings_problem, lambda: "no network: %s" % app.log.lines())
    app.hal.network = network
    tell("settings", app)
    await requests(app)
    app._fault = True
    restarts.clear()
    await until(lambda: restarts, lambda: "the restart: %s" % app.log.lines(), LIMIT)
    tell("fault", app)
    task.cancel()
    await asyncio.sleep_ms(0)
    app.gateway.close()
    stores.remove_tree(root)


async def what_is_mended():
    """Files that have a second copy, names that a power cut left in the spool, and a folder that cannot be read."""
    a = await stores.ready("mended")
    files.replace(a.root + "/settings.tsd", stores.settings())
    a = await restart(a)
    await a.identity.check_key()
    a.begin().flush_soon()
    await asyncio.sleep_ms(500)
    for name in ("settings.tsd", "settings.tsd.copy", "policy.tsd", "identity/cert.der", "spool/000000~1.OPE"):
        files.replace(a.root + "/" + name, b"damaged")
    os.rename(a.spool.path(1, ".open"), a.spool.path(1, ".open.part"))
    os.mkdir(a.spool.path(2, ".tsg.part"))  # cannot be removed as a file
    app, task = await start_of(a.root)
    tell("mended", app)
    task.cancel()
    await asyncio.sleep_ms(0)
    os.rmdir(a.spool.path(2, ".tsg.part"))
    files.remove(a.root + "/identity/copies.bin")
    names, replace = files.names, files.replace
    files.names = lambda folder: failing() if folder.endswith("/spool") else names(folder)
    files.replace = lambda path, data: failing() if path.endswith("copies.bin") else replace(path, data)
    app, task = await start_of(a.root)
    await until(lambda: app.log.faults.get("repair"), lambda: "the repair: %s" % app.log.lines())
    app.spool.repaired = True
    await until(lambda: app.log.faults.get("recordings not listed"), lambda: "the list: %s" % app.log.lines())
    await until(lambda: app.log.faults.get("identity not copied"), lambda: "the copies: %s" % app.log.lines())
    files.names, files.replace = names, replace
    tell("unlisted", app)
    task.cancel()
    await asyncio.sleep_ms(0)
    stores.remove_tree(a.root)


async def start_of(root):
    main.CLOCK_MS = main.PROGRESS_MS = 100
    app = main.Appliance(Board, {"root": root, "console": "no"})
    task = asyncio.create_task(app.run())
    await until(lambda: app.stage == "complete", lambda: "the start: %s" % app.log.lines())
    return app, task


async def no_network(wanted):
    raise OSError(EIO)


class SerialEnd:
    """The end of a serial port at which these bytes have arrived on channel 0."""

    session = 1
    sent = resent = received = bad = 0

    def __init__(self, data):
        self._data = [data]
        self.endpoint = self
        self.arrived = asyncio.Event()
        self.arrived.set()

    def read(self, channel):
        return self._data.pop() if self._data else None

    async def send(self, channel, data, limit_ms):
        pass


async def requests(app):
    """Bytes that are no request, a status that cannot be read, and one in which there is a fault."""
    end = SerialEnd(b"\xff\xff\xff\xff none")
    server = CommandServer(app)
    task = asyncio.create_task(server.run(end))
    await asyncio.sleep_ms(100)
    free, app.hal.free_bytes = app.hal.free_bytes, failing
    diagnostics.facts(app, end)
    app.hal.free_bytes = lambda folder=None: 1 // 0
    await server._serve(1, "diag", ())
    app.hal.free_bytes = free
    task.cancel()
    tell("requests", app)


async def all_of_them():
    await refused_documents()
    await damaged_documents()
    await files_of_the_spool()
    await recordings_that_fail()
    await calls()
    await what_is_mended()
    await starts()


asyncio.run(all_of_them())
