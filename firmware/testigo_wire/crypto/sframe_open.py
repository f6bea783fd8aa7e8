"""SFrame (RFC 9605), cipher suite 0x0001: opening. A frame is authenticated before a byte of it is decrypted."""

from testigo_wire.crypto.sframe import TAG_SIZE, SFrameError, decode_header, derive
from testigo_wire.crypto.sha import equal, hmac


class Opener:
    """Opens the frames of one key."""

    def __init__(self, primitives, base_key, kid, metadata, keystream):
        key, self._auth_key, self._salt = derive(primitives, base_key, kid)
        self._primitives = primitives
        self._aes = primitives.aes(key)
        self._kid = kid
        self._metadata = bytes(metadata)
        self._keystream = keystream

    def open(self, frame):
        """Section 4.5.3 -> (ctr, plaintext bytearray); raises SFrameError."""
        kid, ctr, end = decode_header(frame)
        if kid != self._kid:
            raise SFrameError("another key")
        if len(frame) < end + TAG_SIZE:
            raise SFrameError("frame cut short")
        aad = bytes(frame[:end]) + self._metadata
        plaintext = bytearray(frame[end:-TAG_SIZE])
        nonce = bytearray(self._salt)
        self._primitives.xor(nonce, 4, ctr.to_bytes(8, "big"), 8)
        lengths = len(aad).to_bytes(8, "big") + len(plaintext).to_bytes(8, "big") + TAG_SIZE.to_bytes(8, "big")
        tag = hmac(self._primitives, self._auth_key, lengths + nonce + aad + plaintext)[:TAG_SIZE]
        if not equal(tag, frame[-TAG_SIZE:]):
            raise SFrameError("frame does not authenticate")
        self._keystream.apply(self._aes, nonce, plaintext, 0, len(plaintext))
        return ctr, plaintext
