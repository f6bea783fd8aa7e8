"""SFrame against RFC 9605, appendix C, and frames that must not open."""

from support.device import primitives as prims
from testigo_wire.crypto import sframe, sframe_open

P = prims.PRIMITIVES
VECTORS = prims.vectors("sframe")
KEYSTREAM = sframe.Keystream(P, 16)


def sealed(plaintext, base_key=b"k" * 16, kid=1, ctr=0, metadata=b"", keystream=KEYSTREAM):
    buffer = bytearray(24 + len(plaintext) + sframe.TAG_SIZE)
    buffer[24 : 24 + len(plaintext)] = plaintext
    sealer = sframe.Sealer(P, base_key, kid, metadata, keystream, buffer, 24, ctr)
    return bytes(buffer[sealer.seal(len(plaintext)) :])


def test_headers():
    for vector in VECTORS["headers"]:
        kid, ctr = int(vector["kid"], 16), int(vector["ctr"], 16)
        encoded = bytes.fromhex(vector["encoded"])
        assert sframe.encode_header(kid, ctr) == encoded
        assert sframe.decode_header(encoded + b"x") == (kid, ctr, len(encoded))
        assert sframe.decode_header(b"x" + encoded, 1) == (kid, ctr, len(encoded) + 1)
        for length in range(len(encoded)):
            prims.raises(sframe.SFrameError, sframe.decode_header, encoded[:length])


def test_sealer_writes_the_same_headers():
    for vector in VECTORS["headers"]:
        frame = sealed(b"p", kid=int(vector["kid"], 16), ctr=int(vector["ctr"], 16))
        assert frame[: -1 - sframe.TAG_SIZE] == bytes.fromhex(vector["encoded"])


def test_headers_not_in_the_fewest_bytes():
    for text in ("0807", "8007", "090007", "0900ff", "9000ff01", "0f00ffffffffffffff"):
        prims.raises(sframe.SFrameError, sframe.decode_header, bytes.fromhex(text))


def test_aes_ctr_hmac():
    for vector in VECTORS["aes_ctr_hmac"]:
        data = {key: bytes.fromhex(vector[key]) for key in ("enc_key", "nonce", "pt", "ct")}
        buffer = bytearray(data["pt"])
        KEYSTREAM.apply(P.aes(data["enc_key"]), bytearray(data["nonce"]), buffer, 0, len(buffer))
        assert buffer == data["ct"][: -sframe.TAG_SIZE]


def test_suite_1():
    for vector in VECTORS["sframe"]:
        data = {}
        for key in ("base_key", "sframe_key", "sframe_salt", "metadata", "pt", "ct"):
            data[key] = bytes.fromhex(vector[key])
        kid, ctr = vector["kid"], vector["ctr"]
        key, auth_key, salt = sframe.derive(P, data["base_key"], kid)
        assert key + auth_key == data["sframe_key"]
        assert salt == data["sframe_salt"]
        assert sealed(data["pt"], data["base_key"], kid, ctr, data["metadata"]) == data["ct"]
        opener = sframe_open.Opener(P, data["base_key"], kid, data["metadata"], KEYSTREAM)
        assert opener.open(data["ct"]) == (ctr, data["pt"])


def test_lengths_around_the_scratch_buffer():
    opener = sframe_open.Opener(P, b"k" * 16, 1, b"m", sframe.Keystream(P, 256))
    for length in (0, 1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 4500, 8192):
        plaintext = bytes([i & 255 for i in range(length)])
        assert opener.open(sealed(plaintext, metadata=b"m")) == (0, plaintext)


def test_counter_grows_through_its_sizes():
    opener = sframe_open.Opener(P, b"k" * 16, 1, b"", KEYSTREAM)
    buffer = bytearray(64)
    for first in (0, 250, 65530, 16777210, 2**32 - 5, 2**48 - 5):
        sealer = sframe.Sealer(P, b"k" * 16, 1, b"", KEYSTREAM, buffer, 24, first)
        for ctr in range(first, first + 12):
            buffer[24:30] = b"abcdef"
            at = sealer.seal(6)
            assert opener.open(buffer[at : 30 + sframe.TAG_SIZE]) == (ctr, b"abcdef")


def test_counter_ends():
    buffer = bytearray(64)
    sealer = sframe.Sealer(P, b"k" * 16, 1, b"", KEYSTREAM, buffer, 24, sframe.MAX_COUNTER)
    sealer.seal(4)
    prims.raises(sframe.SFrameError, sealer.seal, 4)


def test_forged_frames():
    opener = sframe_open.Opener(P, b"k" * 16, 1, b"m", KEYSTREAM)
    frame = sealed(b"some words", ctr=9, metadata=b"m")
    assert opener.open(frame) == (9, b"some words")
    for i in range(len(frame)):
        bad = bytearray(frame)
        bad[i] ^= 1
        prims.raises(sframe.SFrameError, opener.open, bytes(bad))
    for length in range(len(frame)):
        prims.raises(sframe.SFrameError, opener.open, frame[:length])
    prims.raises(sframe.SFrameError, opener.open, frame + b"\x00")
    prims.raises(sframe.SFrameError, opener.open, sealed(b"some words", ctr=9, metadata=b"n"))
    prims.raises(sframe.SFrameError, opener.open, sealed(b"some words", ctr=9, metadata=b"m", kid=0))
