"""G.711: known values of both laws, and each code through the samples and back."""

from testigo_wire.rtp import g711


def test_known_values():
    for encoding, code, sample in (
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0x80, 32124),
        ("PCMU", 0x00, -32124),
        ("PCMU", 0xFE, 8),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xAA, 32256),
        ("PCMA", 0x2A, -32256),
    ):
        assert g711.sample(encoding, code) == sample, (encoding, code)


def test_codes_come_back():
    for encoding in ("PCMU", "PCMA"):
        payload = bytes(range(256))
        again = g711.encode(encoding, g711.decode(encoding, payload))
        differ = [i for i in range(256) if again[i] != payload[i]]
        assert differ == ([0x7F] if encoding == "PCMU" else []), differ  # a negative zero has no sample of its own


def test_the_nearest_code_is_taken():
    for encoding in ("PCMU", "PCMA"):
        for value in range(-32768, 32768, 997):
            near = g711.sample(encoding, g711.code(encoding, value))
            assert abs(near - value) <= max(abs(value) // 16, 16), (encoding, value, near)
    assert (g711.silence("PCMU"), g711.silence("PCMA")) == (0xFF, 0xD5)
