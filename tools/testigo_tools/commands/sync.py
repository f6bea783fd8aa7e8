"""`testigo sync --port`: brings a device's recordings into the vault over its serial port."""

import logging
import ssl
from pathlib import Path
from typing import Any

import typer
from rich.progress import Progress, TaskID

from testigo_tools import terminal
from testigo_tools.commands.diag import fail
from testigo_tools.commands.provision import bars
from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.vault_bridge import HungUp, serve

BEGIN_S = 60
AWAY_S = 3600  # how long a watched device may be away
console = terminal.console()


class Report:
    """Events of a session as progress bars; counts what came of them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[int, TaskID] = {}
        self.stored = 0
        self.refused: list[str] = []

    def __call__(self, event: tuple) -> None:
        name, *values = event
        if name == "offer":
            number, size, offset = values
            if number not in self._tasks:
                self._tasks[number] = self._progress.add_task(f"recording {number}", total=size)
            self._progress.update(self._tasks[number], completed=offset)
        elif name == "data":
            self._progress.update(self._tasks[values[0]], completed=values[1])
        elif name == "stored" and not values[1]:
            self.stored += 1
        elif name in ("stored", "refused"):
            who = "the device does not take the receipt" if name == "stored" else "refused"
            self.refused.append(f"recording {values[0]}: {who}: {values[1]}")
        elif name == "document" and values[0]:
            self.refused.append(f"a document: the device refused it: {values[0]}")


def one_session(device: Port, vault: Any, context: ssl.SSLContext, begin_s: float | None) -> Report:
    from testigo_vault.identity.organisation import now_ms
    from testigo_vault.ingest.admission import Admission
    from testigo_vault.ingest.server import DeviceAdapter

    admission = Admission(vault)
    with bars() as progress:
        report = Report(progress)
        admit = vault.organisation.devices.admit
        serve(device, context, admit, lambda name: DeviceAdapter(vault, admission, name), now_ms, report, begin_s)
    return report


def why(device: Port, error: Exception) -> str:
    """The device knows best why it hung up."""
    try:
        return f"{error}; it says: {device.request('diag')['sync'][0]}"
    except PortError:
        return str(error)


def sync(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    vault: Path = typer.Option(..., envvar="TESTIGO_VAULT", help="The folder that `testigo init` made."),
    watch: bool = typer.Option(False, help="Stay, and take each new recording as it is closed."),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Take a device's recordings into the vault, verify and store them, and give receipts."""
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
                    report = one_session(device, opened, context, BEGIN_S if first else None)
                except (HungUp, PortError) as error:
                    if not watch:
                        raise PortError(why(device, error)) from None
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
        raise fail(f"the device's certificate or TLS was refused: {error}") from None
    except (PortError, VaultError, WireError) as error:
        raise fail(error) from None
    except KeyboardInterrupt:
        return
    if failed:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command()(sync)
