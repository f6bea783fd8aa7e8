"""Parsing SIP: the torture cases of RFC 4475 that a UDP user agent meets, and mutations of good messages."""

from support.device import primitives as prims
from support.device.sip_network import Dice
from testigo_wire.sip.message import SipError
from testigo_wire.sip.parser import MAX_SIZE, parse

TORTURE = prims.vectors("sip_torture")


def data(case):
    return "\r\n".join(case["lines"]).encode()


def test_good_messages_are_read():
    for case in TORTURE["good"]:
        message = parse(data(case))
        for name in ("method", "number", "from_tag", "to_tag", "branch", "sent_by"):
            assert getattr(message, name) == case[name], (case["name"], name, getattr(message, name))
        assert len([name for name, _ in message.headers if name == "via"]) == case["vias"], case["name"]


def test_good_messages_are_the_same_after_encode_and_parse():
    for case in TORTURE["good"]:
        message = parse(data(case))
        again = parse(message.encode())
        assert again.headers == message.headers, case["name"]
        assert (again.method, again.uri, again.status, again.body) == (
            message.method,
            message.uri,
            message.status,
            message.body,
        )


def test_bad_messages_are_refused_with_a_status():
    for case in TORTURE["bad"]:
        error = prims.raises(SipError, parse, data(case))
        assert error.status == case["status"], (case["name"], error.status, error.reason)
        assert error.reason


def test_the_body_is_cut_to_its_length():
    head = "\r\n".join(TORTURE["good"][4]["lines"][:6])
    message = parse((head + "\r\nContent-Length: 3\r\n\r\nabcdef").encode())
    assert message.body == b"abc"
    assert parse((head + "\r\n\r\nabcdef").encode()).body == b"abcdef"


def test_sizes_are_limited():
    good = data(TORTURE["good"][4])
    assert prims.raises(SipError, parse, good + b" " * MAX_SIZE).status == 513
    head, tail = good.split(b"\r\nTo:", 1)
    many = head + b"\r\nX: y" * 130 + b"\r\nTo:" + tail
    assert prims.raises(SipError, parse, many).reason == "too many headers"


def test_datagrams_that_are_not_sip_are_refused():
    for junk in (b"", b"\r\n\r\n", b"\x00", b"\x80" * 40 + b"\r\n\r\n", b"\r\n" * 30, b"GET / HTTP/1.1\r\n\r\n"):
        prims.raises(SipError, parse, junk)


def test_mutations_raise_no_other_error():
    dice = Dice(5)
    cases = [data(case) for case in TORTURE["good"]]
    pieces = (
        b"\r\n",
        b":",
        b";",
        b",",
        b"<",
        b">",
        b'"',
        b"\\",
        b"=",
        b" ",
        b"\t",
        b"\xff",
        b"\x00",
        b"@",
        b"[",
        b"99999",
    )
    for turn in range(600):
        made = bytearray(cases[turn % len(cases)])
        for _ in range(1 + dice.below(4)):
            at = dice.below(len(made))
            what = dice.below(4)
            if what == 0:
                made[at] = dice.below(256)
            elif what == 1:
                made = made[:at] + pieces[dice.below(len(pieces))] + made[at:]
            elif what == 2:
                made = made[:at] + made[at + 1 + dice.below(12) :]
            else:
                made = made[:at] + made[dice.below(len(made)) :]
            if not made:
                break
        try:
            parse(bytes(made)).encode()
        except SipError as error:
            assert 400 <= error.status < 600
