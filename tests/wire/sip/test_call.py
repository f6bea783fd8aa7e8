"""Calls between two agents over a network that loses, repeats and crosses messages (flows as in RFC 3665)."""

from support.device import primitives as prims
from support.device.sip_network import Dice, invite, pair, talk
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.dtmf_sender import send_key
from testigo_wire.sip.message import SipError


def ended(end, status, local):
    event = end.take(sip_event.ENDED)
    assert (event.status, event.local) == (status, local), (event.status, event.local)
    assert end.events == [] and end.agent.calls == []


def drained(network, *ends):
    """After the timers have run out nothing is held any more."""
    network.run(200000)
    for end in ends:
        assert end.agent.transactions == {} and end.agent.calls == [] and len(end.agent.out) == 0
        assert end.agent.deadline() is None


def test_ring_answer_talk_hang_up():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben)
    event = ben.take(sip_event.INCOMING)
    assert (other.caller, other.callee) == ("sip:ana@192.0.2.1", "sip:ben@192.0.2.2")
    other.ring(network.now)
    network.settle()
    assert ana.take(sip_event.PROGRESS).status == 180
    body, _ = ben.media.answer(event.body)
    other.answer(body, network.now)
    network.settle()
    event = ana.take(sip_event.ANSWERED)
    assert ana.media.accept(event.body).port == 4000
    ben.take(sip_event.CONFIRMED)
    call.hang_up(network.now)
    network.settle()
    ended(ana, 200, True)
    ended(ben, 200, False)
    assert network.seen == [
        "INVITE sip:ben@192.0.2.2 SIP/2.0",
        "SIP/2.0 100 Trying",
        "SIP/2.0 180 Ringing",
        "SIP/2.0 200 OK",
        "ACK sip:ben@192.0.2.2:5060 SIP/2.0",
        "BYE sip:ben@192.0.2.2:5060 SIP/2.0",
        "SIP/2.0 200 OK",
    ]
    drained(network, ana, ben)


def test_the_callee_hangs_up():
    network, ana, ben = pair()
    _, other = talk(network, ana, ben)
    other.hang_up(network.now)
    network.settle()
    ended(ana, 200, False)
    ended(ben, 200, True)
    drained(network, ana, ben)


def test_busy():
    network, ana, ben = pair()
    _, other = invite(network, ana, ben)
    other.reject(486, network.now)
    network.settle()
    ended(ana, 486, False)
    del ben.events[0]
    ended(ben, 486, True)
    assert network.count("ACK") == 1
    drained(network, ana, ben)


def test_cancelled_while_it_rings():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben)
    other.ring(network.now)
    network.settle()
    call.hang_up(network.now)
    network.settle()
    del ana.events[0], ben.events[0]
    ended(ana, 487, True)
    ended(ben, 487, False)
    drained(network, ana, ben)


def test_a_cancel_waits_for_a_provisional_response():
    network, ana, ben = pair()
    network.lose = lambda text, sender: sender == ben.address
    call, _ = invite(network, ana, ben)
    call.hang_up(network.now)
    network.settle()
    assert network.count("CANCEL") == 0
    network.lose = lambda text, sender: False
    network.run(600)
    assert network.count("CANCEL") == 1
    ended(ana, 487, True)
    drained(network, ana, ben)


def test_an_answer_that_crosses_the_cancel_gets_a_bye():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben)
    body, _ = ben.media.answer(other.body_received)
    call.hang_up(network.now)
    other.answer(body, network.now)
    network.settle()
    ended(ana, 487, True)
    ben.take(sip_event.INCOMING)
    ben.take(sip_event.CONFIRMED)
    ended(ben, 200, False)
    assert network.count("ACK") == network.count("BYE") == 1
    drained(network, ana, ben)


def test_an_invite_without_response_times_out():
    network, ana, ben = pair()
    network.lose = lambda text, sender: True
    invite(network, ana, ben)
    network.run(40000)
    ended(ana, 408, False)
    drained(network, ana, ben)


def test_the_answer_is_repeated_after_a_lost_ack():
    network, ana, ben = pair()
    network.lose = lambda text, sender: text.startswith("ACK")
    _, other = invite(network, ana, ben)
    other.answer(ben.media.answer(other.body_received)[0], network.now)
    network.settle()
    assert other.state == sip_call.ACCEPTED
    network.lose = lambda text, sender: False
    network.run(600)
    assert other.state == sip_call.CONFIRMED
    assert network.count("ACK") == 2
    assert [event.kind for event in ana.events] == [sip_event.ANSWERED]


def test_without_an_ack_the_callee_ends_the_call():
    network, ana, ben = pair()
    network.lose = lambda text, sender: text.startswith("ACK")
    _, other = invite(network, ana, ben)
    other.answer(ben.media.answer(other.body_received)[0], network.now)
    network.run(40000)
    del ana.events[0], ben.events[0]
    ended(ben, 408, False)
    ended(ana, 200, False)
    drained(network, ana, ben)


def test_hanging_up_before_the_ack_waits_for_it():
    network, ana, ben = pair()
    network.lose = lambda text, sender: text.startswith("ACK")
    _, other = invite(network, ana, ben)
    other.answer(ben.media.answer(other.body_received)[0], network.now)
    other.hang_up(network.now)
    network.settle()
    assert network.count("BYE") == 0
    network.lose = lambda text, sender: False
    network.run(1000)
    assert network.count("BYE") == 1
    drained(network, ana, ben)


def test_calls_work_over_a_lossy_network():
    for seed in range(30):
        network, ana, ben = pair()
        dice = Dice(seed)
        network.lose = lambda text, sender, dice=dice: dice.below(10) < 4
        call, _ = invite(network, ana, ben)
        network.run(15000)
        if not ben.events:
            continue
        other = ben.events[0].call
        other.ring(network.now)
        network.run(2000)
        if other.state != sip_call.INCOMING:
            continue
        other.answer(ben.media.answer(other.body_received)[0], network.now)
        network.run(20000)
        call.hang_up(network.now)
        drained(network, ana, ben)
        for end in (ana, ben):
            assert [event.kind for event in end.events].count(sip_event.ENDED) == 1


def test_an_offer_in_the_answer():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben, body=b"")
    assert ben.take(sip_event.INCOMING).body is None
    other.answer(ben.media.offer(), network.now)
    network.settle()
    event = ana.take(sip_event.ANSWERED)
    assert network.count("ACK") == 0
    network.run(600)
    assert network.count("ACK") == 0
    call._acknowledge(call.dialog, call.request, ana.media.answer(event.body)[0])
    network.settle()
    assert ben.media.accept(ben.take(sip_event.CONFIRMED).body).encoding == "PCMU"
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_hold_and_resume():
    network, ana, ben = pair()
    call, other = talk(network, ana, ben)
    for direction, held in (("sendonly", True), ("sendrecv", False)):
        other.offer(ben.media.offer(direction=direction), network.now)
        network.settle()
        event = ana.take(sip_event.OFFER)
        body, agreed = ana.media.answer(event.body)
        assert agreed.held is held
        call.accept(body, network.now)
        network.settle()
        ben.media.accept(ben.take(sip_event.ACCEPTED).body)
    assert call.state == other.state == sip_call.CONFIRMED
    other.hang_up(network.now)
    drained(network, ana, ben)


def test_a_refused_offer_leaves_the_call_as_it_is():
    network, ana, ben = pair()
    call, other = talk(network, ana, ben)
    other.offer(ben.media.offer(), network.now)
    network.settle()
    ana.take(sip_event.OFFER)
    call.refuse(488, network.now)
    network.settle()
    assert ben.take(sip_event.REFUSED).status == 488
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_offers_that_cross_are_both_refused():
    network, ana, ben = pair()
    call, other = talk(network, ana, ben)
    call.offer(ana.media.offer(), network.now)
    other.offer(ben.media.offer(), network.now)
    network.settle()
    assert ana.take(sip_event.REFUSED).status == 491
    assert ben.take(sip_event.REFUSED).status == 491
    prims.raises(SipError, call.accept, None, network.now)
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_keys_by_info():
    network, ana, ben = pair()
    call, other = talk(network, ana, ben)
    send_key(call, "#", network.now, 200)
    network.settle()
    event = ben.take(sip_event.KEY)
    assert (event.digit, event.duration, event.call) == ("#", 200, other)
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_a_peer_that_answers_481_ends_the_call():
    network, ana, ben = pair()
    call, _ = talk(network, ana, ben)
    del ben.agent.calls[:]
    send_key(call, "1", network.now)
    network.settle()
    ended(ana, 408, False)
    drained(network, ana, ben)


def test_actions_in_the_wrong_state_are_refused():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben)
    for act in (
        lambda: call.ring(network.now),
        lambda: call.answer(b"", network.now),
        lambda: call.reject(486, network.now),
        lambda: call.offer(b"", network.now),
        lambda: send_key(call, "1", network.now),
        lambda: other.offer(b"", network.now),
        lambda: other.accept(None, network.now),
    ):
        prims.raises(SipError, act)
    call.hang_up(network.now)
    call.hang_up(network.now)
    network.settle()
    call.hang_up(network.now)
    other.hang_up(network.now)
    drained(network, ana, ben)


def test_reliable_ringing_is_repeated_until_its_prack():
    network, ana, ben = pair()
    call, other = invite(network, ana, ben, headers=[("Require", "100rel")])
    other.ring(network.now)
    other.ring(network.now, ben.media.answer(other.body_received)[0])
    network.run(600)
    assert network.count("SIP/2.0 180") == 2 and network.count("SIP/2.0 183") == 0
    call.number += 1
    message = call.dialog.request("PRACK", call.number)
    message.add("rack", "1 1 INVITE")
    ana.agent.send(message, ben.address, None, network.now)
    network.settle()
    assert network.count("SIP/2.0 183") == 1
    other.answer(other.body_sent, network.now)
    network.run(10000)
    assert network.count("SIP/2.0 183") == 1
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_a_session_without_refresh_ends():
    network, ana, ben = pair()
    headers = [("Supported", "timer"), ("Session-Expires", "120")]
    call, other = invite(network, ana, ben, headers=headers)
    other.answer(ben.media.answer(other.body_received)[0], network.now)
    network.run(60000)
    call.number += 1
    update = call.dialog.request("UPDATE", call.number)
    for name, value in headers:
        update.add(name.lower(), value)
    ana.agent.send(update, ben.address, None, network.now)
    network.run(110000)
    assert other.state == sip_call.CONFIRMED
    network.run(20000)
    assert other.state == sip_call.TERMINATED
    drained(network, ana, ben)


def test_we_refresh_if_the_caller_requests_it():
    network, ana, ben = pair()
    headers = [("Supported", "timer"), ("Session-Expires", "100;refresher=uas")]
    call, other = invite(network, ana, ben, headers=headers)
    other.answer(ben.media.answer(other.body_received)[0], network.now)
    network.run(130000)
    assert network.count("UPDATE") == 2
    assert call.state == other.state == sip_call.CONFIRMED
    call.hang_up(network.now)
    drained(network, ana, ben)


def test_an_answer_with_an_unreadable_contact_ends_the_call():
    for spoil, status in (
        (("Contact: <", "Contact: <sips:"), 200),
        (("Contact:", "Record-Route: <x:y>\r\nContact:"), 502),
    ):
        network, ana, ben = pair()
        call, other = invite(network, ana, ben)
        other.answer(ben.media.answer(other.body_received)[0], network.now)
        *_, (data, target) = ben.agent.datagrams()
        ben.agent.out.append((str(data, "utf-8").replace(*spoil).encode(), target))
        network.settle()
        call.hang_up(network.now)
        network.settle()
        assert ana.events[-1].kind == sip_event.ENDED and ana.events[-1].status == status


def test_a_call_that_ends_refuses_a_pending_offer():
    network, ana, ben = pair()
    call, other = talk(network, ana, ben)
    other.offer(ben.media.offer(), network.now)
    network.settle()
    ana.take(sip_event.OFFER)
    call.hang_up(network.now)
    network.settle()
    assert network.count("SIP/2.0 487") == 1
    drained(network, ana, ben)
