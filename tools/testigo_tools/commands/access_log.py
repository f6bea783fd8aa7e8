"""`testigo log`: print the access log, and check its hash chain."""

from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault

logs = typer.Typer(no_args_is_help=True, help="Check and print the access log.")


@logs.command()
def verify(
    head: str = typer.Option("", help="A digest noted down earlier, which must still be in the log."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check the hash chain of the access log, and name every altered or missing line."""
    with open_vault(vault) as vault_:
        lines, last, breaks = vault_.log.verify()
        missing = bool(head) and not vault_.log.has(head)
    for found in breaks:
        console.print(f"[red]line {found.line}[/] {escape(found.why)}")
    if missing:
        console.print("[red]the digest given is not in this log[/]")
    if breaks or missing:
        raise typer.Exit(1)
    console.print(f"{lines} lines, unbroken. Last digest: {last}", soft_wrap=True)


@logs.command()
def accept(
    reason: str = typer.Option(..., help="Why the log or the index is another one, as: restored the backup of 3 May."),
    head: str = typer.Option(
        "", help="A digest noted down earlier, or in a consent receipt, which must be in the log."
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Take the access log as it is, after the log or the index was restored from a backup. It leaves a line in the log.

    From then on `log verify` compares the log with its last line again. Lines that do not hold are still named.
    """
    from testigo_vault.errors import NotFound

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "log-accept"):
        if head and not vault_.log.has(head):
            raise NotFound("The digest given is not in this log.", "Restore a log that has it.")
        line = vault_.log.accept(current_user(), reason)
    console.print(f"Line {line} of the access log says that the lines before it were taken as they are.")


@logs.command("show")
def show_log(
    recording: str = typer.Option("", help="Only of this recording (its whole id)."),
    user: str = typer.Option("", help="Only of this user."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Print the access log."""
    from testigo_vault.printable import visible

    with open_vault(vault) as vault_:
        for entry in vault_.log.entries(recording):
            if not user or entry.user == user:
                line = f"{entry.n:>6} {entry.at} {entry.user:<20} {entry.outcome:<8} {entry.kind:<14} {entry.recording}"
                console.print(visible(f"{line} {entry.detail}".rstrip()), markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    app.add_typer(logs, name="log")
