"""COBS against the published examples, its own inverse, and frames that were cut."""

from support.device import primitives as prims
from testigo_wire.encoding import cobs


def test_vectors():
    for vector in prims.vectors("cobs")["good"]:
        data = bytes.fromhex(vector["data"])
        wire = bytes.fromhex(vector["wire"])
        assert cobs.encode(data) == wire, vector["name"]
        assert cobs.decode(wire) == data, vector["name"]


def test_malformed():
    for vector in prims.vectors("cobs")["malformed"]:
        prims.raises(cobs.CobsError, cobs.decode, bytes.fromhex(vector["wire"]))


def test_every_length_around_the_full_group():
    for length in (0, 1, 2, 253, 254, 255, 256, 507, 508, 509, 510):
        for zero in (None, 0, 1, 252, 253, 254, 255, length - 1):
            data = bytearray(1 + i % 255 for i in range(length))
            if zero is not None and 0 <= zero < length:
                data[zero] = 0
            data = bytes(data)
            wire = cobs.encode(data)
            assert b"\0" not in wire
            assert len(wire) <= length + 1 + length // 254
            assert cobs.decode(wire) == data


def test_all_zeros():
    assert cobs.encode(bytes(500)) == b"\x01" * 501
    assert cobs.decode(b"\x01" * 501) == bytes(500)


def test_garbage_never_raises_anything_else():
    state = 1
    for _ in range(300):
        data = bytearray()
        for _ in range(40):
            state = (state * 75 + 74) % 65537
            data.append(state & 0xFF)
        try:
            cobs.decode(bytes(data))
        except cobs.CobsError:
            pass
