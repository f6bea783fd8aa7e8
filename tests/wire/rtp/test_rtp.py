"""RTP: the header in all its shapes, and the statistics of RFC 3550 appendix A."""

from support.device import primitives as prims
from testigo_wire.rtp import rtp


def packet(number, timestamp=None, ssrc=1):
    timestamp = number * 160 if timestamp is None else timestamp
    return rtp.parse(rtp.build(0, False, number, timestamp, ssrc, b"x" * 160))


def test_headers_come_back():
    for values in (
        (0, False, 0, 0, 0, b""),
        (127, True, 65535, 0xFFFFFFFF, 0xFFFFFFFF, b"abc"),
        (8, 0, 258, 1, 2, b"\0"),
    ):
        one = rtp.parse(rtp.build(*values))
        assert (one.payload_type, one.marker, one.sequence_number, one.timestamp, one.ssrc, one.payload) == values


def test_sources_extension_and_padding_are_passed_over():
    data = rtp.build(8, False, 1, 2, 3, b"")
    data = bytes((data[0] | 0x32,)) + data[1:] + b"S" * 8 + b"\xbe\xde\x00\x01EEEE" + b"audio" + b"\0\0\3"
    assert rtp.parse(data).payload == b"audio"


def test_what_is_not_rtp_is_refused():
    good = rtp.build(0, False, 1, 2, 3, b"pay")
    for bad in (
        b"",
        good[:11],
        b"\x40" + good[1:],
        b"\x8f" + good[1:],
        b"\x90" + good[1:],
        b"\xa0" + good[1:-1] + b"\0",
        b"\xa0" + good[1:-1] + b"\xff",
        b"\x80\xc8" + good[2:],
    ):
        prims.raises(rtp.RtpError, rtp.parse, bad)


def test_loss_doubles_and_disorder_over_the_wrap():
    one = rtp.Statistics()
    for number in (65533, 65534, 65534, 1, 0, 2, 5):
        one.receive(packet(number, 0), 0)
    assert (one.expected, one.received, one.duplicates, one.lost) == (9, 6, 1, 3)
    assert one.receive(packet(6, 0), 0) == 65536 + 6


def test_a_restart_counts_anew():
    one = rtp.Statistics()
    for number in (1, 2, 4):
        one.receive(packet(number), 0)
    assert one.receive(packet(30000), 0) is None
    assert one.receive(packet(30001), 0) == 30001
    assert (one.restarts, one.lost) == (1, 1)
    assert one.receive(packet(9, 0, 77), 0) == 9
    assert (one.restarts, one.lost, one.ssrc) == (2, 1, 77)
    assert (one.received, one.expected, one.duplicates) == (5, 6, 0)


def test_what_is_late_and_what_is_a_jump():
    """Appendix A.1: MAX_DROPOUT is 3000, MAX_MISORDER is 100."""
    for number, extended in ((12999, 12999), (13000, None), (9901, 9901), (9900, None), (10000, 10000)):
        one = rtp.Statistics()
        one.receive(packet(10000), 0)
        assert one.receive(packet(number), 0) == extended, number
        assert one.restarts == 0


def test_jitter():
    one = rtp.Statistics()
    for i in range(100):
        one.receive(packet(i), i * 20)
    assert one.jitter_ms == 0
    for i in range(100, 400):
        one.receive(packet(i), i * 20 + (8 if i % 2 else 0))
    assert 7 < one.jitter_ms < 8.1
