"""Provisioning a device over its serial port: identity, certificate, documents and the audio of notices.

The device makes its private key and proves that it holds it by signing a challenge; the organisation certifies the
public key. Documents are signed, so the way that they travel is not trusted.
"""

import secrets
from typing import Any

from rich.progress import Progress

from testigo_tools.serial.port import Port, PortError

CHUNK = 1024
KEY_S = 180  # seconds: a chip needs a minute and more to make its first key


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
    from testigo_vault.documents.archive import documents_of
    from testigo_wire.policy.documents import parse

    folder = documents_of(organisation)
    documents = folder.documents_for(device_id)
    settings = [document for document in documents if parse(document).kind == "settings"]
    task = progress.add_task("documents", total=sum(map(len, documents)))

    def send(chosen: list[bytes]) -> None:
        for document in chosen:
            device.request("document", document, limit_s=60)
            progress.advance(task, len(document))

    send([document for document in documents if document not in settings])
    blobs = dict(folder.blobs_for(device_id))
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
