"""`testigo objections`: the register of numbers that are never recorded."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from testigo_tools.options import VAULT_OPTION, console, current_user, errors, open_vault

if TYPE_CHECKING:
    from testigo_vault.objections.register import Change, Register

register_verbs = typer.Typer(no_args_is_help=True, help="Manage the numbers that are never recorded.")
REASON = typer.Option("", help="The reason, as: by letter of 3 May.")
NUMBER = typer.Argument(..., help="The number, as +34 600 111 222, or as it is dialled in the policy's country.")


@contextlib.contextmanager
def _register(folder: Path, verb: str) -> Iterator["Register"]:
    from testigo_vault.audit.access_log import DENIED, FAILED
    from testigo_vault.objections.register import Register

    with open_vault(folder) as vault:
        who = current_user()
        outcomes: list[str] = []

        def log(kind: str, outcome: str, detail: str) -> None:
            vault.log.append(who, kind, outcome, detail=detail)
            outcomes.append(outcome)

        try:
            yield Register(vault.organisation, who, log)
        except typer.Exit:
            raise  # the register is as the command says
        except BaseException:
            if DENIED not in outcomes:
                # Without the error's words: they may have a telephone number.
                vault.log.append(who, f"objections-{verb}", FAILED, detail="not done")
            raise


@register_verbs.command()
def add(
    number: str = typer.Argument("", help=NUMBER.help),
    reason: str = REASON,
    file: Path | None = typer.Option(
        None, help="A file of numbers: one on each line, or a CSV with the number first and a reason second."
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Add a number, or a file of numbers. Calls from and to it are connected and not recorded.

    Each appliance applies the list from its next sync on.
    """
    from testigo_vault.errors import VaultError

    with _register(vault, "add") as register:
        if bool(number) == bool(file):
            raise VaultError("Give a number, or --file with many of them.", "`testigo objections add +34600111222`")
        if file:
            _add_file(register, file, reason)
            return
        changed = register.add([(register.number(number), reason)])
    for entry in changed.present:
        console.print(f"{entry.number} is on the list since {entry.added.at} (entry {entry.n}).")
    for entry in changed.added:
        console.print(f"{entry.number} is on the list (entry {entry.n}).")
    _signed(changed.version)


def _add_file(register: "Register", file: Path, reason: str) -> None:
    """Good numbers are entered, wrong ones named; status 1 if there are any."""
    from testigo_vault.errors import VaultError
    from testigo_vault.objections.importer import rows

    wanted = []
    wrong = []
    without = 0
    for row in track(rows(file), "Reading", console=errors, disable=not errors.is_terminal):
        if not row.text:
            without += 1
            continue
        try:
            wanted.append((register.number(row.text), row.reason or reason))
        except VaultError as error:
            wrong.append((row, error))
    with errors.status("Signing"):
        changed = register.add(wanted) if wanted else None
    for row, why in wrong:
        errors.print(f"[red]{escape(file.name)} line {row.line}:[/] {escape(why.message)}")
    console.print(
        f"{len(changed.added) if changed else 0} entered, {len(changed.present) if changed else 0} on the list already, "
        f"{len(wrong)} wrong, {without} lines without a number."
    )
    if changed:
        _signed(changed.version)
    if wrong:
        raise typer.Exit(1)


@register_verbs.command()
def remove(number: str = NUMBER, reason: str = REASON, vault: Path = VAULT_OPTION) -> None:
    """Remove a number from the list, when the person agrees to recording again. The register keeps the history."""
    with _register(vault, "remove") as register:
        entry, version = register.remove(register.number(number), reason)
    console.print(f"{entry.number} is off the list (entry {entry.n}).")
    _signed(version)


@register_verbs.command("list")
def list_entries(
    past: bool = typer.Option(False, "--all", help="Also list numbers that were removed."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
    without_lost: bool = typer.Option(
        False,
        help="Sign the list even if the register has lost numbers of it. Calls of those numbers are recorded again.",
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """List the register. If the signed list differs from the register, it is signed again first."""
    with _register(vault, "list") as register:
        version = register.publish(without_lost)
        entries = register.entries(past)
    if as_json:
        print(json.dumps({"version": version, "entries": [asdict(entry) for entry in entries]}))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Entry", "Number", "Added", "Removed"):
        table.add_column(heading)
    for entry in entries:
        table.add_row(str(entry.n), entry.number, _change(entry.added), _change(entry.removed))
    console.print(table)
    console.print(f"{len(entries)} entries. " + (f"List version {version}." if version else "No list was signed yet."))


@register_verbs.command()
def check(number: str = NUMBER, vault: Path = VAULT_OPTION) -> None:
    """Show whether a number is on the list, and since when, to answer a person's request."""
    with _register(vault, "check") as register:
        wanted = register.number(number)
        found = register.check(wanted)
    if not found:
        console.print(f"{wanted} is not on the list, and never was.")
    for entry in found:
        where = "was on the list" if entry.removed else "is on the list"
        console.print(f"{wanted} {where} (entry {entry.n}): added {_change(entry.added)}", end="")
        console.print(f"; removed {_change(entry.removed)}." if entry.removed else ".")


def _change(change: "Change | None") -> str:
    from testigo_vault.printable import visible

    return (
        escape(visible(f"{change.at} by {change.by}{': ' + change.reason if change.reason else ''}")) if change else ""
    )


def _signed(version: int) -> None:
    console.print(f"List version {version} is signed; appliances get it at their next sync.")


def register(app: typer.Typer) -> None:
    app.add_typer(register_verbs, name="objections")
