"""`testigo vault`: the service, the index, the register of appliances."""

from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault, report_errors

vaults = typer.Typer(no_args_is_help=True, help="Run the vault's service, rebuild its index, manage its appliances.")


@vaults.command()
def run(
    vault: Path = VAULT_OPTION,
    web: bool = typer.Option(True, help="Serve the web page too."),
    verbose: bool = typer.Option(False, "-v", help="Log more."),
) -> None:
    """Receive recordings from appliances and serve the web page, until Ctrl-C or SIGTERM."""
    import asyncio

    from testigo_vault import service

    def ready(port: int, address: str) -> None:
        print(f"ingest on port {port}" + (f", web page at {address}" if address else ""), flush=True)

    service.set_up_logging(verbose)
    with open_vault(vault) as vault_:
        asyncio.run(service.run(vault_, ready, web))


@vaults.command()
def reindex(
    vault: Path = VAULT_OPTION,
    new_index: bool = typer.Option(
        False,
        "--new-index",
        help="Set a damaged index aside and begin a new one, without accounts, alarms and log anchor.",
    ),
) -> None:
    """Rebuild the index from the copies. All places must be there.

    If the index is damaged, stop the service first. Restore vault.db from the backup, or use --new-index and make the
    accounts again by `testigo user add`.
    """
    from rich.progress import Progress

    from testigo_vault import config
    from testigo_vault.recordings.reindex import reindex as build
    from testigo_vault.storage.database import set_index_aside

    if new_index:
        with report_errors():
            renamed = set_index_aside(config.load(vault).index.url)
        for path in renamed:
            console.print(f"set aside: {path}", markup=False, soft_wrap=True)
        names = " ".join(path.name for path in renamed)
        with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "new-index", detail=names) as attempt:
            attempt.granted()
    with open_vault(vault) as vault_, Progress(console=console, transient=True) as progress:
        task = progress.add_task("Reading the copies", total=None)
        count = build(vault_, lambda done, total: progress.update(task, completed=done, total=total))
    console.print(f"{count} recordings indexed.")


@vaults.command()
def repair(
    names: list[str] | None = typer.Argument(None, help="Recordings to repair; by default all."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Repair copies that are damaged or missing from one that is as it came in.

    A damaged file is renamed, not overwritten. Exit status: 0 all copies are as they came in, 1 some could not be repaired.
    """
    from rich.progress import Progress

    from testigo_vault.recordings.repair import repair as repair_copies
    from testigo_vault.recordings.search import RecordingIndex

    repaired = left = 0
    with open_vault(vault) as vault_:
        absent = vault_.store.absent()
        for error in absent.values():
            left += 1
            console.print(f"[red]not repaired[/] {escape(str(error))}", soft_wrap=True)
        recordings = RecordingIndex(vault_.database).named(names)
        with Progress(console=console, transient=True) as progress:
            for recording in progress.track(recordings, description="Repairing"):
                result = repair_copies(vault_, recording, is_new=True)
                label = f"{recording.device_id}/{recording.number} {recording.id[:13]}"
                for name in result.repaired:
                    repaired += 1
                    progress.console.print(f"{escape(label)}: copy {name} repaired", soft_wrap=True)
                for name, why in result.left.items():
                    if name not in absent:
                        left += 1
                        progress.console.print(
                            f"[red]not repaired[/] {escape(f'{label}: copy {name}: {why}')}", soft_wrap=True
                        )
    if left:
        console.print(f"{len(recordings)} recordings, {repaired} repaired, {left} not.")
        raise typer.Exit(1)
    if repaired:
        console.print(f"{len(recordings)} recordings, {repaired} repaired.")
    else:
        console.print(f"{len(recordings)} recordings, all copies as they came in.")


@vaults.command("accept-place")
def accept_place(
    name: str = typer.Argument(..., help="The name of the copy in vault.toml."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Accept a new or replaced place of copies. `testigo vault repair` then fills it from the others."""
    from testigo_vault.errors import NotFound

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "accept-place", detail=name) as attempt:
        place = next((place for place in vault_.store.places if place.name == name), None)
        if place is None:
            names = ", ".join(vault_.store.names())
            raise NotFound(f"No place is called {name} (known: {names}).", "See [[copies]] in vault.toml.")
        attempt.detail = f"{name}: {place.url}"
        attempt.granted()
        place.accept()
    console.print(f"{name} is a place of this vault. Run `testigo vault repair` to fill it.", markup=False)


@vaults.command()
def devices(vault: Path = VAULT_OPTION) -> None:
    """List the registered appliances."""
    with open_vault(vault) as vault_:
        register_ = vault_.organisation.devices
        for name in register_.names():
            device = register_.get(name)
            state = f"revoked {device.revoked}: {device.reason}" if device.revoked else "admitted"
            console.print(f"{name}  certified {device.issued[-1] if device.issued else '-'}  {state}", markup=False)


@vaults.command()
def revoke(
    device_id: str = typer.Argument(..., help="The appliance's name."),
    reason: str = typer.Option(..., help="The reason, for the register."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Revoke an appliance, as after a theft: it cannot connect any more. Its recordings stay."""
    what = f"{device_id}: {reason}"
    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "revoke-device", detail=what) as attempt:
        vault_.organisation.devices.get(device_id)
        attempt.granted()
        vault_.organisation.devices.revoke(device_id, reason)
    console.print(f"{device_id} is revoked.")


def register(app: typer.Typer) -> None:
    app.add_typer(vaults, name="vault")
