"""Tells telephones that understand it whether the call is recorded: a=record in an offer of our own (RFC 7866 section 6.2).

Loaded where a telephone says that it does (option tag `record-aware`, section 6.1).
"""

from testigo_wire import sip_call
from testigo_wire.sip_message import SipError


def announce(bridge, record, now):
    """record: "on", "off" or "paused" -> whether all that want it know it."""
    done = True
    for leg in bridge.legs:
        if not leg.aware or leg.told == record or not leg.agreed or leg.sip.state != sip_call.CONFIRMED:
            continue
        if leg.held:
            done = False  # an offer might end the hold: told when it is over
            continue
        try:
            body = leg.endpoint.offer((leg.agreed.encoding,), leg.agreed.event_type, record=record)
            leg.sip.offer(body, now)
            leg.told = record
        except SipError:
            done = False  # an offer is under way: later
    return done
