"""Descriptions: what peers offer, what we answer, hold, and what is refused (RFC 8866, RFC 3264)."""

from support.device import primitives as prims
from support.device.sip_network import Dice
from testigo_wire.sip import sdp

HEAD = "v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
PLAIN = "m=audio 7000 RTP/AVP 8 0\r\n"


def end(host="192.0.2.1"):
    return sdp.Endpoint(host, 4000, Dice())


def answer(text, **options):
    body, agreed = end().answer((HEAD + text).encode(), **options)
    return str(body, "utf-8").split("\r\n"), agreed


def test_both_ends_agree():
    ana, ben = end(), end("192.0.2.2")
    body, there = ben.answer(ana.offer())
    here = ana.accept(body)
    assert (here.host, here.port, there.host) == ("192.0.2.2", 4000, "192.0.2.1")
    for agreed in (here, there):
        assert (agreed.encoding, agreed.payload_type, agreed.event_type) == ("PCMU", 0, 101)
        assert (agreed.direction, agreed.held, agreed.ptime, agreed.record) == ("sendrecv", False, 20, None)


def test_the_payload_type_and_order_of_the_offer_are_kept():
    lines, agreed = answer(
        "m=audio 7000 RTP/AVP 18 8 0 99\r\na=rtpmap:8 pcma/8000/1\r\na=rtpmap:99 Telephone-Event/8000\r\na=ptime:30\r\n"
    )
    assert (agreed.encoding, agreed.payload_type, agreed.event_type, agreed.ptime) == ("PCMA", 8, 99, 30)
    assert agreed.encodings == ["PCMA", "PCMU"]
    assert "m=audio 4000 RTP/AVP 8 99" in lines and "a=fmtp:99 0-16" in lines


def test_g711_has_its_static_payload_types_only():
    """Notices and the other leg's packets go out under those of RFC 3551: under another the peer would hear nothing."""
    _, agreed = answer("m=audio 7000 RTP/AVP 97 8\r\na=rtpmap:97 PCMU/8000\r\n")
    assert (agreed.encoding, agreed.payload_type, agreed.encodings) == ("PCMA", 8, ["PCMA"])
    for wrong in ("97\r\na=rtpmap:97 PCMU/8000\r\n", "8\r\na=rtpmap:8 PCMU/8000\r\n", "0\r\na=rtpmap:0 G729/8000\r\n"):
        try:
            raise AssertionError(answer("m=audio 7000 RTP/AVP " + wrong))
        except sdp.SdpError as error:
            assert str(error) == "no encoding in common"


def test_other_streams_are_refused_in_their_place():
    lines, agreed = answer(
        "m=video 9 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n" + PLAIN + "m=audio 7002 RTP/SAVP 0\r\nm=image 9 udptl t38\r\n"
    )
    assert [line for line in lines if line[:2] == "m="] == [
        "m=video 0 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
        "m=audio 4000 RTP/AVP 8",
        "m=audio 0 RTP/SAVP 0",
        "m=image 0 udptl t38",
    ]
    assert agreed.port == 7000


def test_directions():
    for theirs, ours, held in (
        ("sendrecv", "sendrecv", False),
        ("sendonly", "recvonly", True),
        ("recvonly", "sendonly", False),
        ("inactive", "inactive", True),
    ):
        lines, agreed = answer(PLAIN + "a=" + theirs + "\r\n")
        assert (agreed.direction, agreed.held) == (ours, held) and "a=" + ours in lines
    assert answer("a=sendonly\r\n" + PLAIN)[1].held
    assert answer(PLAIN + "c=IN IP4 0.0.0.0\r\n")[1].direction == "recvonly"
    assert answer(PLAIN, direction="inactive")[1].direction == "inactive"
    assert answer(PLAIN, direction="recvonly")[1].direction == "recvonly"


def test_recording_awareness_and_other_attributes():
    lines, agreed = answer(PLAIN + "a=record:paused\r\na=x-thing:1\r\n", record="on")
    assert agreed.record == "paused" and "a=record:on" in lines
    session = sdp.parse((HEAD + "a=group:x y\r\n" + PLAIN + "a=x-thing:1\r\na=flag\r\n").encode())
    assert session.attributes == [("group", "x y")]
    assert session.media[0].attributes == [("x-thing", "1"), ("flag", "")]


def test_the_version_grows_only_with_a_change():
    one = end()

    def version(body):
        return str(body, "utf-8").split("\r\n")[1].split(" ")[2]

    assert [version(one.offer()), version(one.offer())] == ["1", "1"]
    assert version(one.offer(direction="sendonly")) == "2"


def test_bare_line_feeds_are_accepted():
    assert sdp.parse((HEAD + PLAIN).replace("\r\n", "\n").encode()).media[0].port == 7000


def test_no_encoding_in_common_is_an_error():
    for text in (
        "",
        "m=audio 7000 RTP/AVP 18\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 7000 RTP/SAVP 0\r\n",
        "m=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/16000\r\n",
        "m=audio 7000 RTP/AVP 200\r\n",
        "m=audio 70000 RTP/AVP 0\r\n",
        "m=audio x RTP/AVP 0\r\n",
        "m=audio 7000\r\n",
        "c=IN IP4\r\n" + PLAIN,
        "nonsense\r\n" + PLAIN,
    ):
        prims.raises(sdp.SdpError, answer, text)
    for body in (b"", b"v=1\r\n", b"\xff", b"v=0\r\n" + b"a=x\r\n" * 300, b"v=0\r\n" + b" " * 5000):
        prims.raises(sdp.SdpError, end().answer, body)
    ana = end()
    ana.offer()
    prims.raises(sdp.SdpError, ana.accept, (HEAD + "m=audio 0 RTP/AVP 0\r\n").encode())


def test_mutations_raise_no_other_error():
    dice = Dice(4)
    whole = (HEAD + PLAIN + "a=rtpmap:8 PCMA/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n").encode()
    for _ in range(400):
        made = bytearray(whole)
        for _ in range(1 + dice.below(4)):
            made[dice.below(len(made))] = dice.below(256)
        try:
            end().answer(made)
        except sdp.SdpError:
            pass
