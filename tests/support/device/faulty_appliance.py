"""An appliance in which every part that may fail does: its log has a line for each.

micropython faulty_appliance.py ROOT PORT        ROOT has crash.txt, as a chip leaves it when it ended by an exception
"""

import asyncio
import sys

import board

from recorder.call.gateway import Gateway
from recorder.main import Appliance
from testigo_wire.sip import events
from testigo_wire.sip.agent import Agent


class FaultyCall:
    """A call whose every step raises."""

    owner = None
    recorded = True
    legs = ()

    def __init__(self):
        self.bridge = self
        self.call = self.owner = self
        self.kind = events.INCOMING + 100

    async def run(self):
        raise ValueError("in the call")

    def tick(self):
        raise ValueError("in its timer")

    def on_sip(self, event):
        raise ValueError("in its answer")

    def fail(self):
        pass


class NoEmergency:
    def tick(self, now):
        pass


class GatewayOfOneCall(Gateway):
    """The gateway's own handling of calls, timers and messages, for a call that fails."""

    def __init__(self, appliance):
        self.turns = 0
        self.hal = appliance.hal
        self.log = appliance.log
        self.emergency = NoEmergency()
        self._agent = Agent("127.0.0.1", 5060, appliance.hal.random)
        self.refused = self._told = self._agent.refused
        self.calls = [FaultyCall()]


async def unexpected():
    raise ValueError("in a task")


async def main():
    appliance = Appliance(board, {"root": sys.argv[1], "console": "no"})
    running = asyncio.create_task(appliance.run())
    await asyncio.sleep_ms(300)
    port = int(sys.argv[2])
    sock = appliance.hal.udp("127.0.0.1", port)

    def unreadable():
        appliance.hal.forget(sock)
        raise ValueError("in the handler")

    appliance.hal.on_readable(sock, unreadable)
    sock.sendto(b"x", appliance.hal.address("127.0.0.1", port))
    await asyncio.sleep_ms(100)
    gateway = GatewayOfOneCall(appliance)
    timers = asyncio.create_task(gateway.run())
    await asyncio.sleep_ms(200)
    timers.cancel()
    gateway._handle([FaultyCall()])
    await gateway._run(gateway.calls[0])
    asyncio.create_task(unexpected())
    await asyncio.sleep_ms(200)
    running.cancel()
    for line in appliance.log.lines():
        print(line)


asyncio.run(main())
