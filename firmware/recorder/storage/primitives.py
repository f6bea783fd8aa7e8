"""The device's cryptographic primitives, and its random numbers.

`DEVICE` is what the functions of `testigo_wire` take as `primitives`. The chip has AES-ECB and SHA-256 (`cryptolib`,
`hashlib`); counter mode is made of AES-ECB and of the exclusive-or below, which works in whole words where both ends are
aligned (an ESP32 raises an exception on an unaligned word).

`os.urandom` of an ESP32 is truly random only while the radio is on. So every key also depends on a secret seed in flash,
which is replaced at every start before its first use (docs/threat-model.md). Where the flash does not take the next seed,
`extra` keeps keys from being repeated: the device's key, and the number of the next recording.
"""

import asyncio
import hashlib
import os

import cryptolib
import micropython

from recorder import files
from testigo_wire.crypto import sha

FOLDER = "/identity"


# Constant offsets to moving pointers are single instructions in viper.


@micropython.viper
def _xor(dst: ptr8, start: int, src: ptr8, n: int):
    d = int(dst) + start
    s = int(src)
    end = d + n
    if (d | s) & 3 == 0:
        last = end - 31
        while d < last:
            dw = ptr32(d)
            sw = ptr32(s)
            dw[0] = dw[0] ^ sw[0]
            dw[1] = dw[1] ^ sw[1]
            dw[2] = dw[2] ^ sw[2]
            dw[3] = dw[3] ^ sw[3]
            dw[4] = dw[4] ^ sw[4]
            dw[5] = dw[5] ^ sw[5]
            dw[6] = dw[6] ^ sw[6]
            dw[7] = dw[7] ^ sw[7]
            d += 32
            s += 32
    while d < end:
        db = ptr8(d)
        sb = ptr8(s)
        db[0] = db[0] ^ sb[0]
        d += 1
        s += 1


@micropython.viper
def _counters(dst: ptr8, nonce: ptr8, first: int, blocks: int):
    # As words: every bytearray begins at a multiple of four.
    n = ptr32(nonce)
    a = n[0]
    b = n[1]
    c = n[2]
    at = int(dst)
    end = first + blocks
    while first < end:
        d = ptr32(at)
        d[0] = a
        d[1] = b
        d[2] = c
        d[3] = ((first & 255) << 24) | ((first & 0xFF00) << 8)
        first += 1
        at += 16


class Primitives:
    counter_mode = None  # or a function that does all of it, as in hal_unix_openssl.py

    def __init__(self):
        self.new_sha256 = hashlib.sha256
        self.xor = _xor
        self.counters = _counters  # of at most 65536 blocks: a frame has some 300
        self.key = hashlib.sha256(os.urandom(48)).digest()

    def sha256(self, data, more=None):
        """-> the digest of data, followed by `more`."""
        hashed = hashlib.sha256(data)
        if more is not None:
            hashed.update(more)
        return hashed.digest()

    def aes(self, key):
        return cryptolib.aes(key, 1)  # 1: ECB, the one mode that every port has

    def random(self, n):
        """-> n secret bytes. The key is replaced after every block: who learns a later one cannot compute earlier bytes."""
        out = b""
        while len(out) < n:
            out += self.sha256(b"\x01" + self.key + os.urandom(32))
            self.key = self.sha256(b"\x00" + self.key)
        return out[:n]


DEVICE = Primitives()


def start(hal, extra=b""):
    """Mix the stored seed, the system's entropy and `extra` into DEVICE, and store the next seed in place of the old one.

    Raises OSError where it cannot be stored; DEVICE has its new key all the same.
    """
    path = hal.root + FOLDER + "/seed.bin"
    seed = files.read(path)
    secret = sha.extract(DEVICE, b"testigo seed 1", (seed or b"") + hal.random(48) + DEVICE.key + extra)
    DEVICE.key = sha.expand(DEVICE, secret, b"key", 32)
    files.make_folder(hal.root + FOLDER)
    files.replace(path, sha.expand(DEVICE, secret, b"seed", 32))


async def steps(generator):
    """Run a long computation; other tasks run at each of its steps -> its value."""
    try:
        while True:
            next(generator)
            await asyncio.sleep_ms(0)
    except StopIteration as stop:
        return stop.value
