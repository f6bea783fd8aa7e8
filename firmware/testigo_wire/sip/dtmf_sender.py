"""Keys by SIP INFO, as a telephone sends them. The appliance sends none, so this is not on it."""


def key_body(digit, duration_ms=160):
    """The body of an INFO, application/dtmf-relay."""
    return ("Signal=%s\r\nDuration=%d\r\n" % (digit, duration_ms)).encode()


def send_key(call, digit, now, duration_ms=160):
    """Send a key in a call. Raises SipError before it is answered and after it has ended."""
    call._check_allowed("offer")
    call._request("INFO", now, "application/dtmf-relay", key_body(digit, duration_ms))
