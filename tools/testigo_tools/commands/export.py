"""`testigo export`: write the audio of a recording as a WAV file, with its evidence."""

import json
from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.display.recording_data import recording_as_data
from testigo_tools.new_file import write_new
from testigo_tools.options import AUDIO_PASSPHRASE, VAULT_OPTION, ask_passphrase, console, current_user, open_vault


def export(
    name: str = typer.Argument(..., help="The recording: its id, 6 or more digits of the id, or APPLIANCE/NUMBER."),
    out: Path | None = typer.Argument(None, help="The WAV file to write; by default the id with .wav."),
    raw: bool = typer.Option(False, help="Also write each leg's G.711 bytes, as they were on the wire."),
    as_json: bool = typer.Option(False, "--json", help="Also write events and consent evidence."),
    quarantined: bool = typer.Option(False, help="Open a recording although it is in quarantine."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Write a recording as a stereo WAV file (left: near, right: far) on the timeline of the call.

    It needs the audio passphrase, from the terminal or from TESTIGO_AUDIO_PASSPHRASE, and leaves an entry in the access log.
    """
    from testigo_vault.errors import Refused
    from testigo_vault.playback.decrypt import open_audio
    from testigo_vault.playback.timeline import LEG_NAMES
    from testigo_vault.recordings import wording
    from testigo_vault.recordings.evidence import evidence_of
    from testigo_vault.recordings.rows import QUARANTINED
    from testigo_vault.recordings.search import RecordingIndex

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "export") as attempt:
        recording = RecordingIndex(vault_.database).get(name)
        attempt.recording = recording.id
        if recording.state == QUARANTINED and not quarantined:
            raise Refused(
                f"Recording {recording.id} is in quarantine: {recording.why}", "Add --quarantined if you must."
            )
        passphrase = ask_passphrase(AUDIO_PASSPHRASE, "Audio passphrase") if recording.audio == "present" else ""
        key = vault_.organisation.audio_key(passphrase) if passphrase else None
        if key is not None:
            attempt.detail = "in quarantine" if quarantined else ""
            attempt.granted()
        timeline = open_audio(vault_, recording, key)
        target = out or Path(f"{recording.id}.wav")
        written = [write_new(target, timeline.wav_pieces())]
        if raw:
            suffixes = {"PCMU": "ul", "PCMA": "al"}
            for number, leg_name in enumerate(LEG_NAMES):
                suffix = suffixes.get(timeline.legs[number].encoding, "raw")
                written.append(write_new(target.with_suffix(f".{leg_name}.{suffix}"), timeline.raw[number]))
        if as_json:
            data = recording_as_data(recording, evidence_of(recording))
            written.append(write_new(target.with_suffix(".json"), json.dumps(data, indent=1).encode()))
    for path in written:
        console.print(f"{path}  {path.stat().st_size} bytes", markup=False)
    for one in timeline.not_played:
        side = "" if one.leg is None else f"{LEG_NAMES[one.leg]}: "
        console.print(f"[yellow]{escape(side + wording.not_played(one.why, one.count, one.detail))}[/]")


def register(app: typer.Typer) -> None:
    app.command()(export)
