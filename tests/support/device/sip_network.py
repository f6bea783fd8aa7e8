"""SIP agents joined by a network in memory, with a clock that is set by hand and datagrams that may be lost."""

from testigo_wire.sip import sdp
from testigo_wire.sip.agent import Agent


class Dice:
    """Bytes that look random and are the same in every run."""

    def __init__(self, seed=1):
        self.state = seed

    def __call__(self, n):
        return bytes([self.below(256) for _ in range(n)])

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self.state >> 8) % limit


class End:
    """An agent at an address, and the events it gave."""

    def __init__(self, network, host, seed):
        self.network = network
        self.address = (host, 5060)
        self.random = Dice(seed)
        self.agent = Agent(host, 5060, self.random)
        self.media = sdp.Endpoint(host, 4000, self.random)
        self.events = []

    def take(self, kind):
        """The first waiting event of a kind; the ones before it must not exist."""
        event = self.events.pop(0)
        assert event.kind == kind, event.kind
        return event


class Network:
    """`lose(text, sender)` says whether a datagram gets lost, `change(text)` gives what arrives in its place; `seen` are
    the start lines that were sent."""

    def __init__(self):
        self.now = 10000
        self.ends = {}
        self.seen = []
        self.lose = lambda text, sender: False
        self.change = lambda text: text

    def end(self, host, seed):
        end = End(self, host, seed)
        self.ends[end.address] = end
        return end

    def settle(self):
        """Deliver until nothing moves, with the clock standing."""
        moved = True
        while moved:
            moved = False
            for end in list(self.ends.values()):
                at = end.agent.deadline()
                if at is not None and at <= self.now:
                    end.events.extend(end.agent.tick(self.now))
                for data, target in end.agent.datagrams():
                    moved = True
                    text = str(data, "utf-8")
                    self.seen.append(text.split("\r\n")[0])
                    if target in self.ends and not self.lose(text, end.address):
                        other = self.ends[target]
                        data = self.change(text).encode()
                        other.events.extend(other.agent.receive(data, end.address, self.now))

    def run(self, ms):
        """Let time pass, from deadline to deadline."""
        end = self.now + ms
        while True:
            self.settle()
            times = [one.agent.deadline() for one in self.ends.values()]
            times = [at for at in times if at is not None]
            if not times or min(times) > end:
                break
            assert min(times) > self.now
            self.now = min(times)
        self.now = end

    def count(self, start):
        return len([line for line in self.seen if line.startswith(start)])


def pair():
    """(network, ana, ben)."""
    network = Network()
    return network, network.end("192.0.2.1", 1), network.end("192.0.2.2", 2)


def invite(network, ana, ben, body=None, **options):
    """Ana calls Ben; (Ana's call, Ben's call), with the INCOMING event left in Ben's events."""
    body = ana.media.offer() if body is None else body
    call = ana.agent.invite("sip:ben@192.0.2.2", "sip:ana@192.0.2.1", body, ben.address, network.now, **options)
    network.settle()
    return call, ben.events[-1].call if ben.events else None


def talk(network, ana, ben):
    """Both calls, answered; the events up to there are taken away."""
    call, other = invite(network, ana, ben)
    body, _ = ben.media.answer(other.body_received)
    other.answer(body, network.now)
    network.settle()
    ana.media.accept(call.body_received)
    del ana.events[:]
    del ben.events[:]
    return call, other
