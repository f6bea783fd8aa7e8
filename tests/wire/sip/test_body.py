"""Bodies that hold a session description, alone or among others, and bodies that hold none."""

from support.device import primitives as prims
from testigo_wire.sip.body import keep_sdp
from testigo_wire.sip.message import Message, SipError

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
LOCATION = b"Content-Type: application/pidf+xml\r\nContent-ID: <here>\r\n\r\n<presence/>\r\n"


def message(content_type, body, encoding=None):
    made = Message("INVITE", "sip:112@x")
    made.add("content-type", content_type)
    if encoding:
        made.add("content-encoding", encoding)
    made.body = body
    return made


def multipart(*parts, boundary=b"b1"):
    return b"".join([b"--" + boundary + b"\r\n" + part for part in parts]) + b"--" + boundary + b"--\r\n"


def test_a_description_alone_stays_as_it_is():
    for content_type in ("application/sdp", "Application/SDP", "application/sdp; charset=utf-8"):
        made = message(content_type, OFFER)
        keep_sdp(made)
        assert made.body == OFFER and made.get("content-type") == content_type
    keep_sdp(message("text/plain", b""))


def test_a_description_beside_a_location():
    part = b"Content-Type: application/sdp\r\n\r\n" + OFFER + b"\r\n"
    for parts in ((part, LOCATION), (LOCATION, part), (b"content-type:APPLICATION/SDP\r\n\r\n" + OFFER + b"\r\n",)):
        for content_type in ("multipart/mixed;boundary=b1", 'Multipart/Mixed; Boundary="b1"'):
            made = message(content_type, multipart(*parts))
            keep_sdp(made)
            assert made.body == OFFER, made.body
            assert made.get("content-type") == "application/sdp"


def test_bodies_without_a_description():
    for made in (
        message("text/plain", b"x"),
        message("", b"x"),
        message("application/sdp", OFFER, "gzip"),
        message("multipart/mixed;boundary=b1", multipart(LOCATION)),
        message("multipart/mixed", multipart(LOCATION)),
        message("multipart/mixed;boundary=b2", multipart(LOCATION)),
        message("multipart/mixed;boundary=b1", b""[:0] + b"--b1"),
    ):
        assert prims.raises(SipError, keep_sdp, made).status == 415
