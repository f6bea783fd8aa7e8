"""Sessions that change during a call (RFC 3261 section 14, RFC 3311): hold, a new address, another participant.

Loaded when the first one comes.
"""

from testigo_wire.sip import sdp


def offered(bridge, event, record, now):
    """A re-INVITE or UPDATE with an offer, or without one. The codec stays.

    -> (leg, message, Agreed or None, whether the hold state changed).
    """
    leg = bridge.leg_of(event.call)
    if leg.agreed is None:
        leg.sip.accept(None, now)
        return leg, event.message, None, False
    encodings = (leg.agreed.encoding,)
    try:
        if event.body is None:  # without an offer: the appliance offers, the answer comes with the ACK
            bridge.unanswered[leg.side] = event.message
            body = leg.endpoint.offer(encodings, leg.agreed.event_type, record=record)
            leg.announced_state = record
            leg.sip.accept(body, now)
            return leg, event.message, leg.agreed, False  # the answer is not known yet
        body, agreed = leg.endpoint.answer(event.body, encodings=encodings, record=record)
        changed = leg.agree(agreed)
    except sdp.SdpError:
        leg.sip.refuse(488, now)
        return leg, event.message, None, False
    bridge.route(leg)  # telephone events may have a new payload type, and an objection must be recognised
    leg.announced_state = record
    leg.sip.accept(body, now)
    return leg, event.message, agreed, changed


def accepted(bridge, event):
    """The answer to an offer of the appliance; returns what `offered` returns."""
    leg = bridge.leg_of(event.call)
    message, agreed, changed = event.message, None, False
    if message is None:  # in the ACK, which does not identify its sender
        message, bridge.unanswered[leg.side] = bridge.unanswered[leg.side], None
    try:
        if event.body:
            agreed = leg.endpoint.accept(event.body)
            changed = leg.agree(agreed)
            bridge.route(leg)
    except sdp.SdpError:
        agreed = None  # the session stays as it is
    return leg, message, agreed, changed
