"""A notice as it is signed and kept: its document, and its audio checked against the digests in it.

What callers hear is these bytes (docs/formats/documents.md), so whoever wants to know listens to them, not to the source.
"""

import hashlib
from dataclasses import dataclass

from testigo_vault.documents.archive import DocumentFolder
from testigo_vault.errors import VaultError


@dataclass
class SignedNotice:
    """audio: encoding -> G.711 bytes; digests: encoding -> SHA-256 of them."""

    name: str
    version: int
    language: str
    text: str
    total_ms: int
    audio: dict[str, bytes]
    digests: dict[str, bytes]


def read(documents: DocumentFolder, name: str) -> SignedNotice:
    """Raises NotFound where there is none, Refused where the signature is wrong, VaultError where audio is missing or not
    what was signed."""
    path = documents.notice_path(name)
    document = documents.read(path)
    _, language, text, total_ms, described = document.body
    audio, digests = {}, {}
    for encoding, digest, length in described:
        file = path.parent / f"{name}.{encoding}"
        try:
            data = file.read_bytes()
        except OSError as error:
            raise VaultError(f"{file} cannot be read: {error.strerror}.", _AGAIN.format(name)) from None
        if len(data) != length or hashlib.sha256(data).digest() != digest:
            raise VaultError(f"{file} is not the audio that was signed: its digest differs.", _AGAIN.format(name))
        audio[encoding], digests[encoding] = data, digest
    return SignedNotice(name, document.version, language, text, total_ms, audio, digests)


_AGAIN = "Restore it from the backup, or make it again by `testigo notice make {}`."
