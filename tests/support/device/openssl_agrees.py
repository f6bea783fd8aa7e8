"""On MicroPython: OpenSSL's SHA-256 and AES give what MicroPython's own give. Prints "agrees", or why there is no OpenSSL."""

import os

from recorder.storage.primitives import DEVICE, Primitives
from testigo_wire.crypto.sframe import TAG_SIZE, Keystream, Sealer
from testigo_wire.recording.items import Chain

LENGTHS = (1, 15, 16, 17, 63, 64, 65, 1000, 4253, 5600)
START = 24


def sealed(primitives, data, counter):
    buffer = bytearray(START) + data + bytes(TAG_SIZE)
    keystream = Keystream(primitives, 64)
    sealer = Sealer(primitives, b"b" * 32, 1, b"m" * 16, keystream, buffer, START, counter)
    return bytes(buffer[sealer.seal(len(data)) :])


def main():
    try:
        from recorder import hal_unix_openssl as openssl
    except (ImportError, OSError) as exc:
        print("no OpenSSL:", exc)
        return
    own = Primitives()
    openssl.use(DEVICE)
    for length in LENGTHS:
        data = os.urandom(length)
        for more in (None, b"", data[: length // 2], memoryview(data)[length // 3 :], bytearray(data)):
            assert DEVICE.sha256(data, more) == own.sha256(data, more), length
        for counter in (0, 7, 8, 255, 256, 65536):
            assert sealed(DEVICE, data, counter) == sealed(own, data, counter), (length, counter)
    chains = Chain(DEVICE), Chain(own)
    for chain in chains:
        chain.add(b"one")
        chain.add(memoryview(b"two"))
    assert chains[0].head == chains[1].head
    print("agrees")


main()
