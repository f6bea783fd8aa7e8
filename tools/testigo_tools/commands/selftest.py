"""`testigo selftest`: let a device record a test sound, show the time of each step, and transfer it on request."""

import ssl
from pathlib import Path
from typing import Any

import typer
from rich.progress import Progress
from rich.table import Table

from testigo_tools import terminal
from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.sync_session import BEGIN_S, hang_up_reason, run_session
from testigo_tools.serial.vault_bridge import HungUp

STEP_S = 120  # the longest silence between two signs of progress: a chip's first keys
console = terminal.console()


def run_on(device: Port, seconds: int, source: str) -> list[list[Any]]:
    """[[step, value, unit], ...] as the device measured them."""
    with Progress(console=console) as progress:
        task = progress.add_task("The device records a test", total=100)
        steps = device.request(
            "selftest",
            seconds,
            source,
            limit_s=STEP_S + seconds,
            more=lambda percent: progress.update(task, completed=percent),
        )
        progress.update(task, completed=100)
    return steps


def show(steps: list[list[Any]]) -> None:
    table = Table("step", "cost", "")
    table.columns[1].justify = "right"
    for step, value, unit in steps:
        table.add_row(str(step), str(value), str(unit))
    console.print(table)


def in_vault(vault: Any, device: Port, steps: list[list[Any]]) -> bool:
    """Whether the vault has the test's recording already: a device with a network brings it there by itself."""
    from testigo_vault.errors import NotFound
    from testigo_vault.recordings.search import RecordingIndex

    number = next(value for step, value, _ in steps if step == "recording")
    try:
        RecordingIndex(vault.database).get(f"{device.diagnose()['device_id']}/{number}")
    except NotFound:
        return False
    return True


def selftest(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    seconds: int = typer.Option(5, min=1, max=60, help="How long to record."),
    source: str = typer.Option("tone", help="tone, or the name of a WAV file in the device's storage."),
    vault: Path | None = typer.Option(
        None, envvar="TESTIGO_VAULT", help="The vault's folder: also transfer the recording there."
    ),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Run a device's self-test: it records a test sound, encrypts and stores it, and with --vault transfers it."""
    from testigo_vault.errors import VaultError
    from testigo_wire.errors import WireError

    try:
        with Port(port, baud) as device:
            steps = run_on(device, seconds, source)
            show(steps)
            if vault:
                from testigo_vault.vault import Vault

                opened = Vault(vault)
                device.request("sync")
                try:
                    report = run_session(device, opened, opened.organisation.server_context(), BEGIN_S)
                except HungUp as error:
                    raise PortError(hang_up_reason(device, error)) from None
                for text in report.refused:
                    console.print(f"[yellow]![/] {text}", highlight=False)
                console.print(f"{report.stored} stored.", highlight=False)
                if report.refused or not (report.stored or in_vault(opened, device, steps)):
                    raise PortError("the recording did not reach the vault")
    except ssl.SSLError as error:
        raise terminal.fail(f"the device's certificate or TLS was refused: {error}") from None
    except (PortError, VaultError, WireError) as error:
        raise terminal.fail(error) from None


def register(app: typer.Typer) -> None:
    app.command()(selftest)
