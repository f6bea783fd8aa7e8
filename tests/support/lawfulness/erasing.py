"""Signed records of erasing, as a vault makes them."""

from testigo_vault.recordings import erasures
from testigo_vault.recordings.indexing import Indexer
from testigo_wire.recording.items import AUDIO
from testigo_wire.recording.reader import Reader


def record_of(vault, data, device_id="branch-1"):
    """That all audio of this recording was erased."""
    indices = [item.index for item in Reader().feed(data) if item.stream == AUDIO]
    return erasures.record_of_audio(vault, Indexer(vault).read(data, device_id), indices, "a test")


def keep_record(vault, recording, data):
    erasures.put(vault, recording.path, record_of(vault, data, recording.device_id))
