"""SFrame (RFC 9605), cipher suite 0x0001 AES_128_CTR_HMAC_SHA256_80: headers, keys, and sealing in place.

Sealing works in buffers that were made once: per frame it allocates a handful of small objects, per block none.
Opening is in sframe_open.py, which an appliance does not need.
"""

import struct

from testigo_wire.compat import const
from testigo_wire.crypto.sha import expand, extract, pad_key
from testigo_wire.errors import WireError

TAG_SIZE = const(10)
_TAG = "10s"
# Section 4.3: a byte of configuration, up to 8 bytes of KID and 8 of CTR.
MAX_HEADER = const(17)
MAX_COUNTER = 0xFFFFFFFFFFFFFFFF
_AUTH = const(64)
_NONCE = const(88)
_HEADER = const(100)


class SFrameError(WireError):
    """A header that is not SFrame, a counter used up, or a frame that does not authenticate."""


def encode_header(kid, ctr):
    """Section 4.3 -> bytes; both numbers take the fewest bytes that hold them."""
    config = 0
    tail = b""
    for value in (kid, ctr):
        config <<= 4
        if value < 8:
            config |= value
        else:
            size = 1
            while value >> (size * 8):
                size += 1
            config |= 7 + size
            tail += value.to_bytes(size, "big")
    return bytes((config,)) + tail


def decode_header(data, offset=0):
    """-> (kid, ctr, end of the header); refuses numbers that are not in the fewest bytes."""
    if offset >= len(data):
        raise SFrameError("no header")
    config = data[offset]
    offset += 1
    values = []
    for part in (config >> 4, config & 15):
        if part >= 8:
            end = offset + part - 7
            if end > len(data):
                raise SFrameError("header cut short")
            part = int.from_bytes(bytes(data[offset:end]), "big")
            if part < 8 or not part >> ((end - offset - 1) * 8):
                raise SFrameError("number not in the fewest bytes")
            offset = end
        values.append(part)
    return values[0], values[1], offset


def derive(primitives, base_key, kid):
    """Section 4.4.2 -> (AES key of 16 bytes, HMAC key of 32, salt of 12)."""
    secret = extract(primitives, b"", base_key)
    tail = kid.to_bytes(8, "big") + b"\x00\x01"
    key = expand(primitives, secret, b"SFrame 1.0 Secret key " + tail, 48)
    return key[:16], key[16:], expand(primitives, secret, b"SFrame 1.0 Secret salt " + tail, 12)


class Keystream:
    """Counter mode by one ECB call over a buffer; one is enough for all streams of the appliance."""

    def __init__(self, primitives, blocks=128):
        """`blocks`: how many blocks of 16 bytes are made at a time."""
        self._blocks = blocks
        self._counters = primitives.counters
        self._xor = primitives.xor
        self._stream = bytearray(blocks * 16)
        self._view = memoryview(self._stream)
        self._part = self._view  # of as many blocks as the last time: frames are mostly of one length
        self._part_blocks = blocks

    def apply(self, aes, nonce, buffer, offset, length):
        """XOR `buffer[offset:offset + length]` with the key stream of a 12-byte nonce (sec. 4.5.1)."""
        stream = self._stream
        first = 0
        while length > 0:
            blocks = (length + 15) >> 4
            part = stream
            if blocks < self._blocks:
                if blocks != self._part_blocks:
                    self._part = self._view[: blocks << 4]
                    self._part_blocks = blocks
                part = self._part
            else:
                blocks = self._blocks
            self._counters(stream, nonce, first, blocks)
            aes.encrypt(part, part)
            count = blocks << 4
            self._xor(buffer, offset, stream, length if length < count else count)
            offset += count
            length -= count
            first += blocks


class Sealer:
    """Seals the frames of one key, in place, in one buffer: header right before the plaintext, tag right after it."""

    def __init__(self, primitives, base_key, kid, metadata, keystream, buffer, start, ctr=0):
        """`start`: where the plaintext begins in `buffer`, at least MAX_HEADER; `metadata`: at most 64 bytes."""
        key, auth_key, salt = derive(primitives, base_key, kid)
        self._counter_mode = primitives.counter_mode
        self._key = key
        self._aes = None if self._counter_mode else primitives.aes(key)
        self._sha256 = primitives.sha256
        inner, self._outer = pad_key(primitives, auth_key)
        self._salt = salt
        self._keystream = keystream
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._start = start
        self._metadata = bytes(metadata)
        self.ctr = ctr
        self._kid = kid
        # What HMAC reads before the ciphertext (section 4.5.1): key block, three lengths, nonce, header, metadata.
        self._prefix = bytearray(_HEADER + MAX_HEADER + len(metadata))
        self._prefix[:_AUTH] = inner
        self._prefix[_AUTH + 23] = TAG_SIZE
        self._prefix_view = self._sealed_view = None
        self._header_size = 0
        self._length = -1  # of the last frame: what depends on it is made anew for another length only
        self._nonce = bytearray(salt)
        self._prefix[_NONCE:_HEADER] = salt

    def _set_counter(self, ctr):
        """Write the nonce, and the header into what HMAC reads."""
        prefix = self._prefix
        if ctr > 8 and ctr & 255 and self._header_size:
            # All but the last byte are those of the frame before.
            prefix[_HEADER + self._header_size - 1] = ctr & 255
            prefix[_NONCE + 11] = self._nonce[11] = self._salt[11] ^ ctr & 255
            return
        low = ctr.to_bytes(8, "big")
        for i in range(8):
            prefix[_NONCE + 4 + i] = self._nonce[4 + i] = self._salt[4 + i] ^ low[i]
        header = encode_header(self._kid, ctr)
        size = len(header)
        prefix[_HEADER : _HEADER + size] = header
        if size != self._header_size:
            self._header_size = size
            end = _HEADER + size + len(self._metadata)
            prefix[_AUTH + 7] = size + len(self._metadata)
            prefix[_HEADER + size : end] = self._metadata
            self._prefix_view = memoryview(prefix)[:end]

    def _set_length(self, length):
        prefix = self._prefix
        prefix[_AUTH + 13] = length >> 16
        prefix[_AUTH + 14] = length >> 8 & 255
        prefix[_AUTH + 15] = length & 255
        self._length = length
        self._sealed_view = self._view[self._start : self._start + length]

    def seal(self, length):
        """Seal buffer[start:start + length] under the next counter -> where the header begins; the tag ends the frame."""
        ctr = self.ctr
        if ctr > MAX_COUNTER:
            raise SFrameError("counter used up")
        self.ctr = ctr + 1
        self._set_counter(ctr)
        if length != self._length:
            self._set_length(length)
        buffer = self._buffer
        start = self._start
        size = self._header_size
        at = start - size
        for i in range(size):  # the buffer may have been another sealer's meanwhile
            buffer[at + i] = self._prefix[_HEADER + i]
        if self._counter_mode:
            self._counter_mode(self._key, self._nonce, self._sealed_view)
        else:
            self._keystream.apply(self._aes, self._nonce, buffer, start, length)
        digest = self._sha256(self._outer, self._sha256(self._prefix_view, self._sealed_view))
        struct.pack_into(_TAG, buffer, start + length, digest)
        return at
