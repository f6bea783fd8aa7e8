"""`testigo provision`: give a device its identity and its documents over its serial port.

The device makes its private key and proves that it has it; the organisation certifies the public one. Documents are
signed, so they may also come later by `testigo sync` or over the network.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from testigo_tools import terminal
from testigo_tools.options import PASSPHRASE
from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.provisioning import certify, proven_key, push

if TYPE_CHECKING:
    from testigo_vault.identity.organisation import Organisation

console = terminal.console()


def certified(organisation: "Organisation", device_id: str, public: bytes) -> bool:
    """Whether this organisation has certified the device's key under that name."""
    from testigo_vault.errors import NotFound

    try:
        return public in organisation.devices.get(device_id).publics()
    except NotFound:
        return False


def provision(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    vault: Path = typer.Option(..., envvar="TESTIGO_VAULT", help="The folder that `testigo init` made."),
    device_id: str = typer.Option(
        "", help="The name of a new device, as branch-7. A provisioned device keeps its name."
    ),
    settings: Path | None = typer.Option(
        None,
        help="The device's network, telephone lines and vault, as TOML; by default settings.toml in the vault's folder.",
    ),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Give a device its identity, settings, policy and notices. Run it again to send newer documents.

    The organisation's passphrase is read from the terminal, or taken from TESTIGO_PASSPHRASE.
    """
    from testigo_vault.documents.signing import sign_settings
    from testigo_vault.errors import VaultError
    from testigo_vault.identity.organisation import Organisation

    try:
        organisation = Organisation(vault)
        with Port(port, baud) as device:
            with console.status("The device proves its key (a chip takes some seconds the first time)"):
                present, public = proven_key(device)
            if not present:
                if not device_id:
                    raise PortError("this device has no name yet: give it one with --device-id")
                organisation.unlock(
                    os.environ.get(PASSPHRASE) or typer.prompt("The organisation's passphrase", hide_input=True)
                )
                with console.status("Certifying"):
                    certify(device, organisation, device_id, public)
                console.print(f"{device_id} is provisioned.", highlight=False)
            elif device_id and device_id != present:
                raise PortError(f"this device is {present} already; a device keeps its name")
            elif not certified(organisation, present, public):
                raise PortError(f"{present} belongs to another organisation: erase the device to give it a new one")
            sign_settings(organisation, settings or vault / "settings.toml", device_id or present)
            with terminal.transfer_progress() as progress:
                push(device, organisation, device_id or present, progress)
            frames, resent, _, bad = device.quality
    except (PortError, VaultError) as error:
        raise terminal.fail(error) from None
    console.print(f"Done: {frames} frames sent, {resent} of them again; {bad} damaged ones received.", highlight=False)


def register(app: typer.Typer) -> None:
    app.command()(provision)
