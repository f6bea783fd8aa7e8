"""SIP (RFC 3261) and SDP (RFC 8866) without I/O."""
