"""The tone that the parties of a call hear before it ends for an emergency call. Loaded when that happens."""

import asyncio
import math

from recorder.media import fast_path
from recorder.media.fast_path import SAMPLES
from testigo_wire.rtp import g711
from testigo_wire.sip.sdp import TYPES

PERIOD = 20  # samples: 400 Hz
PEAK = 8000  # of 32,124, which is about -9 dBm0
PACKETS = 20  # of 20 ms each
PACKET_MS = 20


def payload(encoding):
    """-> 160 bytes of G.711, a whole number of periods."""
    period = [g711.code(encoding, round(PEAK * math.sin(2 * math.pi * i / PERIOD))) for i in range(PERIOD)]
    return bytes(period) * (SAMPLES // PERIOD)


async def end(call, reason, log):
    """Ends a call after the tone; nothing more of it is recorded."""
    try:
        call.fail(reason)
        await play(call.bridge)
    except Exception as exc:  # noqa: BLE001 - whatever happens, the emergency call needs the place
        log("tone before the end: " + str(exc))
    finally:
        call.end(None, 503, reason)


async def play(bridge):
    """Plays 400 ms to both parties in place of each other, where they are in conversation."""
    if not all([relay.state[fast_path.FORWARD] for relay in bridge.relays]):
        return
    bridge.forward(False)
    encoding = bridge.encodings()[0]
    packet = bytearray(12) + payload(encoding)
    for relay in bridge.relays:
        relay.start_talkspurt(fast_path.ticks())
    for _ in range(PACKETS):
        for relay in bridge.relays:
            fast_path.stamp(packet, relay.state, TYPES[encoding], SAMPLES, fast_path.ticks())
            try:
                relay.sink.write(packet)
            except OSError:
                relay.dropped += 1
        await asyncio.sleep_ms(PACKET_MS)
