"""Cryptography over the primitives that the runtime brings: P-256, ECDSA, HPKE, AES-GCM, HKDF, SFrame."""
