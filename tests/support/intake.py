"""Hands a recording to the vault, as the ingest does."""

from testigo_vault.ingest.admission import Admission
from testigo_vault.recordings.indexing import Offer


def offer(made, device_id="branch-1"):
    return Offer(device_id, made.number, made.recording_id, len(made.data), made.head)


def take(vault, made, data=None, device_id="branch-1"):
    return Admission(vault).admit(offer(made, device_id), made.data if data is None else data)
