"""Encodings: CBOR (RFC 8949), tables that check decoded arrays, and COBS framing."""
