"""On MicroPython: what SFrame sealing and the chain cost against the bare calls of AES and SHA-256 over the same bytes.

Prints one JSON object, in microseconds of processor time per frame.
"""

import gc
import hashlib
import json
import sys
import time

from recorder.storage.primitives import DEVICE
from testigo_wire.crypto.sframe import TAG_SIZE, Keystream, Sealer
from testigo_wire.recording import audio_frame
from testigo_wire.recording.items import Chain
from testigo_wire.recording.stream import START

FRAME = 24 * (audio_frame.PACKET_HEAD + 172)  # 240 ms of both legs in G.711
FRAMES = 2048
COLLECT = 64  # a collection every so many, as recorder/hal_common.py has it: allocating amid garbage is slow
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9

buffer = bytearray(START + FRAME + TAG_SIZE)
blocks = bytearray((FRAME + 15) // 16 * 16)
aes = DEVICE.aes(b"k" * 16)
sealer = Sealer(DEVICE, b"b" * 32, 1, b"m" * 16, Keystream(DEVICE, 351), buffer, START)
chain = Chain(DEVICE)


def bare():
    aes.encrypt(blocks, blocks)
    hashlib.sha256(blocks).digest()


def hashed():
    hashlib.sha256(blocks).digest()


def sealed():
    sealer.seal(FRAME)


def chained():
    chain.add(buffer)


def timed(step):
    gc.collect()
    start = time.clock()
    for _ in range(FRAMES // COLLECT):
        for _ in range(COLLECT):
            step()
        gc.collect()
    return (time.clock() - start) * 1e6 / FRAMES


def median(values):
    return sorted(values)[len(values) // 2]


STEPS = {"bare_us": bare, "hash_us": hashed, "sealed_us": sealed, "chained_us": chained}
rounds = [{name: timed(STEPS[name]) for name in STEPS} for _ in range(ROUNDS)]
print(json.dumps({name: median([r[name] for r in rounds]) for name in STEPS}))
