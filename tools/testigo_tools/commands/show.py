"""`testigo show`: one recording, what happened in it, and the evidence of consent."""

import dataclasses
import datetime
import json
from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault


def show(
    name: str = typer.Argument(..., help="Its id, 6 or more digits of it, or APPLIANCE/NUMBER."),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Tell what a recording holds, without opening its audio."""
    from testigo_vault.recordings import wording
    from testigo_vault.recordings.evidence import evidence_of
    from testigo_vault.recordings.search import RecordingIndex

    with open_vault(vault) as vault_:
        recording = RecordingIndex(vault_.database).get(name)
        vault_.log.append(current_user(), "view", "granted", recording.id)
        evidence = evidence_of(recording)
    if as_json:
        print(json.dumps(as_data(recording, evidence)))
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


def as_data(recording, evidence) -> dict:
    """Everything about a recording but its audio, for programs."""
    columns = {column.name: getattr(recording, column.name) for column in recording.__table__.columns}
    columns["events"] = [[event.name, event.t_ms, *event.fields] for event in recording.events]
    columns["copies"] = {copy.name: copy.result for copy in recording.copies}
    columns["findings"] = [[found.code, found.item, found.text] for found in recording.findings]
    columns["evidence"] = dataclasses.asdict(evidence) | {"verdict": evidence.verdict}
    return columns


def register(app: typer.Typer) -> None:
    app.command()(show)
