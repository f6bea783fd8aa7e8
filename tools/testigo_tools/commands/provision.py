"""`testigo provision`: a device gets its identity, and the documents it works by, over its serial port.

The device makes its private key and proves that it has it; the organisation certifies the public one. Documents are
signed, so they may also come later by `testigo sync` or over the network.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from testigo_tools import terminal
from testigo_tools.commands.diag import fail
from testigo_tools.options import PASSPHRASE
from testigo_tools.serial.port import Port, PortError

CHUNK = 1024
KEY_S = 180  # a chip takes its time over its first key
console = terminal.console()


def proven_key(device: Port) -> tuple[str, bytes]:
    """(device id or "", public key), after the device has signed a challenge with it."""
    from testigo_vault.primitives import HOST, verify
    from testigo_wire.encoding import cbor

    challenge = secrets.token_bytes(32)
    device_id, public, signature = device.request("identify", challenge, limit_s=KEY_S)
    digest = HOST.sha256(cbor.encode(["testigo identify 1", challenge, public]))
    if not verify(public, digest, signature):
        raise PortError("the device does not have the private key of the public key it shows; do not use it")
    return device_id, public


def certify(device: Port, organisation: Any, device_id: str, public: bytes) -> None:
    certificate = organisation.issue_device_certificate(public, device_id)
    device.request(
        "provision", certificate, organisation.ca_der, organisation.operator_public, device_id, limit_s=KEY_S
    )


def push(device: Port, organisation: Any, device_id: str, progress: Progress) -> None:
    """Everything the device lacks: documents and the audio that notices name. Settings come last: they start its work."""
    from testigo_wire.policy.documents import parse

    documents = organisation.documents_for(device_id)
    settings = [document for document in documents if parse(document).kind == "settings"]
    task = progress.add_task("documents", total=sum(map(len, documents)))

    def send(chosen: list[bytes]) -> None:
        for document in chosen:
            device.request("document", document, limit_s=60)
            progress.advance(task, len(document))

    send([document for document in documents if document not in settings])
    blobs = dict(organisation.blobs_for(device_id))
    for name, offset in device.request("wanted"):
        if name not in blobs:
            raise PortError(f"the organisation has no audio {name}: make the notice again")
        send_blob(device, name, blobs[name].read_bytes(), offset, progress)
    send(settings)


def send_blob(device: Port, name: str, data: bytes, offset: int, progress: Progress) -> None:
    task = progress.add_task(name, total=len(data), completed=offset)
    while offset < len(data):
        piece = data[offset : offset + CHUNK]
        try:
            following = device.request("blob", name, offset, piece, offset + len(piece) == len(data), limit_s=60)
        except PortError:
            if name in dict(device.request("wanted")):
                raise
            following = len(data)  # it has come over the network meanwhile
        if following < offset + len(piece):
            raise PortError(f"the device does not take the audio {name}: its digest is another than the notice says")
        offset = following
        progress.update(task, completed=offset)


def bars() -> Progress:
    return Progress(
        TextColumn("{task.description:24}"), BarColumn(), TransferSpeedColumn(), TimeRemainingColumn(), console=console
    )


def provision(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    vault: Path = typer.Option(..., envvar="TESTIGO_VAULT", help="The folder that `testigo init` made."),
    device_id: str = typer.Option(
        "", help="The name of a new device, as branch-7; not needed for one that has a name."
    ),
    settings: Path | None = typer.Option(
        None,
        help="Its network, telephone lines and vault, as TOML; the default is settings.toml in the vault's folder.",
    ),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Give a device its identity, policy and notices; run it again to bring newer documents.

    The organisation's passphrase is asked for, or taken from TESTIGO_PASSPHRASE.
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
            elif public not in organisation.devices.get(present).publics():
                raise PortError(f"{present} belongs to another organisation: erase the device to give it a new one")
            sign_settings(organisation, settings or vault / "settings.toml", device_id or present)
            with bars() as progress:
                push(device, organisation, device_id or present, progress)
            frames, resent, _, bad = device.quality
    except (PortError, VaultError) as error:
        raise fail(error) from None
    console.print(f"Done: {frames} frames sent, {resent} of them again; {bad} damaged ones received.", highlight=False)


def register(app: typer.Typer) -> None:
    app.command()(provision)
