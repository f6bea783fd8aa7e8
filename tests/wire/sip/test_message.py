"""Values of SIP headers: lists, quotes, addresses, URIs, numbers."""

from support.device import primitives as prims
from testigo_wire.sip import message as sip_message
from testigo_wire.sip.message import SipError


def test_lists_are_split_outside_of_quotes_and_brackets():
    split = sip_message.split
    assert split("a, b,c", ",") == ["a", "b", "c"]
    assert split('"x, \\", y" <sip:a,b@c>;q=1, <sip:d>', ",") == ['"x, \\", y" <sip:a,b@c>;q=1', "<sip:d>"]
    prims.raises(SipError, split, '"open', ",")
    prims.raises(SipError, split, "<open", ",")


def test_addresses():
    address = sip_message.address
    assert address("sip:a@b;tag=7") == ("", "sip:a@b", {"tag": "7"})
    assert address('"A \\"B\\" <c>" <sip:a@b;lr>;Tag = 7;x') == ('A "B" <c>', "sip:a@b;lr", {"tag": "7", "x": ""})
    assert address("Ana <sip:a@b>")[0] == "Ana"
    for bad in ("", "<>", ";tag=1", "a b", '"x"', "<sip:a@b> y"):
        prims.raises(SipError, address, bad)


def test_uris():
    uri = sip_message.uri
    assert uri("sip:a:b@H.example:5070;lr;x=Y?s=1") == ("sip", "a:b", "h.example", 5070, {"lr": "", "x": "Y"})
    assert uri("SIP:h") == ("sip", "", "h", 0, {})
    assert uri("sip:a@[::1]:9")[2:4] == ("[::1]", 9)
    assert uri("tel:+34-91;phone-context=x")[:2] == ("tel", "+34-91")
    assert prims.raises(SipError, uri, "sips:a@b").status == 416
    for bad in ("", "sip", "sip:", "sip:a@", "sip:a@b:0x1", "sip:a@b:99999", "sip:a@b c", "sip:::1"):
        prims.raises(SipError, uri, bad)


def test_via():
    sent_by, host, port, values = sip_message.via("SIP / 2.0 / UDP a.b : 5062 ; rport;branch= z1")
    assert (sent_by, host, port, values) == ("a.b:5062", "a.b", 5062, {"rport": "", "branch": "z1"})
    for bad in ("", "SIP/2.0/UDP", "SIP/2.0 a.b", "HTTP/2.0/UDP a", "SIP/2.0/UDP a b"):
        prims.raises(SipError, sip_message.via, bad)


def test_numbers():
    assert sip_message.number("2147483647") == 2147483647
    for bad in ("", "-1", "+1", "2147483648", "00000000001", "1e3", " 1"):
        prims.raises(SipError, sip_message.number, bad)
    prims.raises(SipError, sip_message.number, "256", 255)


def test_header_names_have_their_usual_capitals():
    message = sip_message.Message("INFO", "sip:a@b")
    for name in ("via", "call-id", "cseq", "www-authenticate", "content-type"):
        message.add(name, "x")
    text = str(message.encode(), "utf-8")
    assert text.split("\r\n")[:6] == [
        "INFO sip:a@b SIP/2.0",
        "Via: x",
        "Call-ID: x",
        "CSeq: x",
        "WWW-Authenticate: x",
        "Content-Type: x",
    ]
    assert text.endswith("Content-Length: 0\r\n\r\n")
