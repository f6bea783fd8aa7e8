"""RTP (RFC 3550), telephone events (RFC 4733) and G.711."""
