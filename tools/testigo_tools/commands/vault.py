"""`testigo vault`: the service, the index, the register of appliances."""

from pathlib import Path

import typer

from testigo_tools.options import VAULT_OPTION, console, current_user, open_vault

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
def reindex(vault: Path = VAULT_OPTION) -> None:
    """Rebuild the index from the copies."""
    from rich.progress import Progress

    from testigo_vault.recordings.reindex import reindex as build

    with open_vault(vault) as vault_, Progress(console=console, transient=True) as progress:
        task = progress.add_task("Reading the copies", total=None)
        count = build(vault_, lambda done, total: progress.update(task, completed=done, total=total))
    console.print(f"{count} recordings indexed.")


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
    with open_vault(vault) as vault_:
        vault_.log.append(current_user(), "revoke-device", "granted", detail=f"{device_id}: {reason}")
        vault_.organisation.devices.revoke(device_id, reason)
    console.print(f"{device_id} is revoked.")


def register(app: typer.Typer) -> None:
    app.add_typer(vaults, name="vault")
