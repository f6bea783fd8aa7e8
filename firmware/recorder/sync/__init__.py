"""Synchronisation with the vault."""
