"""`testigo show`: show one recording, its events, and the evidence of consent."""

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from testigo_tools.display.recording_data import recording_as_data
from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault

if TYPE_CHECKING:
    from testigo_vault.storage.models import Recording


def show(
    name: str = typer.Argument(..., help="The recording: its id, 6 or more digits of the id, or APPLIANCE/NUMBER."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Show the facts, events and consent of a recording, without opening its audio."""
    from testigo_vault.recordings import wording
    from testigo_vault.recordings.evidence import evidence_of
    from testigo_vault.recordings.search import RecordingIndex

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "view") as attempt:
        recording = RecordingIndex(vault_.database).get(name)
        attempt.recording = recording.id
        attempt.granted()
        evidence = evidence_of(recording)
    if as_json:
        print(json.dumps(recording_as_data(recording, evidence)))
        return
    caller, callee = (escape(wording.party(uri) or "unknown") for uri in (recording.caller, recording.callee))
    console.print(f"[bold]{caller} to {callee}[/]")
    facts = [
        ("Id", recording.id),
        *_times(recording),
        ("Ended", wording.REASONS.get(recording.reason, recording.reason)),
        ("Appliance", f"{recording.device_id}, number {recording.number}"),
        ("Outcome", wording.OUTCOMES.get(recording.outcome, recording.outcome)),
        ("Audio", wording.AUDIO.get(recording.audio, recording.audio)),
        ("Consent", evidence.verdict),
        ("Copies", ", ".join(f"{copy.name}: {copy.result}" for copy in recording.copies)),
        ("Head", recording.head),
    ]
    facts.extend(("Clock", found.text) for found in recording.findings if found.code == "clock")
    facts.extend(
        (wording.SEVERITIES[found.severity], f"{found.code}: {found.text}")
        for found in recording.findings
        if found.severity
    )
    if recording.state == "quarantined":
        facts.append(("Quarantine", recording.why))
    for label, value in facts:
        console.print(f"  {label:<11} {escape(value)}")
    console.print("[bold]What happened[/]")
    for event in recording.events:
        console.print(f"  {wording.clock_time(event.t_ms):>11}  {escape(wording.event(event.name, event.fields))}")


def _times(recording: "Recording") -> list[tuple[str, str]]:
    from testigo_vault.recordings import wording

    clock = wording.clock(recording)
    seconds, ms = divmod(recording.length_ms, 1000)
    length = f"{seconds // 60}:{seconds % 60:02}.{ms:03}"
    if not recording.length_exact:
        length = f"about {length[:-4]}, estimated from the number of audio frames"
    if recording.time_trusted:
        return [("Began", f"{_local(recording.placed_ms)} (clock {clock})"), ("Length", length)]
    after = f"between {_local(recording.earliest_ms)} and" if recording.earliest_ms else "before"
    return [
        ("Began", f"about {_local(recording.placed_ms)}, {after} {_local(recording.latest_ms)}"),
        (
            "Clock",
            f"{clock}; its time was {_local(recording.opened_ms) if recording.opened_ms else 'beyond the year 9999'}",
        ),
        ("Length", length),
    ]


def _local(ms: int) -> str:
    return f"{datetime.datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S %z}"


def register(app: typer.Typer) -> None:
    app.command()(show)
