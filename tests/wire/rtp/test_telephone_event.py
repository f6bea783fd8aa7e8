"""Keys: RFC 4733 packets out and in, and the bodies of INFO."""

from support.device import primitives as prims
from testigo_wire.encoding.schema import KEYS
from testigo_wire.errors import WireError
from testigo_wire.rtp import telephone_event
from testigo_wire.sip import dtmf
from testigo_wire.sip.dtmf_sender import key_body


def test_a_press_is_found_once():
    for digit in KEYS:
        decoder = telephone_event.Decoder()
        made = telephone_event.packets(digit)
        assert [decoder.receive(160, payload) for _, payload in made] == [digit] + [None] * (len(made) - 1)
        assert decoder.receive(320, made[0][1]) == digit


def test_the_packets_of_a_press():
    made = telephone_event.packets("5", 60)
    assert made == [
        (True, b"\x05\x0a\x00\xa0"),
        (False, b"\x05\x0a\x01\x40"),
        (False, b"\x05\x8a\x01\xe0"),
        (False, b"\x05\x8a\x01\xe0"),
        (False, b"\x05\x8a\x01\xe0"),
    ]
    for digit, ms in (("x", 100), ("", 100), ("12", 100), ("1", 0), ("1", 9000)):
        prims.raises(WireError, telephone_event.packets, digit, ms)


def test_a_press_that_lost_its_beginning_still_counts():
    assert telephone_event.Decoder().receive(1, telephone_event.packets("#")[-1][1]) == "#"


def test_other_events_are_no_keys():
    decoder = telephone_event.Decoder()
    for payload in (b"", b"\x01\x0a\x00", b"\x10\x0a\x00\xa0", b"\xff\x0a\x00\xa0"):
        assert decoder.receive(1, payload) is None


def test_info():
    relay, plain = "application/dtmf-relay", "application/dtmf"
    for kind, body, key in (
        (relay, b"Signal=5\r\nDuration=160\r\n", ("5", 160)),
        (relay, b"signal= * \nduration=x", ("*", 0)),
        (relay, b"Signal=11", ("#", 0)),
        (relay + "; x=y", b"Signal=d\r\n", ("D", 0)),
        (plain, b"7", ("7", 0)),
        (plain.upper(), b" # \r\n", ("#", 0)),
        (relay, b"Signal=16", None),
        (relay, b"", None),
        (relay, b"\xff", None),
        (plain, b"55", None),
        ("text/plain", b"5", None),
    ):
        assert dtmf.from_info(kind, body) == key, body
    assert dtmf.from_info(relay, key_body("9", 250)) == ("9", 250)
