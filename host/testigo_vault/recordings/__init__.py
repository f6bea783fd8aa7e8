"""Recordings in the vault: reading, indexing, searching, verifying, evidence of consent."""
