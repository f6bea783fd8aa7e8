"""Responses that refuse a request (RFC 3261 section 8.2). Loaded for the first one."""

from testigo_wire.sip.body import SDP
from testigo_wire.sip.message import ALLOW, EXTENSIONS, REASONS, SipError, complete_via, response
from testigo_wire.sip.timers import MIN_SE


def error_response(message, error, tag):
    """The response that a SipError asks for."""
    status = error.status
    answer = response(message, status, tag, REASONS.get(status, error.reason))
    if status == 405:
        answer.add("allow", ALLOW)
    elif status == 415:
        answer.add("accept", SDP)
    elif status == 420:
        for value in message.all("require"):
            if value.lower() not in EXTENSIONS:
                answer.add("unsupported", value)
    elif status == 422:
        answer.add("min-se", str(MIN_SE))
    elif status in (500, 503):
        answer.add("retry-after", str(error.retry_after))
    return answer


def to_malformed(message, source, error, tag):
    """(response, target) for a request that could not be read, None unless it has what a response needs (8.2.6)."""
    for name in ("via", "from", "to", "call-id", "cseq"):
        if not message.get(name):
            return None
    try:
        target = complete_via(message, source)
    except SipError:
        return None
    return error_response(message, error, tag), target
