"""What stands in a recording, or in a part of one."""

from testigo_wire.recording.items import AUDIO
from testigo_wire.recording.reader import Reader


def audio(data: bytes) -> list[bytes]:
    """Bytes of the audio items, keys and frames, in a recording that may still be growing."""
    return [item.raw for item in Reader().feed(data) if item.stream == AUDIO]
