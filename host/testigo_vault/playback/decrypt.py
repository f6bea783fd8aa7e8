"""Opens the audio of a recording in memory with an unlocked audio key. The caller writes the access log first."""

import hashlib

from testigo_vault.errors import AudioErased, KeyLocked, NoAudio, NotFound, StoreError
from testigo_vault.identity.keys import AUDIO_STREAM, StreamKeyOpener
from testigo_vault.playback.timeline import Timeline, TimelineBuilder
from testigo_vault.recordings.reader import read
from testigo_vault.recordings.rows import ERASED, NONE
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault
from testigo_wire.recording import audio_frame_reader
from testigo_wire.recording.items import Item

_CLOCK_TOLERANCE_MS = 10_000  # between RTP time and the device's clock


def unchanged_copy(vault: Vault, recording: Recording) -> bytes:
    """The bytes that came in, from the first copy that is unchanged. Raises StoreError where there is none."""
    errors = []
    for place in vault.store.places:
        try:
            data = place.get(recording.path)
        except (NotFound, StoreError) as error:
            errors.append(str(error))
            continue
        if hashlib.sha256(data).hexdigest() == recording.sha256:
            return data
        errors.append(f"Copy {place.name} was changed.")
    raise StoreError(
        f"No copy of recording {recording.id} is whole. {' '.join(errors)}", "Restore one from a backup, then verify."
    )


def open_audio(vault: Vault, recording: Recording, key: StreamKeyOpener | None) -> Timeline:
    """Decrypt every packet and put it on the timeline. Raises AudioErased, NoAudio, KeyLocked, StoreError."""
    if recording.audio == ERASED:
        raise AudioErased(
            f"The audio of recording {recording.id} was destroyed.", "Its events and consent evidence are still here."
        )
    if recording.audio == NONE:
        raise NoAudio(f"Recording {recording.id} never held audio.", "See its events for the reason.")
    if key is None:
        raise KeyLocked("The audio key is locked.", "Give the audio passphrase.")
    encodings = {
        (event.fields[0], event.fields[2]): event.fields[1] for event in recording.events if event.name == "media"
    }
    builder = TimelineBuilder(encodings, recording.closed_ms - recording.opened_ms + _CLOCK_TOLERANCE_MS)

    def on_item(item: Item) -> None:
        if item.stream == AUDIO_STREAM and item.plaintext is not None:
            for leg, arrival_ms, packet in audio_frame_reader.parse(item.plaintext):
                builder.add(leg, arrival_ms, packet)

    data = unchanged_copy(vault, recording)
    publics = vault.organisation.devices.get(recording.device_id).publics()
    reading = read(data, publics, vault.index_key, key, on_item=on_item)
    recipients = reading.recipients.get(AUDIO_STREAM, [])
    if key.key_id not in recipients:
        names = ", ".join(recipient.hex() for recipient in recipients) or "nobody"
        raise KeyLocked(
            f"The audio of recording {recording.id} is sealed to another key ({names}).", "Use that key's passphrase."
        )
    broken = [found for found in reading.findings if found.code in ("keys", "frame", "content")]
    if broken:
        raise StoreError(
            f"The audio of recording {recording.id} does not open: {broken[0].text} (item {broken[0].item}).",
            "Run `testigo verify --deep` on it.",
        )
    return builder.build()
