"""Starts on damaged, failing and full storage: prints what `diag` and the log say of each.

micropython broken_starts.py

Each line is a name, a tab and the facts of `diag`, with the whole log in them.
"""

import asyncio
import os

from recorder import files, main
from recorder.console import commands, diagnostics
from support.device import stores
from support.device.storage import disks
from support.device.two_phone_rig import ports, settings, until
from testigo_wire.policy import documents

BLOCKS = 60


class Board:
    NAME = "virtual"
    CHIP = "unix"
    HAL = "hal_unix"
    HEAP_SMALL = False


class Endpoint:
    sent = resent = received = bad = 0


def furnished(name):
    root = stores.fresh_root(name)
    stores.provision(root)
    for folder in ("/notices", "/spool"):
        os.mkdir(root + folder)
    files.replace(root + "/policy.tsd", stores.policy())
    files.replace(root + "/settings.tsd", settings(ports()))
    return root


def tell(name, app):
    facts = dict([(key, value) for key, value in diagnostics.facts(app, Endpoint)])
    facts["log"] = app.log.lines()
    print(name + "\t" + repr(facts))


async def start(name, root, then=None, complete=True):
    app = main.Appliance(Board, {"root": root, "console": "no"})
    task = asyncio.create_task(app.run())
    if complete:
        await until(lambda: app.stage == "complete", "the start")
        await asyncio.sleep_ms(100)
    if then:
        await then(app)
    tell(name, app)
    task.cancel()
    await asyncio.sleep_ms(0)
    if app.gateway:
        app.gateway.close()


async def damaged(name, file, content=b"damaged"):
    root = furnished("damaged")
    files.replace(root + "/" + file, content)
    await start(name, root)
    stores.remove_tree(root)


async def copied(app):
    await until(lambda: app.identity.copied, "the copies of the identity")


async def mended(name, file):
    """A bit changes between two starts."""
    root = furnished("mended")
    await start("before " + name, root, copied)
    data = bytearray(files.read(root + "/" + file))
    data[len(data) // 2] ^= 1
    files.replace(root + "/" + file, data)
    await start(name, root)
    stores.remove_tree(root)


async def in_a_stage():
    """What a command is answered while the notices are checked."""
    root = furnished("stage")

    class Port:
        arrived = endpoint = None

        async def send(self, channel, data, limit_ms):
            app.log("answered: " + str(data))

    app = main.Appliance(Board, {"root": root, "console": "no"})
    app.log.ready = True
    app.stage = "notices"
    server = commands.CommandServer(app)
    server._port = Port()
    await server._serve(1, "wanted", ())
    tell("in a stage", app)
    stores.remove_tree(root)


async def use_a_port_that_is_taken(app):
    taken = ports()
    sock = app.hal.udp("127.0.0.1", taken)
    assert (await app.documents.accept(settings(taken, 2)))[0]
    await asyncio.sleep_ms(300)
    sock.close()


async def join_another_network_during_a_call(app):
    app.hal.calls = 1
    body = list(documents.parse(files.read(app.hal.root + "/settings.tsd")).body)
    assert (await app.documents.accept(stores.sign("settings", 2, [["wifi", "name", "key"]] + body[1:])))[0]
    await asyncio.sleep_ms(300)


async def write_a_document(app):
    disk.error = disks.EIO
    ok, why = await app.documents.accept(stores.policy(2))
    assert not ok, why
    app.log("one more line")


async def accept_a_long_list(app):
    count = BLOCKS * 512
    ok, why = await app.documents.accept(stores.sign("objections", 2, [bytes(32), count, bytes(32)]))
    assert not ok and app.documents.objections is None, why


async def all_of_them():
    global disk
    small = disks.RamDisk("/small", BLOCKS * 4096, disks.vfs.VfsLfs2)  # first: while the heap is in one piece
    stores.provision(small.point)
    await damaged("key", "identity/key.der")
    await damaged("certificate", "identity/cert.der")
    await damaged("operator", "identity/operator.bin")
    await mended("operator mended", "identity/operator.bin")
    await mended("settings mended", "settings.tsd")
    await damaged("policy", "policy.tsd", stores.policy(by="stranger"))
    await damaged("objections", "objections.tsd")
    await damaged("repair", "start.bin", bytes((8, 3)))
    await damaged("again", "start.bin", bytes((8, 2)))
    await in_a_stage()
    for name, then in (("port in use", use_a_port_that_is_taken), ("network", join_another_network_during_a_call)):
        root = furnished("settings")
        await start(name, root, then)
        stores.remove_tree(root)
    root = furnished("failing")
    disk = disks.FailingDisk("/failing", root)
    await start("failing", disk.point, write_a_document)
    disk.close()
    stores.remove_tree(root)
    disk = disks.FailingDisk("/full", furnished("full"))
    disk.error = 28
    await start("full", disk.point)
    disk.close()
    await start("small", small.point, accept_a_long_list)


asyncio.run(all_of_them())
