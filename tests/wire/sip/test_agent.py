"""What an agent answers to strangers: requests outside of calls, malformed ones, floods; forks, routes, passwords."""

from support.device.sip_network import Dice, End, Network, invite, pair, talk
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.authenticator import Authenticator
from testigo_wire.sip.dialog import Dialog
from testigo_wire.sip.dtmf_sender import send_key
from testigo_wire.sip.message import response
from testigo_wire.sip.parser import parse

PEER = ("192.0.2.9", 5099)


def agent():
    return End(Network(), "192.0.2.1", 1).agent


def request(method, more=(), to="", number=1, branch="z9hG4bKx", body=""):
    lines = [
        method + " sip:line@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.9:5070;rport;branch=" + branch,
        "From: <sip:x@192.0.2.9>;tag=f1",
        "To: <sip:line@192.0.2.1>" + to,
        "Call-ID: foreign",
        "CSeq: %d %s" % (number, method),
        "Contact: <sip:x@192.0.2.9:5099>",
    ]
    lines.extend(more)
    return "\r\n".join(lines + ["", body]).encode()


def ask(one, data):
    """The responses to a datagram, and where they went."""
    one.receive(data, PEER, 0)
    return [(parse(data), target) for data, target in one.datagrams()]


def test_options_lists_methods_and_extensions():
    ((message, target),) = ask(agent(), request("OPTIONS"))
    assert (message.status, target) == (200, PEER)
    assert "INVITE" in message.get("allow") and message.get("accept") == "application/sdp"
    assert "received=192.0.2.9" in message.get("via") and "rport=5099" in message.get("via")
    assert message.to_tag


def test_responses_go_where_via_says():
    data = request("OPTIONS").replace(b"rport;", b"")
    assert ask(agent(), data)[0][1] == ("192.0.2.9", 5070)


def test_refusals():
    for method, to, more, status in (
        ("MESSAGE", "", (), 405),
        ("REGISTER", "", (), 405),
        ("BYE", ";tag=none", (), 481),
        ("INVITE", ";tag=none", (), 481),
        ("CANCEL", "", (), 481),
        ("INVITE", "", ("Require: foo, timer, bar",), 420),
        ("INVITE", "", ("Content-Type: text/plain",), 415),
        ("INVITE", "", ("Content-Type: application/sdp", "Content-Encoding: gzip"), 415),
        ("INVITE", "", ("Supported: timer", "Session-Expires: 30"), 422),
        ("INVITE", "", ("Contact: <sip:second@192.0.2.9>",), 400),
    ):
        one = agent()
        answers = ask(one, request(method, more, to, body="v" if "Content" in "".join(more) else ""))
        assert answers[-1][0].status == status, (method, answers[-1][0].status)
        assert one.calls == [] and one.datagrams() == []
    assert ask(agent(), request("ACK", to=";tag=none")) == []


def test_a_420_names_what_is_not_supported():
    ((message, _),) = ask(agent(), request("INVITE", ("Require: foo, timer, bar",)))
    assert message.all("unsupported") == ["foo", "bar"]


def test_malformed_requests_get_a_reason():
    ((message, target),) = ask(agent(), request("OPTIONS", ("Content-Length: 99",)))
    assert (message.status, message.reason, target) == (400, "body shorter than its length", PEER)
    ((message, _),) = ask(agent(), request("OPTIONS").replace(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"))
    assert message.status == 505
    assert ask(agent(), b"junk\r\n\r\n") == []
    assert ask(agent(), request("ACK", ("Content-Length: 99",))) == []
    assert ask(agent(), b"SIP/2.0 700 no\r\n" + request("OPTIONS").split(b"\r\n", 1)[1]) == []


def test_garbage_raises_no_error_and_opens_no_transaction():
    dice, one = Dice(3), agent()
    whole = request("INVITE", ("Content-Type: application/sdp", "Require: 100rel", "Session-Expires: 90;x"), body="v=0")
    for turn in range(400):
        made = bytearray(whole)
        for _ in range(1 + turn % 5):
            made[dice.below(len(made))] = dice.below(256)
        one.receive(made, PEER, turn)
        one.datagrams()
    assert len(one.calls) <= one.max_calls
    assert len(one.transactions) <= 41


def test_a_flood_of_requests_is_refused():
    one = agent()
    statuses = []
    for i in range(50):
        data = request("INVITE", branch="z9hG4bK%d" % i).replace(b"foreign", b"call%d" % i)
        statuses.append(ask(one, data)[-1][0].status)
    assert statuses.count(100) == one.max_calls == len(one.calls)
    assert statuses[-1] == 503


def test_an_invite_that_arrives_by_two_paths_is_one_call():
    one = agent()
    assert ask(one, request("INVITE"))[-1][0].status == 100
    assert ask(one, request("INVITE"))[-1][0].status == 100  # a repetition
    assert ask(one, request("INVITE", branch="z9hG4bKother"))[-1][0].status == 482


def test_numbers_out_of_order_are_refused():
    network, ana, ben = pair()
    call, _ = talk(network, ana, ben)
    call.number -= 1
    ana.agent.send(call.dialog.request("OPTIONS", call.number), ben.address, None, network.now)
    network.settle()
    assert network.count("SIP/2.0 500") == 1


def test_other_branches_of_a_fork_get_a_bye():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben)
    request_ = other.request
    for tag in ("one", "two"):
        answer = response(request_, 200, tag)
        answer.add("contact", "<sip:%s@192.0.2.2>" % tag)
        answer.add("content-type", "application/sdp")
        answer.body = ben.media.answer(other.body_received)[0]
        ben.agent.out.append((answer.encode(), ana.address))
    network.settle()
    assert call.dialog.remote_tag == "one"
    assert network.count("ACK sip:one") == network.count("ACK sip:two") == 1
    assert network.count("BYE sip:two") == 1 and network.count("BYE sip:one") == 0
    assert [event.kind for event in ana.events] == [sip_event.ANSWERED]


def test_callers_are_challenged_for_their_password():
    for password, calls in (("naranja", 1), ("manzana", 0)):
        network, ana, ben = pair()
        ben.agent.authenticator = Authenticator("r", {"ana": "naranja"}, Dice(7))
        credentials = Credentials("ana", password, Dice(8))
        call, _ = invite(network, ana, ben, credentials=credentials)
        assert len(ben.agent.calls) == calls
        assert call.number == (2 if calls else 3)
        ben.agent.trusted = ("192.0.2.1",)
        invite(network, ana, ben)
        assert len(ben.agent.calls) == calls + 1


def test_routes_loose_and_strict():
    for lines, start, routes in (
        (["Record-Route: <sip:p1;lr>, <sip:p2;lr>"], "BYE sip:x@192.0.2.9:5099", ["<sip:p1;lr>", "<sip:p2;lr>"]),
        (["Record-Route: <sip:p1>", "Record-Route: <sip:p2>"], "BYE sip:p1", ["<sip:p2>", "<sip:x@192.0.2.9:5099>"]),
    ):
        dialog = Dialog(parse(request("INVITE", lines)), "us")
        message = dialog.request("BYE", 5)
        assert str(message.encode(), "utf-8").startswith(start + " SIP/2.0")
        assert message.all("route") == routes
        assert message.get("from").endswith(";tag=us") and message.get("to").endswith(";tag=f1")
    assert dialog.next_hop(PEER) == PEER
    assert Dialog(parse(request("INVITE")), "us").next_hop(None) == PEER


def test_keys_by_info_leave_room_for_other_calls():
    """Each leaves a transaction that waits half a minute for its repetition: the older ones make room."""
    network, ana, ben = pair()
    call, _ = talk(network, ana, ben)
    while len(ben.agent.transactions) < 40:
        send_key(call, "5", network.now)
        network.run(100)
    second, other = invite(network, ana, ben)
    assert other and ben.agent.calls[-1] is other and second.state != "T"
    assert len(ben.agent.transactions) < 40
    send_key(call, "6", network.now)  # the call goes on as before
    network.run(100)
    assert [event.digit for event in ben.events if event.kind == sip_event.KEY][-1] == "6"


def test_requests_in_a_call_are_limited():
    """A peer that sends keys without end for half a minute; the last ones are still known when they come again."""
    network, ana, ben = pair()
    call, _ = talk(network, ana, ben)
    for _ in range(150):
        send_key(call, "5", network.now)
        network.run(20)
        assert len(ben.agent.transactions) <= 41
    assert len([1 for event in ben.events if event.kind == sip_event.KEY]) == 150


def test_an_urgent_invite_passes_authentication_filter_and_limits():
    one = agent()
    one.authenticator = Authenticator("testigo", {"desk": "secret"}, Dice(5))
    one.source_filter = lambda source: None
    one.max_calls = 0
    one.is_urgent = lambda message, source: message.uri == "urn:service:sos" and source == PEER
    for uri, status in (("sip:line@192.0.2.1", 401), ("urn:service:sos.fire", 416), ("sips:line@192.0.2.1", 416)):
        data = request("INVITE").replace(b"sip:line@192.0.2.1 SIP", uri.encode() + b" SIP")
        assert [answer.status for answer, _ in ask(one, data)] == [status], uri
    assert one.calls == []
    data = request("INVITE", ("Require: foo",)).replace(b"sip:line@192.0.2.1 SIP", b"urn:service:sos SIP")
    one.transactions = {number: _Done() for number in range(40)}
    (event,) = one.receive(data, PEER, 0)
    assert event.kind == sip_event.INCOMING and event.call.urgent and event.call.callee == "urn:service:sos"
    ((answer, _),) = [(parse(data), target) for data, target in one.datagrams()]
    assert answer.status == 100 and one.calls == [event.call]
    event.call.reject(603, 0)
    assert one.calls == []


class _Done:
    """A transaction that cannot make room."""

    kind = state = "x"


def test_a_scheme_for_emergency_calls_is_refused_in_other_requests():
    for method in ("OPTIONS", "REGISTER", "INVITE", "MESSAGE"):
        for uri in (b"sips:line@192.0.2.1", b"urn:service:sos"):
            data = request(method).replace(b"sip:line@192.0.2.1 SIP", uri + b" SIP")
            ((answer, _),) = ask(agent(), data)
            assert answer.status == 416, (method, uri)
