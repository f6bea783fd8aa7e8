"""`testigo sync`: transfer a device's recordings to the vault over its serial port."""

import logging
import ssl
from pathlib import Path

import typer

from testigo_tools import terminal
from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.sync_session import BEGIN_S, hang_up_reason, run_session
from testigo_tools.serial.vault_bridge import HungUp

AWAY_S = 3600  # how long a watched device may be away
console = terminal.console()


def sync(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    vault: Path = typer.Option(..., envvar="TESTIGO_VAULT", help="The folder that `testigo init` made."),
    watch: bool = typer.Option(False, help="Stay connected, and transfer each new recording after its call."),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Transfer a device's recordings to the vault, which verifies and stores them and sends receipts."""
    from testigo_vault.errors import VaultError
    from testigo_vault.vault import Vault
    from testigo_wire.errors import WireError

    logging.getLogger("testigo").setLevel(logging.ERROR)
    failed = False
    try:
        opened = Vault(vault)
        context = opened.organisation.server_context()
        with Port(port, baud) as device:
            waiting = device.request("sync")
            console.print(f"{len(waiting)} recordings on the device.", highlight=False)
            first = True
            while first or watch:
                try:
                    report = run_session(device, opened, context, BEGIN_S if first else None)
                except (HungUp, PortError) as error:
                    if not watch:
                        raise PortError(hang_up_reason(device, error)) from None
                    console.print(f"[yellow]![/] {error}", highlight=False)
                    device.connect(AWAY_S)
                    device.request("sync")
                    continue
                first = False
                for text in report.refused:
                    failed = True
                    console.print(f"[yellow]![/] {text}", highlight=False)
                console.print(f"{report.stored} stored.", highlight=False)
    except ssl.SSLError as error:
        raise terminal.fail(f"the device's certificate or TLS was refused: {error}") from None
    except (PortError, VaultError, WireError) as error:
        raise terminal.fail(error) from None
    except KeyboardInterrupt:
        return
    if failed:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command()(sync)
