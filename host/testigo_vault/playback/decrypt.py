"""Opens the audio of a recording in memory with an unlocked audio key. The caller writes the access log first."""

import hashlib

from testigo_vault.errors import AudioErased, KeyLocked, NoAudio, NotFound, Refused, StoreError
from testigo_vault.identity.keys import AUDIO_STREAM, StreamKeyOpener
from testigo_vault.playback.timeline import Timeline, TimelineBuilder
from testigo_vault.recordings.judge import judge, keep
from testigo_vault.recordings.reader import Reading, read
from testigo_vault.recordings.rows import ERASED, GOOD, NONE, POWER_LOSS
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault
from testigo_wire.recording import audio_frame_reader
from testigo_wire.recording.item_parser import Item


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
    """Decrypt every packet and put it on the timeline. Raises AudioErased, NoAudio, KeyLocked, StoreError, Refused.

    Frames that do not open are left out and counted; StoreError where no frame opens. Refused where the times of the packets
    show now that a recording which was good is unlawful: it goes into quarantine.
    """
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
    reader = _AudioReader(TimelineBuilder(encodings))
    data = unchanged_copy(vault, recording)
    publics = vault.organisation.devices.get(recording.device_id).publics()
    reading = read(data, publics, vault.index_key, key, on_item=reader.on_item)
    recipients = reading.recipients.get(AUDIO_STREAM, [])
    if key.key_id not in recipients:
        names = ", ".join(recipient.hex() for recipient in recipients) or "nobody"
        raise KeyLocked(
            f"The audio of recording {recording.id} is sealed to another key ({names}).", "Use that key's passphrase."
        )
    if reader.damaged and not reader.opened:
        broken = next(
            found for found in [*reading.findings, *reading.torn] if found.code in ("keys", "frame", "content")
        )
        raise StoreError(
            f"The audio of recording {recording.id} does not open: {broken.text} (item {broken.item}).",
            "Run `testigo verify --deep` on it.",
        )
    _check_times(vault, recording, reading)
    return reader.timeline(recording.reason == POWER_LOSS)


def _check_times(vault: Vault, recording: Recording, reading: Reading) -> None:
    judge(vault, reading, recording.path)
    keep(vault, recording, reading)
    if reading.unlawful and recording.state == GOOD:
        raise Refused(
            f"Recording {recording.id} is unlawful, as its sound shows: {reading.unlawful[0].text}.",
            "It is in quarantine now. `testigo export --quarantined` on the vault itself opens it, and logs that.",
        )


class _AudioReader:
    """Puts the packets of every audio frame that opens on the timeline, and counts the frames that do not."""

    def __init__(self, builder: TimelineBuilder) -> None:
        self._builder = builder
        self.opened = self.damaged = 0
        self._damaged_at_end = 0

    def on_item(self, item: Item) -> None:
        if item.event is not None:
            self._builder.event(item.event[1])
        elif item.stream == AUDIO_STREAM and item.kind == "frame":
            try:
                packets = audio_frame_reader.parse(item.plaintext or b"")
            except audio_frame_reader.AudioFrameError:
                self.damaged += 1
                self._damaged_at_end += 1
                return
            self.opened += 1
            self._damaged_at_end = 0
            for leg, arrival_ms, packet in packets:
                self._builder.add(leg, arrival_ms, packet)

    def timeline(self, power_loss: bool) -> Timeline:
        self._builder.damaged_frames(self.damaged, power_loss and self.damaged == self._damaged_at_end)
        return self._builder.build()
