"""Bodies of requests: a session description alone, or beside others in a multipart body (RFC 3261 section 8.2.3, RFC 5621).

Telephones send multipart bodies where they say their location in an emergency call (RFC 6442).
"""

from testigo_wire.sip.message import SipError, parameters, split

SDP = "application/sdp"


def keep_sdp(message):
    """Leave the session description as the body. Raises a SipError of status 415 for a body that has none."""
    if not message.body:
        return
    parts = split(message.get("content-type", ""), ";")
    kind = parts[0].lower()
    if message.get("content-encoding", "identity").lower() != "identity":
        raise SipError("encoded body", 415)
    if kind.startswith("multipart/"):
        message.body = _sdp_part(message.body, parameters(parts[1:]).get("boundary", ""))
        message.set("content-type", SDP)
    elif kind != SDP:
        raise SipError("not SDP", 415)


def _sdp_part(body, boundary):
    # RFC 2046 section 5.1.1
    for part in body.split(b"--" + boundary.encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        if b"application/sdp" in head.lower():
            return content[:-2] if content.endswith(b"\r\n") else content
    raise SipError("no SDP among the parts", 415)
