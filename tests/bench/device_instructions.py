"""On MicroPython, under valgrind's callgrind: the packet path in parts, with marks that callgrind writes its counts at.

A mark is a call of getcwd(). Each part has three: before it is tried, before it is counted, and after that. Arguments: how
many rounds, and the folder to record in. Prints the names of the parts and how many packets a round has, as JSON.
"""

import asyncio
import json
import os
import sys

from packet_rig import PER_ROUND, Bridged, Parties


def nothing():
    pass


def counted(step, rounds):
    os.getcwd()
    for _ in range(PER_ROUND // 2):
        step()
    os.getcwd()
    for _ in range(PER_ROUND // 2 * rounds):
        step()
    os.getcwd()


async def main(rounds, folder):
    parties = Parties()
    plain, recorded = Bridged(parties), Bridged(parties, folder)
    await plain.start()
    await recorded.start()
    plain_steps = {"loop": nothing, "sender": parties.sender, "take": parties.take, "bare": parties.bare}
    for name in ("loop", "sender", "take", "bare"):
        counted(plain_steps[name], rounds)
    for bridged in (plain, recorded):
        parties.sequence = 0
        counted(bridged.step, rounds)
        bridged.sequence = parties.sequence
        await bridged.finish()
    print(json.dumps([["loop", "sender", "take", "bare", "bridged", "recorded"], PER_ROUND]))


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
