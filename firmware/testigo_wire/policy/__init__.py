"""Signed documents, and what a policy decides about a call: line, hours, numbers, consent."""
