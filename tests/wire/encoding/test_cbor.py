"""The CBOR profile against RFC 8949, appendix A, and against what it has to refuse."""

from support.device import primitives as prims
from testigo_wire.encoding import cbor

VECTORS = prims.vectors("cbor")


def test_appendix_a_deterministic():
    seen = 0
    for vector in VECTORS["items"]:
        if "refused" in vector:
            continue
        data = bytes.fromhex(vector["hex"])
        value = cbor.decode(data)
        if isinstance(vector.get("value"), float):
            # A MicroPython reads decimal fractions to within their last bit; the round trip below is exact.
            assert abs(value - vector["value"]) <= abs(value) * 1e-15, vector
        elif "value" in vector:
            assert value == vector["value"], vector
        assert cbor.encode(value) == data, vector
        seen += 1
    assert seen == 59, seen


def test_appendix_a_refused():
    seen = 0
    for vector in VECTORS["items"]:
        if "refused" in vector:
            error = prims.raises(cbor.CborError, cbor.decode, bytes.fromhex(vector["hex"]))
            assert str(error) == vector["refused"], (vector, error)
            seen += 1
    assert seen == 22, seen


def test_all_of_appendix_a_is_here():
    assert len(VECTORS["items"]) == 81


def test_malformed():
    for vector in VECTORS["malformed"]:
        error = prims.raises(cbor.CborError, cbor.decode, bytes.fromhex(vector["hex"]))
        assert str(error) == vector["refused"], (vector, error)


def test_values_that_json_does_not_have():
    for text, value in (
        ("4401020304", b"\x01\x02\x03\x04"),
        ("a201020304", {1: 2, 3: 4}),
        ("c11a514b67b0", cbor.Tag(1, 1363896240)),
        ("d74401020304", cbor.Tag(23, b"\x01\x02\x03\x04")),
    ):
        assert cbor.decode(bytes.fromhex(text)) == value
        assert cbor.encode(value) == bytes.fromhex(text)
    nan = cbor.decode(bytes.fromhex("f97e00"))
    assert nan != nan
    assert cbor.decode(bytes.fromhex("f9fc00")) == -float("inf")


def test_integer_bounds():
    for value in (0, 23, 24, 255, 256, 65535, 65536, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1):
        assert cbor.decode(cbor.encode(value)) == value
        assert cbor.decode(cbor.encode(-1 - value)) == -1 - value
    prims.raises(cbor.CborError, cbor.encode, 2**64)
    prims.raises(cbor.CborError, cbor.encode, -(2**64) - 1)


def test_halves():
    for bits in range(0, 65536, 7):
        data = bytes((0xF9, bits >> 8, bits & 255))
        if bits & 0x7C00 == 0x7C00 and bits & 0x3FF:
            continue
        assert cbor.encode(cbor.decode(data)) == data, bits


def test_map_keys_are_sorted():
    value = {"b": 1, "a": 2, "aa": 3, 300: 4, 10: 5, -1: 6, b"z": 7}
    data = cbor.encode(value)
    assert data.hex() == "a70a0519012c0420" + "06417a07616102616201" + "62616103"
    assert cbor.decode(data) == value
    prims.raises(cbor.CborError, cbor.encode, {1.5: 0})
    prims.raises(cbor.CborError, cbor.encode, {True: 0})


def test_refuses_to_encode():
    prims.raises(cbor.CborError, cbor.encode, object())
    prims.raises(cbor.CborError, cbor.encode, cbor.Tag(2, b"\x01"))
    deep = []
    for _ in range(20):
        deep = [deep]
    prims.raises(cbor.CborError, cbor.encode, deep)


def test_prefixes_say_how_much_is_missing():
    item = cbor.encode(["text", b"0123456789" * 40, {1: [2, -3]}, cbor.Tag(24, b"x"), 2.5, None, 70000])
    for length in range(len(item)):
        error = prims.raises(cbor.Incomplete, cbor.decode_prefix, item[:length])
        assert length < error.needed <= len(item)
    assert cbor.decode_prefix(b"\x00" + item + b"\x01", 1)[1] == 1 + len(item)
    assert prims.raises(cbor.Incomplete, cbor.decode_prefix, b"\x00\x59\x01\x00", 1).needed == 259


def test_limit():
    item = cbor.encode(b"x" * 100)
    assert cbor.decode(item, 102) == b"x" * 100
    prims.raises(cbor.CborError, cbor.decode, item, 101)
    error = prims.raises(cbor.CborError, cbor.decode_prefix, b"\x59\xff\xff", 0, 1000)
    assert str(error) == "item too long"
    error = prims.raises(cbor.CborError, cbor.decode_prefix, b"\x83" + b"\x43abc" * 3, 0, 10)
    assert str(error) == "item too long"


def test_reads_buffers():
    item = cbor.encode([1, "a", b"b"])
    assert cbor.decode(bytearray(item)) == [1, "a", b"b"]
    assert cbor.decode(memoryview(item)) == [1, "a", b"b"]
