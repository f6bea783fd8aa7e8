"""Calls over a line that changes what it carries: nothing but events comes of it, and nothing stays behind."""

from support.device.sip_network import Dice, invite, pair
from testigo_wire.sip import call as sip_call
from testigo_wire.sip import events as sip_event
from testigo_wire.sip.dtmf_sender import send_key
from testigo_wire.sip.message import SipError

GARBLED = 40


def garble(dice, text):
    """Change a few characters, or repeat or drop a line."""
    lines = text.split("\r\n")
    at = dice.below(len(lines))
    what = dice.below(4)
    if what == 0:
        lines.insert(at, lines[dice.below(len(lines))])
    elif what == 1:
        lines.pop(at)
    else:
        for _ in range(1 + dice.below(3)):
            line = lines[at]
            cut = dice.below(len(line) + 1)
            lines[at] = line[:cut] + '";,<>:@= 0%'[dice.below(11)] + line[cut + dice.below(3) :]
    return "\r\n".join(lines)


def test_garbled_messages_raise_no_error():
    for seed in range(GARBLED):
        network, ana, ben = pair()
        dice = Dice(seed)
        network.change = lambda text, dice=dice: garble(dice, text) if dice.below(3) == 0 else text
        call, _ = invite(network, ana, ben)
        for turn in range(6):
            for one in (call, ben.agent.calls[0] if ben.agent.calls else None):
                try:
                    if one is None:
                        continue
                    if one.state == sip_call.INCOMING and turn == 0:
                        one.ring(network.now)
                    elif one.state == sip_call.INCOMING:
                        one.answer(ben.media.offer(), network.now)
                    elif one.state == sip_call.CONFIRMED:
                        if turn % 2:
                            one.offer(ana.media.offer(), network.now)
                        else:
                            send_key(one, "1", network.now)
                except SipError:
                    pass
                for end in (ana, ben):
                    for event in end.events:
                        if event.kind == sip_event.OFFER and event.call.offered:
                            event.call.accept(None, network.now)
                network.run(700)
        for _ in range(2):  # an INVITE may get through as late as this
            for end in (ana, ben):
                for one in end.agent.calls[:]:
                    one.hang_up(network.now)
            network.run(300000)
        for end in (ana, ben):
            assert end.agent.calls == [] and end.agent.transactions == {}
            count = [event.call for event in end.events if event.kind == sip_event.ENDED]
            for one in count:
                assert count.count(one) == 1
