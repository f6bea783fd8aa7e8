"""Emergency calls, and what the log says of them: prints a name, a tab and the line of the log for each.

micropython emergency_calls.py
"""

import asyncio

from recorder import files
from recorder.storage import recordings
from support.device import stores
from support.device.two_phone_rig import HOST, Phone, gateway_of, line, rig, side, until
from testigo_wire.sip import events as sip_event

REGISTRAR = ["registrar", "", 5060, "desk", "desk", "secret", "main"]


def tell(name, r, words):
    print(name + "\t" + [entry for entry in r.app.log.lines() if words in entry][0])


async def answered(r, phone, uri="sip:112@x"):
    phone.events.clear()
    phone.invite(r.port, uri=uri)
    await until(lambda: sip_event.ANSWERED in phone.events, r.log)


async def ended(r, *phones):
    for phone in phones or (r.near,):
        phone.hang_up()
    await until(lambda: not r.gateway.calls, r.log)
    await asyncio.sleep_ms(300)


def no_sockets(host, port):
    raise OSError(23)


async def one_without_space_for_its_record():
    r = await rig("record", line())
    await answered(r, r.near)
    tell("connected", r, "emergency call connected")
    print("record\t" + r.gateway.control("start", 0)[1])
    r.app.hal.free_bytes = lambda: recordings.FREE_TO_OPEN - 1
    await ended(r)
    tell("no record", r, "has no record")
    udp, r.app.hal.udp = r.app.hal.udp, no_sockets
    r.far.invite(r.port)
    await until(lambda: "for a call back" in r.log(), r.log)
    tell("call back", r, "for a call back")
    r.app.hal.udp = udp
    replace, files.replace = files.replace, no_sockets
    await answered(r, r.near)
    files.replace = replace
    tell("not noted", r, "not noted")
    await ended(r)
    await r.close()


async def two_at_a_time():
    r = await rig("two", line(rule="notify"))
    await r.talk()
    others = [Phone(r.app.hal, r.port + 11), Phone(r.app.hal, r.port + 15)]
    udp, r.app.hal.udp = r.app.hal.udp, no_sockets
    await answered(r, others[0])
    others[1].invite(r.port, uri="sip:112@x")
    await until(lambda: "gives way" in r.log(), r.log)
    tell("gives way", r, "gives way")
    await asyncio.sleep_ms(4000)
    tell("no place", r, "no call that could give way")
    r.app.hal.udp = udp
    await ended(r, others[0])
    for phone in others:
        phone.close()
    await r.close()


async def too_many():
    r = await rig("many", line())
    r.gateway.emergency.settings.max_calls = 0  # one more than that are allowed, and another one of them
    phones = [Phone(r.app.hal, r.port + at) for at in (7, 11, 15)]
    for phone in phones[:2]:
        await answered(r, phone)
    phones[2].invite(r.port, uri="sip:112@x")
    await until(lambda: "refused" in r.log(), r.log)
    tell("too many", r, "emergency call refused")
    await ended(r, *phones[:2])
    for phone in phones:
        phone.close()
    await r.close()


async def no_address():
    r = await rig("address", line())
    r.tasks.pop(0).cancel()
    r.gateway.close()
    sides = [HOST, r.port, r.port + 6, r.port + 14, side(r.port + 1), REGISTRAR]
    r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 2]))
    r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
    r.near.invite(r.port, uri="sip:112@x")
    await until(lambda: "no address" in r.log(), r.log)
    tell("no address", r, "no address")
    await r.close()


async def no_name_server():
    r = await rig("names", line())
    address = r.app.hal.address

    def unknown(host, port):
        if host == "localhost":
            raise OSError(-2)
        return address(host, port)

    sides = [HOST, r.port, r.port + 6, r.port + 14, side(r.port + 1), side(r.port + 2, host="localhost")]
    for replace, hal_address in ((no_sockets, address), (files.replace, address), (files.replace, unknown)):
        r.tasks.pop(0).cancel()
        r.gateway.close()
        held, files.replace, r.app.hal.address = files.replace, replace, hal_address
        r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 2]))
        files.replace = held
        r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
    tell("not kept", r, "addresses not kept")
    tell("last address", r, "last address")
    await answered(r, r.near)
    await ended(r)
    r.tasks.pop(0).cancel()
    r.gateway.close()
    files.remove(r.app.root + "/addresses.cbor")
    r.gateway = gateway_of(r.app, stores.sign("settings", 2, [["none"], sides, ["serial"], 2]))
    r.tasks.insert(0, asyncio.create_task(r.gateway.run()))
    tell("never an address", r, "until it has an address")
    r.near.invite(r.port)
    await until(lambda: "has no address" in r.log(), r.log)
    tell("call without address", r, "has no address")
    r.app.hal.address = address
    r.gateway.sources.look_up_again(r.app.log)
    tell("address", r, "has the address")
    await r.close()


async def main():
    await one_without_space_for_its_record()
    await two_at_a_time()
    await too_many()
    await no_name_server()
    await no_address()


asyncio.run(main())
