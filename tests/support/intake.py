"""Hands a recording to the vault, as the ingest does."""

from testigo_vault.ingest.admission import Intake, Offer


def offer(made, device_id="branch-1"):
    return Offer(device_id, made.number, made.recording_id, len(made.data), made.head)


def take(vault, made, data=None):
    return Intake(vault).take(offer(made), made.data if data is None else data)
