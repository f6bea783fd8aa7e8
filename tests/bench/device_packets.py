"""On MicroPython: processor time of a packet: bridged, recorded, and in a bare loop, in short rounds that take turns.

Arguments: how many rounds, then the folders to record in. Prints one JSON object: for each side its nanoseconds per packet,
one number a round. The time of the sending side, measured alone in the same round, is taken off.
"""

import asyncio
import json
import struct
import sys
import time

from packet_rig import PER_FRAME, PER_ROUND, Bridged, Parties

PROCESS = 2  # CLOCK_PROCESS_CPUTIME_ID of Linux
THREAD = 3
PER_FLUSH = 2 * PER_FRAME

try:
    import ffi

    _clock_gettime = ffi.open(None).func("i", "clock_gettime", "iP")
    _LAYOUT = "qq" if sys.maxsize > 1 << 32 else "ii"
    _timespec = bytearray(struct.calcsize(_LAYOUT))

    def processor_ns(clock):
        _clock_gettime(clock, _timespec)
        seconds, nanoseconds = struct.unpack(_LAYOUT, _timespec)
        return seconds * 1000000000 + nanoseconds

except ImportError:

    def processor_ns(clock):
        return int(time.clock() * 1000000000)


def timed(step, before=None, after=None):
    """-> nanoseconds of a packet, those of other threads included.

    before() comes before each step's packets and after() after each flush; neither is counted.
    """
    process, thread, counted = processor_ns(PROCESS), processor_ns(THREAD), 0
    for _ in range(PER_ROUND // PER_FLUSH):
        if before:
            for _ in range(PER_FLUSH // 2):
                before()
        began = processor_ns(THREAD)
        for _ in range(PER_FLUSH // 2):
            step()
        counted += processor_ns(THREAD) - began
        if after:
            after()
    others = processor_ns(PROCESS) - process - (processor_ns(THREAD) - thread)
    return (counted + max(0, others)) / PER_ROUND


def timed_relays(bridged):
    parties = bridged.parties
    parties.sequence, bridged.sequence = bridged.sequence, parties.sequence
    ns = timed(bridged.step, after=bridged.wait_for_flush)
    parties.sequence, bridged.sequence = bridged.sequence, parties.sequence
    return ns


async def main(rounds, folders):
    parties = Parties()
    sides = {"bridged": Bridged(parties)}
    for folder in folders:
        sides[folder] = Bridged(parties, folder)
    for side in sides.values():
        await side.start()
    found = {name: [] for name in sides}
    found["bare"] = []
    for number in range(rounds + 1):
        base = timed(parties.sender) - timed(parties.take, before=parties.send_both)
        measured = {"bare": timed(parties.bare)}
        for name, side in sides.items():
            measured[name] = timed_relays(side)
        if number:  # the first one only warms up
            for name, ns in measured.items():
                found[name].append(ns - base)
    for side in sides.values():
        await side.finish()
    print(json.dumps(found))


asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
