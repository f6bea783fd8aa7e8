"""Sessions that change in mid-call (RFC 3261 section 14, RFC 3311): hold, a new address, somebody else. Loaded with the first."""

from testigo_wire.sip import sdp


def offered(bridge, event, record, now):
    """A re-INVITE or UPDATE: hold, resume, a new address, somebody else. The codec stays.

    -> (leg, message, Agreed or None, whether the hold state changed).
    """
    leg = bridge.leg_of(event.call)
    if leg.agreed is None:
        leg.sip.accept(None, now)
        return leg, event.message, None, False
    encodings = (leg.agreed.encoding,)
    try:
        if event.body is None:  # the offer is left to us: the answer comes with the ACK
            bridge.asked[leg.side] = event.message
            body = leg.endpoint.offer(encodings, leg.agreed.event_type, record=record)
            leg.announced_state = record
            leg.sip.accept(body, now)
            return leg, event.message, leg.agreed, False  # who asks is known, what they answer is not
        body, agreed = leg.endpoint.answer(event.body, encodings=encodings, record=record)
        changed = leg.agree(agreed)
    except sdp.SdpError:
        leg.sip.refuse(488, now)
        return leg, event.message, None, False
    bridge.route(leg)  # keys may have a new payload type: an objection must be heard
    leg.announced_state = record
    leg.sip.accept(body, now)
    return leg, event.message, agreed, changed


def accepted(bridge, event):
    """The answer to an offer of ours; as `offered`."""
    leg = bridge.leg_of(event.call)
    message, agreed, changed = event.message, None, False
    if message is None:  # in the ACK, which says nothing of its sender
        message, bridge.asked[leg.side] = bridge.asked[leg.side], None
    try:
        if event.body:
            agreed = leg.endpoint.accept(event.body)
            changed = leg.agree(agreed)
            bridge.route(leg)
    except sdp.SdpError:
        agreed = None  # the session stays as it is
    return leg, message, agreed, changed
