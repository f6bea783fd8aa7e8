"""Consent: the notice, its answer, the commands of the worker, and who takes part in the call."""
