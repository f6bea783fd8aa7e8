"""SFrame (RFC 9605), cipher suite 0x0001 AES_128_CTR_HMAC_SHA256_80: headers, keys, and sealing in place.

Sealing works in buffers that were made once: per frame it allocates a handful of small objects, per block none.
Opening is in sframe_open.py, which an appliance does not need.
"""

from testigo_wire.compat import const
from testigo_wire.crypto.sha import expand, extract, pad_key
from testigo_wire.errors import WireError

TAG_SIZE = const(10)
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

    def apply(self, aes, nonce, buffer, offset, length):
        """XOR `buffer[offset:offset + length]` with the key stream of a 12-byte nonce (sec. 4.5.1)."""
        stream = self._stream
        first = 0
        while length > 0:
            blocks = (length + 15) >> 4
            part = stream
            if blocks < self._blocks:
                part = self._view[: blocks << 4]
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
        self._aes = primitives.aes(key)
        self._new_sha256 = primitives.new_sha256
        inner, self._outer = pad_key(primitives, auth_key)
        self._salt = salt
        self._keystream = keystream
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._start = start
        self._metadata = bytes(metadata)
        self.ctr = ctr
        self._kid = b""
        self._config = kid << 4
        if kid > 7:
            header = encode_header(kid, 0)
            self._kid = header[1:]
            self._config = header[0]
        # What HMAC reads before the ciphertext (section 4.5.1): key block, three lengths, nonce, header, metadata.
        self._prefix = bytearray(_HEADER + MAX_HEADER + len(metadata))
        self._prefix[:_AUTH] = inner
        self._prefix[_AUTH + 23] = TAG_SIZE
        self._prefix_view = None
        self._header_size = 0
        self._nonce = bytearray(salt)
        self._prefix[_NONCE:_HEADER] = salt
        self._set_nonce(ctr)

    def _set_nonce(self, ctr):
        # The counter only grows, so the bytes above its highest one are still those of the salt.
        at = 11
        while True:
            byte = self._salt[at] ^ ctr & 255
            self._nonce[at] = byte
            self._prefix[_NONCE + at] = byte
            ctr >>= 8
            if not ctr:
                break
            at -= 1

    def _set_header(self, ctr):
        buffer = self._buffer
        at = self._start
        if ctr < 8:
            config = self._config | ctr
        else:
            config = self._config | 7
            while ctr:
                at -= 1
                buffer[at] = ctr & 255
                ctr >>= 8
                config += 1
        for i in range(len(self._kid) - 1, -1, -1):
            at -= 1
            buffer[at] = self._kid[i]
        at -= 1
        buffer[at] = config
        return at

    def seal(self, length):
        """Seal buffer[start:start + length] under the next counter -> where the header begins; the tag ends the frame."""
        ctr = self.ctr
        if ctr > MAX_COUNTER:
            raise SFrameError("counter used up")
        self.ctr = ctr + 1
        buffer = self._buffer
        prefix = self._prefix
        at = self._set_header(ctr)
        self._set_nonce(ctr)
        start = self._start
        end = start + length
        size = start - at
        if size != self._header_size:
            self._header_size = size
            prefix[_AUTH + 7] = size + len(self._metadata)
            prefix[_HEADER + size : _HEADER + size + len(self._metadata)] = self._metadata
            self._prefix_view = memoryview(prefix)[: _HEADER + size + len(self._metadata)]
        for i in range(size):
            prefix[_HEADER + i] = buffer[at + i]
        prefix[_AUTH + 13] = length >> 16
        prefix[_AUTH + 14] = length >> 8 & 255
        prefix[_AUTH + 15] = length & 255
        self._keystream.apply(self._aes, self._nonce, buffer, start, length)
        inner = self._new_sha256(self._prefix_view)
        inner.update(self._view[start:end])
        outer = self._new_sha256(self._outer)
        outer.update(inner.digest())
        tag = outer.digest()
        for i in range(TAG_SIZE):
            buffer[end + i] = tag[i]
        return at
