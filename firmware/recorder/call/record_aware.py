"""Notifies telephones of the state of recording: a=record in an offer of the appliance (RFC 7866 section 6.2).

Loaded for calls with a telephone that supports it (option tag `record-aware`, section 6.1).
"""

from testigo_wire.sip import call as sip_call
from testigo_wire.sip.message import SipError

PENDING = 491


def notify_state(bridge, record, now, not_before):
    """Offers the state to each leg that supports it and does not have it -> whether none of them is left.

    record: "on", "off" or "paused". not_before: of each leg, as `refused` gives it, in milliseconds.
    """
    done = True
    for leg in bridge.legs:
        if (
            not leg.supports_record_aware
            or leg.announced_state == record
            or not leg.agreed
            or leg.sip.state == sip_call.TERMINATED
        ):
            continue
        # On hold an offer might end the hold: offered when the hold is over.
        if leg.held or leg.sip.state != sip_call.CONFIRMED or now < not_before[leg.side]:
            done = False
            continue
        try:
            body = leg.endpoint.offer((leg.agreed.encoding,), leg.agreed.event_type, record=record)
            leg.sip.offer(body, now)
            leg.announced_state = record
        except SipError:
            done = False  # an offer is under way: later
    return done


def refused(leg, status, now, random):
    """The telephone refused the offer -> when to make it again, in milliseconds, or None: never.

    An offer that crossed one of the telephone's (491) is made again after 2.1 to 4 s by the side that called, within 2 s by
    the other (RFC 3261 section 14.1).
    """
    if status != PENDING:
        return None
    leg.announced_state = ""
    wait = int.from_bytes(random(2), "big") * 10
    return now + (2100 + wait % 1910 if leg.sip.outgoing else wait % 2010)
