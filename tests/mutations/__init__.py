"""Mutations of the modules on which the law rests: each small change of the code has to make a test fail (ADR 32)."""
