"""`testigo list`: list recordings."""

import datetime
import json
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from testigo_tools.options import VAULT_OPTION, console, open_vault


def list_(
    text: str = typer.Argument("", help="Part of a number, a line, an appliance or an id."),
    since: datetime.datetime | None = typer.Option(None, help="From this day on, as 2026-11-25.", formats=["%Y-%m-%d"]),
    until: datetime.datetime | None = typer.Option(None, help="Up to this day, as 2026-11-25.", formats=["%Y-%m-%d"]),
    device: str = typer.Option("", help="Only of this appliance."),
    outcome: str = typer.Option(
        "", help="Only of this outcome: recorded, objected, refused, unrecorded, cut, no-call, test."
    ),
    quarantined: bool = typer.Option(False, help="Only recordings in quarantine."),
    limit: int = typer.Option(100, help="At most this many."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
    vault: Path = VAULT_OPTION,
) -> None:
    """List recordings, newest first, and report missing ones.

    ≈ marks a time that is uncertain since the appliance's clock was, and a length that is estimated since a power cut ended it.
    """
    from testigo_vault.recordings.search import Query, RecordingIndex
    from testigo_vault.recordings.wording import OUTCOMES, party

    with open_vault(vault) as vault_:
        index = RecordingIndex(vault_.database)
        query = Query(text, device, outcome, "quarantined" if quarantined else "", _ms(since), _ms(until, 1), limit)
        rows, total = index.find(query)
        gaps = index.gaps()
    if as_json:
        names = [
            "id",
            "device_id",
            "number",
            "opened_ms",
            "closed_ms",
            "clock",
            "placed_ms",
            "earliest_ms",
            "latest_ms",
            "time_trusted",
            "length_ms",
            "length_exact",
            "line",
            "direction",
            "caller",
            "callee",
            "outcome",
            "audio",
            "state",
            "why",
        ]
        print(json.dumps([{name: getattr(row, name) for name in names} for row in rows]))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Id", "Time", "Appliance", "From", "To", "Length", "Outcome", "Audio"):
        table.add_column(column, no_wrap=column in ("Id", "Time"), justify="right" if column == "Length" else "left")
    for row in rows:
        seconds = row.length_ms // 1000
        result = OUTCOMES.get(row.outcome, row.outcome)
        if row.state == "quarantined":
            result = "[red]in quarantine[/]"
        began = datetime.datetime.fromtimestamp(row.placed_ms / 1000)
        table.add_row(
            row.id[:13],
            began.strftime("%Y-%m-%d %H:%M:%S") + ("" if row.time_trusted else " ≈"),
            escape(f"{row.device_id}/{row.number}"),
            escape(party(row.caller)),
            escape(party(row.callee)),
            ("" if row.length_exact else "≈ ") + f"{seconds // 60}:{seconds % 60:02}",
            result,
            row.audio,
        )
    console.print(table)
    if total > len(rows):
        console.print(f"{total - len(rows)} more: use --limit.")
    for gap in gaps:
        console.print(f"[red]missing:[/] {escape(str(gap))}")


def _ms(day: datetime.datetime | None, later: int = 0) -> int:
    return int((day + datetime.timedelta(days=later)).timestamp() * 1000) if day else 0


def register(app: typer.Typer) -> None:
    app.command("list")(list_)
