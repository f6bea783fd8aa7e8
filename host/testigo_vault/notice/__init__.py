"""Notices: composing, checking, speaking, signing."""
