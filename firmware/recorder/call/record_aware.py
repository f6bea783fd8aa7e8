"""Tells telephones that understand it whether the call is recorded: a=record in an offer of our own (RFC 7866 section 6.2).

Loaded where a telephone says that it does (option tag `record-aware`, section 6.1).
"""

from testigo_wire.sip import call as sip_call
from testigo_wire.sip.message import SipError

PENDING = 491


def announce(bridge, record, now, not_before):
    """record: "on", "off" or "paused". not_before: of each leg, as `refused` gives it -> whether all that want it know it."""
    done = True
    for leg in bridge.legs:
        if not leg.aware or leg.told == record or not leg.agreed or leg.sip.state == sip_call.TERMINATED:
            continue
        # On hold an offer might end the hold: told when it is over.
        if leg.held or leg.sip.state != sip_call.CONFIRMED or now < not_before[leg.side]:
            done = False
            continue
        try:
            body = leg.endpoint.offer((leg.agreed.encoding,), leg.agreed.event_type, record=record)
            leg.sip.offer(body, now)
            leg.told = record
        except SipError:
            done = False  # an offer is under way: later
    return done


def refused(leg, status, now, random):
    """The telephone did not take the offer -> when to make it again, or None where it does not want to be told.

    An offer that met one of its own is made again after 2.1 to 4 s by the caller, up to 2 s by the other (RFC 3261 section
    14.1).
    """
    if status != PENDING:
        return None
    leg.told = ""
    wait = int.from_bytes(random(2), "big") * 10
    return now + (2100 + wait % 1910 if leg.sip.outgoing else wait % 2010)
