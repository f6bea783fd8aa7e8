"""The device's cryptographic primitives, and its random numbers.

`DEVICE` is the object that everything in `testigo_wire` takes as `primitives`.  The
chip has AES-ECB and SHA-256 (`cryptolib`, `hashlib`); counter mode is made of them and
of the exclusive-or below, which works in whole words where both ends are aligned
(the ESP32 traps on an unaligned word).

An ESP32's `os.urandom` is true random only while the radio is on, so every key also
depends on a secret seed in flash that is replaced at every start, before its first
use, and never goes back (docs/threat-model.md).
"""

import asyncio
import hashlib
import os

import cryptolib
import micropython

from recorder import files
from testigo_wire import sha

FOLDER = "/identity"


@micropython.viper
def _xor(dst: ptr8, start: int, src: ptr8, n: int):
    d = int(dst) + start
    s = int(src)
    i = 0
    if (d | s) & 3 == 0:
        dw = ptr32(d)
        sw = ptr32(s)
        words = n >> 2
        while i + 4 <= words:
            dw[i] = dw[i] ^ sw[i]
            dw[i + 1] = dw[i + 1] ^ sw[i + 1]
            dw[i + 2] = dw[i + 2] ^ sw[i + 2]
            dw[i + 3] = dw[i + 3] ^ sw[i + 3]
            i += 4
        while i < words:
            dw[i] = dw[i] ^ sw[i]
            i += 1
        i <<= 2
    db = ptr8(d)
    sb = ptr8(s)
    while i < n:
        db[i] = db[i] ^ sb[i]
        i += 1


@micropython.viper
def _counters(dst: ptr8, nonce: ptr8, first: int, blocks: int):
    # Four bytes at a time: both buffers begin at a word, as every bytearray does.
    d = ptr32(dst)
    n = ptr32(nonce)
    a = n[0]
    b = n[1]
    c = n[2]
    i = 0
    end = blocks << 2
    while i < end:
        d[i] = a
        d[i + 1] = b
        d[i + 2] = c
        d[i + 3] = ((first & 255) << 24) | ((first & 0xFF00) << 8)
        first += 1
        i += 4


class Primitives:
    def __init__(self):
        self.new_sha256 = hashlib.sha256
        self.xor = _xor
        self.counters = _counters  # of at most 65536 blocks: a frame has some 300
        self.key = hashlib.sha256(os.urandom(48)).digest()

    def sha256(self, data):
        return hashlib.sha256(data).digest()

    def aes(self, key):
        return cryptolib.aes(key, 1)  # 1: ECB, the one mode that every port has

    def random(self, n):
        """n secret bytes. The key moves on with every block, so that what leaks later tells nothing of them."""
        out = b""
        while len(out) < n:
            out += self.sha256(b"\x01" + self.key + os.urandom(32))
            self.key = self.sha256(b"\x00" + self.key)
        return out[:n]


DEVICE = Primitives()


def start(hal, extra=b""):
    """Mixes the kept seed, the system's entropy and `extra` into DEVICE, and puts the next seed in the old one's place."""
    files.make_folder(hal.root + FOLDER)
    path = hal.root + FOLDER + "/seed.bin"
    seed = files.read(path)
    fresh = hal.random(48) if seed else hal.entropy(48)
    secret = sha.extract(DEVICE, b"testigo seed 1", (seed or b"") + fresh + DEVICE.key + extra)
    files.replace(path, sha.expand(DEVICE, secret, b"seed", 32))
    DEVICE.key = sha.expand(DEVICE, secret, b"key", 32)


async def steps(generator):
    """Runs a long computation; other tasks get their turn at each of its steps. Returns its value."""
    try:
        while True:
            next(generator)
            await asyncio.sleep_ms(0)
    except StopIteration as stop:
        return stop.value
