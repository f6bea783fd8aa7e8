"""Consent receipts: building, signing, verifying, printing."""
