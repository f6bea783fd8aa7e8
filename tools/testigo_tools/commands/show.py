"""`testigo show`: show one recording, its events, and the evidence of consent."""

import datetime
import json
from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.display.recording_data import recording_as_data
from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault


def show(
    name: str = typer.Argument(..., help="The recording: its id, 6 or more digits of the id, or APPLIANCE/NUMBER."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Show the facts, events and consent of a recording, without opening its audio."""
    from testigo_vault.recordings import wording
    from testigo_vault.recordings.evidence import evidence_of
    from testigo_vault.recordings.search import RecordingIndex

    with open_vault(vault) as vault_:
        recording = RecordingIndex(vault_.database).get(name)
        vault_.log.append(current_user(), "view", "granted", recording.id)
        evidence = evidence_of(recording)
    if as_json:
        print(json.dumps(recording_as_data(recording, evidence)))
        return
    began = datetime.datetime.fromtimestamp(recording.opened_ms / 1000).astimezone()
    caller, callee = (escape(wording.party(uri) or "unknown") for uri in (recording.caller, recording.callee))
    console.print(f"[bold]{caller} to {callee}[/]")
    facts = [
        ("Id", recording.id),
        ("Began", f"{began:%Y-%m-%d %H:%M:%S %z} (clock {wording.CLOCKS.get(recording.clock)})"),
        ("Ended", wording.REASONS.get(recording.reason, recording.reason)),
        ("Appliance", f"{recording.device_id}, number {recording.number}"),
        ("Outcome", wording.OUTCOMES.get(recording.outcome, recording.outcome)),
        ("Audio", wording.AUDIO.get(recording.audio, recording.audio)),
        ("Consent", evidence.verdict),
        ("Copies", ", ".join(f"{copy.name}: {copy.result}" for copy in recording.copies)),
        ("Head", recording.head),
    ]
    if recording.state == "quarantined":
        facts.append(("Quarantine", recording.why))
    for label, value in facts:
        console.print(f"  {label:<11} {escape(value)}")
    console.print("[bold]What happened[/]")
    for event in recording.events:
        console.print(f"  {wording.clock_time(event.t_ms):>11}  {escape(wording.event(event.name, event.fields))}")


def register(app: typer.Typer) -> None:
    app.command()(show)
