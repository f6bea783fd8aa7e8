"""Calls on a heap that is full at the worst moment: what fails for want of memory is repeated by its timer or its peer, no
half-made object stays in a table, and the call comes up and ends like any other."""

from support.device.sip_network import Dice, pair
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import register as sip_register
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.call import Call
from testigo_wire.sip.dialog import Dialog
from testigo_wire.sip.dtmf_sender import send_key
from testigo_wire.sip.events import Event
from testigo_wire.sip.message import Message
from testigo_wire.sip.registrar import Registrar
from testigo_wire.sip.transaction import Transaction

PLACES = ((Message, "__init__"), (Message, "encode"), (Event, "__init__"), (Dialog, "__init__"), (Call, "__init__"),
          (Transaction, "__init__"))  # fmt: skip


class Scarcity:
    """Within it the n-th of the allocations of PLACES raises MemoryError, and the `width` - 1 after it."""

    def __init__(self, n, width=1):
        self.left = n
        self.width = width
        self.originals = [getattr(owner, name) for owner, name in PLACES]

    def failing(self, original):
        def allocate(*arguments, **named):
            self.left -= 1
            if -self.width < self.left + 1 <= 0:
                raise MemoryError
            return original(*arguments, **named)

        return allocate

    def __enter__(self):
        for (owner, name), original in zip(PLACES, self.originals):
            setattr(owner, name, self.failing(original))
        return self

    def __exit__(self, *raised):
        for (owner, name), original in zip(PLACES, self.originals):
            setattr(owner, name, original)

    @property
    def reached(self):
        return self.left < 0


class Survivor:
    """An agent whose application treats a MemoryError as the gateway does: the datagram is lost, an action tried again."""

    def __init__(self, end):
        self.end = end
        self.agent = end.agent
        self.receive = end.agent.receive
        end.agent.receive = self.received

    def received(self, datagram, source, now):
        try:
            return self.receive(datagram, source, now)
        except MemoryError:
            return []


def act(action):
    """Until there is memory for it."""
    for _ in range(5):
        try:
            return action()
        except MemoryError:
            pass
    raise AssertionError("no memory in the end")


def converse(n, width):
    """A call from end to end -> whether an allocation failed."""
    network, ana, ben = pair()
    for end in (ana, ben):
        Survivor(end)
    with Scarcity(n, width) as scarcity:
        body = ana.media.offer()
        call = act(lambda: ana.agent.invite("sip:ben@192.0.2.2", "sip:ana@192.0.2.1", body, ben.address, network.now))
        network.run(5000)
        other = ben.take(sip_event.INCOMING).call
        act(lambda: other.ring(network.now))
        network.run(2000)
        act(lambda: other.answer(ben.media.answer(other.body_received)[0], network.now))
        network.run(9000)
        kinds = [event.kind for event in ana.events]
        assert kinds.count(sip_event.ANSWERED) == 1, (n, kinds)
        assert [event.kind for event in ben.events] == [sip_event.CONFIRMED], n
        assert call.state == other.state == sip_call.CONFIRMED
        del ana.events[:], ben.events[:]
        act(lambda: send_key(call, "5", network.now))
        network.run(5000)
        assert [event.digit for event in ben.events] == ["5"], n
        del ben.events[:]
        act(lambda: call.offer(body, network.now))
        network.run(5000)
        assert [event.kind for event in ben.events] == [sip_event.OFFER], n
        act(lambda: other.accept(None, network.now))
        network.run(9000)
        assert [event.kind for event in ana.events] == [sip_event.ACCEPTED], n
        del ana.events[:], ben.events[:]
        act(lambda: call.hang_up(network.now))
        network.run(40000)
        assert [event.kind for event in ana.events] == [sip_event.ENDED], n
        assert [event.kind for event in ben.events] == [sip_event.ENDED], n
    for end in (ana, ben):
        assert end.agent.calls == [] and end.agent.transactions == {}, (n, end.agent.transactions)
        assert not len(end.agent.out) and not end.agent.out.dropped
    return scarcity.reached


def walk(scenario):
    """Every allocation fails once, alone and with the one after it."""
    for width in (1, 2):
        n = 0
        while scenario(n, width):
            n += 1
        assert n > 10


def test_a_call_survives_every_failed_allocation():
    walk(converse)


def refuse(n, width):
    network, ana, ben = pair()
    for end in (ana, ben):
        Survivor(end)
    with Scarcity(n, width) as scarcity:
        call = act(lambda: invite_without_settling(network, ana, ben))
        network.run(5000)
        other = ben.take(sip_event.INCOMING).call
        act(lambda: other.reject(486, network.now))
        network.run(40000)
        ended = [event for event in ana.events if event.kind == sip_event.ENDED]
        assert len(ended) == 1 and ended[0].status == 486 and call.state == sip_call.TERMINATED, n
    for end in (ana, ben):
        assert end.agent.calls == [] and end.agent.transactions == {}, n
    return scarcity.reached


def invite_without_settling(network, ana, ben):
    return ana.agent.invite("sip:ben@192.0.2.2", "sip:ana@192.0.2.1", b"", ben.address, network.now)


def test_a_refused_call_survives_every_failed_allocation():
    walk(refuse)


def cancel(n, width):
    network, ana, ben = pair()
    for end in (ana, ben):
        Survivor(end)
    with Scarcity(n, width) as scarcity:
        call = act(lambda: invite_without_settling(network, ana, ben))
        network.run(5000)
        act(lambda: call.hang_up(network.now))
        network.run(80000)
        assert [event.kind for event in ana.events if event.kind == sip_event.ENDED] == [sip_event.ENDED], n
    for end in (ana, ben):
        for one in end.agent.calls[:]:  # without memory for its CANCEL the callee's telephone rings on
            one.hang_up(network.now)
    network.run(80000)
    for end in (ana, ben):
        assert end.agent.calls == [] and end.agent.transactions == {}, n
    return scarcity.reached


def test_a_cancelled_call_survives_every_failed_allocation():
    walk(cancel)


def register(n, width):
    network, ana, ben = pair()
    for end in (ana, ben):
        Survivor(end)
    ben.agent.registrar = Registrar("r", {"ana": "naranja"}, Dice(5))
    credentials = Credentials("ana", "naranja", Dice(6))
    with Scarcity(n, width) as scarcity:
        act(lambda: sip_register.register(ana.agent, "sip:ana@192.0.2.2", ben.address, credentials, network.now))
        network.run(100000)
        assert ben.agent.registrar.lookup("ana", network.now), n
        assert sip_event.REGISTERED in [event.kind for event in ana.events], n
    assert len(ana.agent.registrations) == 1, n
    return scarcity.reached


def test_a_registration_survives_every_failed_allocation():
    walk(register)


def test_a_message_without_memory_leaves_nothing_half_made():
    for n in range(8):
        network, ana, ben = pair()
        call = invite_without_settling(network, ana, ben)
        ((datagram, _),) = ana.agent.datagrams()
        with Scarcity(n):
            try:
                ben.agent.receive(datagram, ana.address, network.now)
                continue
            except MemoryError:
                assert ben.agent.calls == [] and ben.agent.transactions == {}, n
        assert call and len(ben.agent.receive(datagram, ana.address, network.now)) == 1
