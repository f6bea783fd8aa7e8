"""Who may send SIP: the sides, the telephone that is registered, peers of calls, and few messages of all others."""

from recorder.call.sources import COUNTED, DROP, KNOWN, Sources
from recorder.hal_unix import Hal
from recorder.media.leg import FAR, NEAR
from support.device import stores
from support.device.two_phone_rig import Board
from testigo_wire.sip.agent import Agent
from testigo_wire.sip.limiter import PER_KNOWN_HOST, PER_SOURCE

TRUNK = ["trunk", "192.0.2.1", 5060, "", "", "", "main"]
PHONE = ["registrar", "", 5060, "100", "", "word", "main"]
INVITE = b"INVITE sip:1"


class Lookup:
    """The registrar of one telephone."""

    def __init__(self):
        self.binding = None

    def lookup(self, user, now):
        return self.binding if user == "100" else None


def sources(name):
    root = stores.fresh_root(name)
    hal = Hal(Board, {"root": root, "console": "no"})
    stores.remove_tree(root)
    agent = Agent("127.0.0.1", 5060, hal.random)
    agent.registrar = Lookup()
    made = Sources(hal, (PHONE, TRUNK), agent)
    made.refresh()
    return made, agent, hal


def admitted(made, hal, source, count=1000, now=0):
    raw = hal.source(*source)
    return [made.admits(INVITE, raw, now) for _ in range(count)]


def test_sides_are_found_by_host_and_port_then_by_host():
    made, agent, _ = sources("sides")
    assert made.side_of(("192.0.2.1", 5060)) == made.side_of(("192.0.2.1", 40000)) == FAR
    assert made.side_of(("192.0.2.9", 5060)) is None
    agent.registrar.binding = ("sip:100@192.0.2.1:5070", ("192.0.2.1", 5070))
    assert made.side_of(("192.0.2.1", 5070)) == NEAR
    assert made.side_of(("192.0.2.1", 5060)) == FAR


def test_known_sources_are_not_limited():
    made, agent, hal = sources("known")
    assert admitted(made, hal, ("192.0.2.1", 5060)) == [KNOWN] * 1000
    phone = ("192.0.2.50", 5062)
    assert admitted(made, hal, phone, 1) == [COUNTED]
    agent.registrar.binding = ("sip:100@192.0.2.50:5062", phone)
    made.refresh()
    assert admitted(made, hal, phone) == [KNOWN] * 1000


def test_others_may_send_few():
    made, _, hal = sources("others")
    found = admitted(made, hal, ("192.0.2.9", 5060))
    assert found == [COUNTED] * PER_SOURCE + [DROP] * (1000 - PER_SOURCE)
    found = admitted(made, hal, ("192.0.2.1", 40000))  # another port of the trunk
    assert found == [COUNTED] * PER_KNOWN_HOST + [DROP] * (1000 - PER_KNOWN_HOST)


def test_a_peer_of_a_call_is_known_by_its_contact():
    made, agent, hal = sources("peer")

    class Dialog:
        def next_hop(self, default):
            return ("192.0.2.77", 5060)

    class Call:
        target = ("192.0.2.1", 5060)
        dialog = Dialog()

    agent.calls.append(Call())
    made.refresh()
    assert admitted(made, hal, ("192.0.2.77", 5060)).count(COUNTED) == PER_KNOWN_HOST
