"""AES-GCM sealing (NIST SP 800-38D) for messages of a few blocks: the wrapped keys, never the audio.

A block of the tag takes a chip some milliseconds, so it yields after each (run it like `p256.finish`).
"""

_R = 0xE1 << 120


def _ghash_steps(h, data):
    total = 0
    for at in range(0, len(data), 16):
        x = total ^ int.from_bytes(data[at : at + 16], "big")
        total = 0
        factor = h
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                total ^= factor
            factor = factor >> 1 ^ _R if factor & 1 else factor >> 1
        yield
    return total


def _padded(data):
    return data + bytes(-len(data) % 16)


def seal_steps(primitives, key, nonce, aad, plaintext):
    """-> ciphertext || tag of 16 bytes; the nonce has 12."""
    aes = primitives.aes(key)
    blocks = 2 + (len(plaintext) + 15) // 16
    # Block 0 gives the hash key, block 1 masks the tag, the rest is key stream.
    stream = bytearray(16)
    for count in range(1, blocks):
        stream.extend(nonce + count.to_bytes(4, "big"))
    aes.encrypt(stream, stream)
    ciphertext = bytearray(plaintext)
    for i in range(len(ciphertext)):
        ciphertext[i] ^= stream[32 + i]
    ciphertext = bytes(ciphertext)
    lengths = (len(aad) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
    tag = yield from _ghash_steps(int.from_bytes(stream[:16], "big"), _padded(aad) + _padded(ciphertext) + lengths)
    return ciphertext + (tag ^ int.from_bytes(stream[16:32], "big")).to_bytes(16, "big")
